"""The model port over the OpenAI protocol: OpenAI itself and every server that speaks like it.

Prompts, schemas and retries are decided elsewhere; money is added by `services.llm.price`.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, cast

from openai import APIStatusError, AsyncStream
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from contracts.failure import REMEDY, FailureKind
from services.errors import StepError
from services.llm.base import WORK_HEADER, ModelReply, ModelRequest, OnText
from services.llm.dialect import Dialect, Parameters
from services.llm.endpoint import Endpoint
from services.llm.streaming import FILTERED, Chunk, Reception
from services.llm.translation import FOREIGN_ERRORS, quieted, translate

_STREAM_TYPE: Final = "text/event-stream"


class OpenAIModel:
    """Asks an endpoint, reads its answer as a stream, and names each way in which that fails."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Use an endpoint that somebody else closes."""
        self._endpoint = endpoint
        self._dialect = Dialect(is_openai=endpoint.is_openai)

    async def complete(self, request: ModelRequest, on_text: OnText) -> ModelReply:
        """Ask once; a request that is refused for one parameter goes again without it.

        Raises:
            StepError: as the port says. What was probably spent is in its `usage`.
        """
        reception = Reception(request)
        deadline = asyncio.timeout(request.timeout_seconds)
        try:
            async with deadline:
                await self._receive(request, reception, on_text)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise self._late(request, reception) from error
        return reception.reply()

    async def _receive(self, request: ModelRequest, reception: Reception, on_text: OnText) -> None:
        async with aclosing(self._chunks(request, reception)) as chunks:
            async for chunk in chunks:
                text = reception.take(chunk)
                if text:
                    await on_text(text)
        if not reception.is_whole:
            raise self._broken(request, reception)

    async def _chunks(
        self, request: ModelRequest, reception: Reception
    ) -> AsyncGenerator[Chunk, None]:
        """Read the stream; every foreign error becomes ours here."""
        try:
            async with await self._open(request) as stream:
                self._check_is_stream(stream, request)
                async for chunk in stream:
                    yield Chunk.model_validate(chunk)
        except FOREIGN_ERRORS as error:
            spent = reception.usage() if reception.text else None
            failure = translate(error, self._endpoint.host, request.model, spent)
            # A prompt that the endpoint's filter refuses is answered, like any refusal.
            if failure.kind is not FailureKind.REFUSED:
                raise failure from quieted(error)
            yield FILTERED

    async def _open(self, request: ModelRequest) -> AsyncStream[ChatCompletionChunk]:
        while True:
            parameters = self._dialect.parameters(request)
            try:
                return await self._send(request, parameters)
            except APIStatusError as error:
                if not self._dialect.learn(request, parameters, error):
                    raise

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

    def _check_is_stream(
        self, stream: AsyncStream[ChatCompletionChunk], request: ModelRequest
    ) -> None:
        kind = stream.response.headers.get("content-type", _STREAM_TYPE)
        if not kind.startswith(_STREAM_TYPE):
            raise StepError(
                FailureKind.MALFORMED,
                f"{self._endpoint.host} answered for model {request.model!r} with something other"
                " than a stream of events: check that OPENAI_BASE_URL leads to a model",
            )

    def _broken(self, request: ModelRequest, reception: Reception) -> StepError:
        return StepError(
            FailureKind.UNAVAILABLE,
            f"{self._endpoint.host} ended the stream of model {request.model!r} before its"
            f" answer: {REMEDY[FailureKind.UNAVAILABLE]}",
            usage=reception.usage() if reception.text else None,
        )

    def _late(self, request: ModelRequest, reception: Reception) -> StepError:
        return StepError(
            FailureKind.TIMED_OUT,
            f"{self._endpoint.host} did not finish the answer of model {request.model!r} in"
            f" {request.timeout_seconds} s: {REMEDY[FailureKind.TIMED_OUT]}",
            usage=reception.usage(),
        )
