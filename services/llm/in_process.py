"""The model port without a model or a network: a scripted model in this process."""

import asyncio
import math
from datetime import timedelta
from typing import Final

from contracts.failure import REMEDY, FailureKind
from contracts.usage import Usage
from services.errors import StepError
from services.llm.base import ModelReply, ModelRequest, OnText, Receipt
from services.llm.scripted.calls import Call, Outcome
from services.llm.scripted.from_schema import answer_from_schema
from services.llm.scripted.protocol import chunks_of
from services.llm.scripted.respondent import Answer, Respondent, Response
from services.llm.scripted.script import Fault, Script
from services.llm.streaming import Chunk, Reception

BEFORE_TEXT: Final[dict[Fault | None, FailureKind]] = {
    Fault.HTTP_500: FailureKind.UNAVAILABLE,
    Fault.HTTP_503_RETRY_AFTER: FailureKind.UNAVAILABLE,
    Fault.HTTP_429_RETRY_AFTER: FailureKind.RATE_LIMITED,
    Fault.HTTP_429_QUOTA: FailureKind.QUOTA,
    Fault.HTTP_401: FailureKind.DENIED,
    Fault.HTTP_404_MODEL: FailureKind.DENIED,
    Fault.HTTP_400_CONTEXT: FailureKind.TOO_LARGE,
    Fault.RESET: FailureKind.UNAVAILABLE,
    Fault.HTML: FailureKind.MALFORMED,
}
"""What the faults mean that leave no answer."""

_DROPPING: Final = frozenset({Fault.RESET, Fault.CUT_STREAM})
_TELLING_TO_WAIT: Final = frozenset({Fault.HTTP_503_RETRY_AFTER, Fault.HTTP_429_RETRY_AFTER})


class ScriptedModel:
    """Answers and fails as the scripted server does, by the same script, over no connection."""

    def __init__(
        self,
        answer: Answer = answer_from_schema,
        script: Script | None = None,
        *,
        waits: bool = True,
    ) -> None:
        """Make a model.

        Args:
            answer: gives good answers.
            script: which calls are answered otherwise.
            waits: False to let no time pass: delays are skipped, and a call that would time out
                does so at once. For rehearsals, which meet every fault of every step.
        """
        self._respondent = Respondent(answer, script)
        self._waits = waits

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls so far."""
        return self._respondent.log.calls

    def perform(self, script: Script) -> None:
        """Use another script from now on."""
        self._respondent.perform(script)

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Ask once.

        Raises:
            StepError: as the port says.
        """
        response = self._respondent.respond(request.work, request.messages, request.answer_schema)
        reception = Reception(request)
        outcome = Outcome.DROPPED if response.fault in _DROPPING else Outcome.LEFT
        try:
            await self._answer_in_time(request, response, reception, on_text)
            outcome = Outcome.ANSWERED
        finally:
            self._respondent.log.close(response.call, outcome)
        return reception.reply()

    async def _answer_in_time(
        self, request: ModelRequest, response: Response, reception: Reception, on_text: OnText
    ) -> None:
        deadline = asyncio.timeout(request.timeout_seconds)
        try:
            async with deadline:
                await self._pause(response.delay_seconds, request.timeout_seconds)
                await self._answer(request, response, reception, on_text)
        except TimeoutError as error:
            if self._waits and not deadline.expired():
                raise
            raise failure_of(FailureKind.TIMED_OUT, response, reception.usage()) from error

    async def _answer(
        self, request: ModelRequest, response: Response, reception: Reception, on_text: OnText
    ) -> None:
        if response.fault in BEFORE_TEXT:
            raise failure_of(BEFORE_TEXT[response.fault], response)
        if response.fault is Fault.HANG:
            await self._pause(math.inf, request.timeout_seconds)
        await self._say(request, response, reception, on_text)

    async def _say(
        self, request: ModelRequest, response: Response, reception: Reception, on_text: OnText
    ) -> None:
        """Say it in pieces, and break off where the fault says so."""
        for chunk in chunks_of(response, request.model):
            text = reception.take(Chunk.model_validate(chunk))
            if text:
                await on_text(text)
        if response.fault is Fault.STALL:
            await self._pause(math.inf, request.timeout_seconds)
        if response.fault is Fault.CUT_STREAM:
            spent = reception.usage() if reception.text else None
            raise failure_of(FailureKind.UNAVAILABLE, response, spent)

    async def _pause(self, seconds: float, limit_seconds: int) -> None:
        if self._waits:
            # What is longer than the limit is cut off by it.
            await asyncio.sleep(min(seconds, limit_seconds + 1))
        elif seconds > limit_seconds:
            raise TimeoutError


def failure_of(kind: FailureKind, response: Response, usage: Usage | None = None) -> StepError:
    """Fail as the script says."""
    told = response.fault in _TELLING_TO_WAIT
    return StepError(
        kind,
        f"the scripted model fails as its script says ({response.fault}): {REMEDY[kind]}",
        retry_after=timedelta(milliseconds=response.retry_after_ms) if told else None,
        usage=usage,
        may_have_paid=kind is FailureKind.TIMED_OUT or response.fault in _DROPPING,
    )
