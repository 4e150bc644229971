"""The scripted model in this process, answering in the background as some endpoints do."""

import asyncio
import math
import time
from dataclasses import replace

from contracts.failure import FailureKind
from services.errors import FlowError, ForgottenError, StepError
from services.llm.base import ModelReply, ModelRequest, OnText, Receipt
from services.llm.in_process import BEFORE_TEXT, ScriptedModel, failure_of
from services.llm.scripted.calls import Outcome
from services.llm.scripted.from_schema import answer_from_schema
from services.llm.scripted.protocol import HALVED
from services.llm.scripted.respondent import Answer, Response
from services.llm.scripted.responses import Kept, KeptResponses
from services.llm.scripted.script import Fault, Script
from services.llm.streaming import Reception


class BackgroundScriptedModel(ScriptedModel):
    """Goes on with an answer when whoever asked is gone. What it keeps goes with its process."""

    def __init__(
        self,
        answer: Answer = answer_from_schema,
        script: Script | None = None,
        *,
        waits: bool = True,
    ) -> None:
        """Make a model; see `ScriptedModel`."""
        super().__init__(answer, script, waits=waits)
        self._kept = KeptResponses()

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Ask once, or fetch what the receipt names.

        Raises:
            StepError: as the port says.
        """
        kept = receipt or Receipt.nobodys()
        fetches, reception = bool(kept.response), Reception(request)
        deadline = asyncio.timeout(request.timeout_seconds)
        try:
            async with deadline:
                work = self._fetch if fetches else self._begin
                await work(request, reception, on_text, kept)
        except TimeoutError as error:
            if self._waits and not deadline.expired():
                raise
            if fetches:
                self._cancel(kept)
            raise StepError(
                FailureKind.TIMED_OUT,
                "the scripted model is late",
                usage=reception.usage(),
                may_have_paid=True,
            ) from error
        except asyncio.CancelledError:
            if await kept.is_abandoned():
                self._cancel(kept)
            raise
        return reception.reply()

    async def _begin(
        self, request: ModelRequest, reception: Reception, on_text: OnText, receipt: Receipt
    ) -> None:
        response = self._respondent.respond(request.work, request.messages, request.answer_schema)
        outcome = Outcome.LEFT
        try:
            if response.fault in BEFORE_TEXT:
                outcome = Outcome.DROPPED if response.fault is Fault.RESET else Outcome.ANSWERED
                raise failure_of(BEFORE_TEXT[response.fault], response)
            await self._keep(response, request, receipt)
            endless = response.fault is Fault.HANG
            await self._pause(
                math.inf if endless else response.delay_seconds, request.timeout_seconds
            )
            await self._say(request, response, reception, on_text)
            outcome = Outcome.ANSWERED
        finally:
            self._respondent.log.close(response.call, outcome)

    async def _keep(self, response: Response, request: ModelRequest, receipt: Receipt) -> None:
        kept = self._kept.begin(response, request.model)
        self._respondent.log.keep(response.call, kept.id)
        try:
            await receipt.keep(kept.id)
        except FlowError:
            kept.cancel()
            self._respondent.log.close(response.call, Outcome.CANCELLED)
            raise
        receipt.response = kept.id

    async def _fetch(
        self, request: ModelRequest, reception: Reception, on_text: OnText, receipt: Receipt
    ) -> None:
        kept = self._found(receipt)
        self._respondent.log.fetch(kept.reply.call)
        if not kept.is_over:
            await self._pause(kept.ready_at - time.monotonic(), request.timeout_seconds)
        if kept.is_cancelled:
            receipt.response = ""
            raise _forgotten("was cancelled")
        self._respondent.log.close(kept.reply.call, Outcome.ANSWERED)
        halved = kept.reply.fault in HALVED
        whole = replace(kept.reply, fault=None) if halved else kept.reply
        await self._say(request, whole, reception, on_text)

    def _found(self, receipt: Receipt) -> Kept:
        failing = self._respondent.respond_to_fetch()
        kept = self._kept.get(receipt.response)
        if kept is None or (failing and failing.fault is Fault.HTTP_404_MODEL):
            receipt.response = ""
            raise _forgotten("is no longer known")
        if failing and failing.fault in BEFORE_TEXT:
            raise failure_of(BEFORE_TEXT[failing.fault], failing)
        return kept

    def _cancel(self, receipt: Receipt) -> None:
        kept, receipt.response = self._kept.get(receipt.response), ""
        if kept and kept.cancel():
            self._respondent.log.close(kept.reply.call, Outcome.CANCELLED)


def _forgotten(happened: str) -> ForgottenError:
    return ForgottenError(FailureKind.UNAVAILABLE, f"the answer in the background {happened}")
