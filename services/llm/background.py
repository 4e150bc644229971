"""The model port over background responses: the endpoint goes on when whoever asked it dies.

It keeps the answer for some minutes under an id that is known before the first word; who knows the
id fetches the answer and pays nothing. Streams are not taken up again: endpoints end that early.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Final, cast

from openai import AsyncStream, NotFoundError
from openai.types.responses import ResponseInputParam, ResponseStreamEvent

from contracts.failure import FailureKind
from contracts.usage import Usage
from services.errors import FlowError, ForgottenError
from services.llm.base import WORK_HEADER, ModelReply, ModelRequest, OnText, Receipt
from services.llm.dialect import Parameters, ResponsesDialect
from services.llm.endpoint import Endpoint
from services.llm.responses import Document, StreamEvent, Trouble
from services.llm.shortfalls import broken_off, check_is_stream, late
from services.llm.streaming import FILTERED, Reception
from services.llm.translation import FOREIGN_ERRORS, quieted, told, translate

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 5.0
"""How long to wait before an answer is asked for again: twice as long each time, up to this."""

CANCEL_SECONDS: Final = 5.0
"""How long a cancelled step may be held up by telling the endpoint."""


class BackgroundModel:
    """Asks for a background response, or fetches the one that the receipt names."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Use an endpoint that somebody else closes."""
        self._endpoint = endpoint
        self._dialect = ResponsesDialect()

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Ask once, or fetch. An answer that is late is left for another attempt to fetch, once.

        Raises:
            StepError: as the port says.
        """
        kept = receipt or Receipt.nobodys()
        fetches, reception = bool(kept.response), Reception(request)
        deadline = asyncio.timeout(request.timeout_seconds)
        try:
            async with deadline:
                await self._receive(request, reception, on_text, kept)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            if fetches:
                # It had twice the time that an answer may take; another one may be quicker.
                await self._cancel(kept)
            raise late(self._endpoint.host, request, reception.usage()) from error
        except asyncio.CancelledError:
            await self._leave(kept)
            raise
        return reception.reply()

    async def _receive(
        self, request: ModelRequest, reception: Reception, on_text: OnText, kept: Receipt
    ) -> None:
        fetches = bool(kept.response)
        source = self._fetched(request, kept) if fetches else self._streamed(request, reception)
        async with aclosing(source) as events:
            async for event in events:
                if event.response and event.response.id and not kept.response:
                    await self._keep(kept, event.response.id)
                text = self._take(event, request, reception, kept)
                if text:
                    await on_text(text)
                if reception.is_whole:
                    return
        raise broken_off(self._endpoint.host, request, _spent(reception))

    def _take(
        self, event: StreamEvent, request: ModelRequest, reception: Reception, kept: Receipt
    ) -> str:
        """Add an event to the reply and return its text."""
        if event.piece:
            return reception.take(event.piece)
        if event.response and event.response.is_over:
            return self._take_end(event.response, request, reception, kept)
        if event.trouble:
            self._give_up(event.trouble, request, reception)
        return ""

    def _take_end(
        self, response: Document, request: ModelRequest, reception: Reception, kept: Receipt
    ) -> str:
        if response.is_answered:
            text = reception.take(response.text()) if reception.is_silent else ""
            reception.take(response.end())
            return text
        kept.response = ""
        if response.status == "cancelled":
            raise self._forgotten(request, "was cancelled")
        self._give_up(response.error or Trouble(), request, reception)
        return ""

    def _give_up(self, trouble: Trouble, request: ModelRequest, reception: Reception) -> None:
        code, words = trouble.code or "", trouble.message or ""
        failure = told(code, words, self._endpoint.host, request.model, _spent(reception))
        # A prompt that the endpoint's filter refuses is answered, like any refusal.
        if failure.kind is not FailureKind.REFUSED:
            raise failure
        reception.take(FILTERED)

    async def _streamed(
        self, request: ModelRequest, reception: Reception
    ) -> AsyncGenerator[StreamEvent, None]:
        """Begin a response; every foreign error becomes ours here."""
        try:
            async with await self._dialect.negotiate(request, self._begin) as stream:
                kind = stream.response.headers.get("content-type", "")
                check_is_stream(kind, self._endpoint.host, request)
                async for event in stream:
                    yield StreamEvent.read(event)
        except FOREIGN_ERRORS as error:
            failure = translate(error, self._endpoint.host, request.model, _spent(reception))
            if failure.kind is not FailureKind.REFUSED:
                raise failure from quieted(error)
            yield StreamEvent(piece=FILTERED)

    async def _begin(
        self, request: ModelRequest, parameters: Parameters
    ) -> AsyncStream[ResponseStreamEvent]:
        messages = [message.model_dump() for message in request.messages]
        return await self._endpoint.client.responses.create(
            model=request.model,
            input=cast(ResponseInputParam, messages),
            background=True,
            store=True,
            stream=True,
            extra_body=parameters,
            extra_headers={WORK_HEADER: request.work.label()},
        )

    async def _fetched(
        self, request: ModelRequest, kept: Receipt
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask for a response until it is over."""
        pause = FIRST_PAUSE_SECONDS
        while not (response := await self._document(request, kept)).is_over:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        yield StreamEvent(response=response)

    async def _document(self, request: ModelRequest, kept: Receipt) -> Document:
        try:
            found = await self._endpoint.client.responses.retrieve(
                kept.response, extra_headers={WORK_HEADER: request.work.label()}
            )
            return Document.model_validate(found)
        except NotFoundError as error:
            kept.response = ""
            raise self._forgotten(request, "is no longer known there") from quieted(error)
        except FOREIGN_ERRORS as error:
            raise translate(error, self._endpoint.host, request.model) from quieted(error)

    def _forgotten(self, request: ModelRequest, happened: str) -> ForgottenError:
        return ForgottenError(
            FailureKind.UNAVAILABLE,
            f"the answer that {self._endpoint.host} was to give for model {request.model!r} in the"
            f" background {happened}; it may have been paid, and has to be asked for anew",
        )

    async def _keep(self, kept: Receipt, response: str) -> None:
        try:
            await kept.keep(response)
        except FlowError:
            # Nobody could find it again, so nobody need pay for the rest of it.
            kept.response = response
            await self._cancel(kept)
            raise
        kept.response = response

    async def _leave(self, kept: Receipt) -> None:
        """Cancel a response that nobody will fetch, as far as that can be known in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                if kept.response and await kept.is_abandoned():
                    await self._cancel(kept)

    async def _cancel(self, kept: Receipt) -> None:
        """End a response that nobody will fetch. What cannot be ended ends at its length limit."""
        response, kept.response = kept.response, ""
        if not response:
            return
        with suppress(*FOREIGN_ERRORS, TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._endpoint.client.responses.cancel(response)


def _spent(reception: Reception) -> Usage | None:
    return None if reception.is_silent else reception.usage()
