"""A model behind its breaker and its limits, which all workers share. It asks; others remember."""

import asyncio
import math
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

from contracts.failure import REMEDY
from services.errors import ForgottenError, StepError, UnavailableError
from services.health.base import Call, Entry, Limits, ModelHealth, Refusal, Result, Target
from services.llm.base import LanguageModel, ModelReply, ModelRequest, OnText, Receipt
from services.llm.estimate import most_tokens_of

RENEW_SECONDS: Final = 5.0
"""A third of the lease, so that two renewals may be lost."""

_UNLIMITED: Final = Limits()
_UNKNOWN: Final = Result(unknown=True)


class GuardedModel:
    """Implements `LanguageModel`: lets a call through, or fails it before anything is sent."""

    def __init__(
        self,
        model: LanguageModel,
        health: ModelHealth,
        endpoint: str,
        limits: Mapping[str, Limits],
        *,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        """Guard a model.

        Args:
            model: who answers.
            health: who lets calls in; whoever made it closes it.
            endpoint: host and port, as breakers are named.
            limits: by the model's name; a model that is not named has none.
            renew_seconds: how often a call that goes on says so.
        """
        self._model = model
        self._health = health
        self._endpoint = endpoint
        self._limits = limits
        self._renew_seconds = renew_seconds

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Ask once, when it may be asked. Waiting and asking together take the request's time.

        Raises:
            StepError: as the port says. `unavailable` with `endpoint_down` while the breaker is
                open, and `rate_limited` where no place came free in half of the request's time:
                both with `retry_after`, and nothing was sent or paid.
            ForgottenError: as the port says.
        """
        limits = self._limits.get(request.model, _UNLIMITED)
        call = self._call(request, receipt)
        begun = time.monotonic()
        entry = await self._health.enter(call, limits, request.timeout_seconds / 2)
        if isinstance(entry, Refusal):
            raise self._refused(entry, request.model)
        left = math.ceil(request.timeout_seconds - (time.monotonic() - begun))
        within = request.model_copy(update={"timeout_seconds": max(1, left)})
        result = _UNKNOWN
        try:
            async with self._renewed(call, entry):
                reply = await self._model.complete(within, on_text, receipt)
            result = Result(tokens=reply.usage.tokens)
        except StepError as error:
            result = _result(error)
            raise
        finally:
            with suppress(UnavailableError):  # no reason to lose an answer that was paid
                await self._health.leave(call, entry, result, limits)
        return reply

    def _call(self, request: ModelRequest, receipt: Receipt | None) -> Call:
        fetches = receipt is not None and bool(receipt.response)
        return Call(
            ticket=secrets.token_hex(8),
            target=Target(endpoint=self._endpoint, model=request.model),
            tenant=request.work.tenant,
            # What was used is set right afterwards.
            tokens=0 if fetches else most_tokens_of(request.messages) + request.max_output_tokens,
        )

    def _refused(self, refusal: Refusal, model: str) -> StepError:
        seconds = refusal.wait_ms / 1000
        if refusal.breaker_open:
            seen = ", ".join(f"{count} {kind}" for kind, count in sorted(refusal.seen.items()))
            happened = (
                f"{self._endpoint} is left alone for another {seconds:.1f} s, because model"
                f" {model!r} failed again and again there ({seen})"
            )
        else:
            happened = (
                f"model {model!r} at {self._endpoint} takes no more calls for {seconds:.1f} s"
            )
        return StepError(
            refusal.kind,
            f"{happened}; nothing was sent: {REMEDY[refusal.kind]}",
            retry_after=timedelta(milliseconds=refusal.wait_ms),
            endpoint_down=refusal.breaker_open,
        )

    @asynccontextmanager
    async def _renewed(self, call: Call, entry: Entry) -> AsyncIterator[None]:
        """Keep the call's place for as long as the context is open."""
        if not entry.leased:
            yield
            return
        renewing = asyncio.create_task(self._renew(call))
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError, UnavailableError):
                await renewing

    async def _renew(self, call: Call) -> None:
        while True:
            await asyncio.sleep(self._renew_seconds)
            await self._health.renew(call)


def _result(error: StepError) -> Result:
    if isinstance(error, ForgottenError):
        return Result(tokens=0)
    wait = error.retry_after or timedelta()
    # What a call that broke off has used nobody knows: it stays at the most it can have been.
    counted = error.usage.tokens or None
    return Result(
        kind=error.kind, retry_after_ms=math.ceil(wait / timedelta(milliseconds=1)), tokens=counted
    )
