"""The model port over the OpenAI protocol: OpenAI itself and every server that speaks like it.

Prompts, schemas and retries are decided elsewhere; money is added by `services.llm.price`.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from typing import cast

from openai import AsyncStream
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from contracts.failure import FailureKind
from services.llm.background import BackgroundModel
from services.llm.base import WORK_HEADER, ModelReply, ModelRequest, OnText, Receipt
from services.llm.dialect import ChatDialect, Parameters
from services.llm.endpoint import Endpoint
from services.llm.shortfalls import broken_off, check_is_stream, late
from services.llm.streaming import FILTERED, Chunk, Reception
from services.llm.translation import FOREIGN_ERRORS, quieted, translate


class OpenAIModel:
    """Asks an endpoint, reads its answer as a stream, and names each way in which that fails."""

    def __init__(self, endpoint: Endpoint, background: Collection[str] = ()) -> None:
        """Use an endpoint that somebody else closes.

        Args:
            endpoint: where to ask.
            background: the models that are asked for background responses.
        """
        self._endpoint = endpoint
        self._dialect = ChatDialect(is_openai=endpoint.is_openai)
        self._background = frozenset(background)
        self._background_model = BackgroundModel(endpoint)

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Ask once; a request that is refused for one parameter goes again without it.

        Raises:
            StepError: as the port says. What was probably spent is in its `usage`.
        """
        if request.model in self._background:
            return await self._background_model.complete(request, on_text, receipt)
        reception = Reception(request)
        deadline = asyncio.timeout(request.timeout_seconds)
        try:
            async with deadline:
                await self._receive(request, reception, on_text)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise late(self._endpoint.host, request, reception.usage()) from error
        return reception.reply()

    async def _receive(self, request: ModelRequest, reception: Reception, on_text: OnText) -> None:
        async with aclosing(self._chunks(request, reception)) as chunks:
            async for chunk in chunks:
                text = reception.take(chunk)
                if text:
                    await on_text(text)
        if not reception.is_whole:
            spent = reception.usage() if reception.text else None
            raise broken_off(self._endpoint.host, request, spent)

    async def _chunks(
        self, request: ModelRequest, reception: Reception
    ) -> AsyncGenerator[Chunk, None]:
        """Read the stream; every foreign error becomes ours here."""
        try:
            async with await self._dialect.negotiate(request, self._send) as stream:
                kind = stream.response.headers.get("content-type", "")
                check_is_stream(kind, self._endpoint.host, request)
                async for chunk in stream:
                    yield Chunk.model_validate(chunk)
        except FOREIGN_ERRORS as error:
            spent = reception.usage() if reception.text else None
            failure = translate(error, self._endpoint.host, request.model, spent)
            # A prompt that the endpoint's filter refuses is answered, like any refusal.
            if failure.kind is not FailureKind.REFUSED:
                raise failure from quieted(error)
            yield FILTERED

    async def _send(
        self, request: ModelRequest, parameters: Parameters
    ) -> AsyncStream[ChatCompletionChunk]:
        messages = [message.model_dump() for message in request.messages]
        return await self._endpoint.client.chat.completions.create(
            model=request.model,
            messages=cast(list[ChatCompletionMessageParam], messages),
            stream=True,
            extra_body=parameters,
            extra_headers={WORK_HEADER: request.work.label()},
        )
