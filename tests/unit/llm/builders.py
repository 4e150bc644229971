"""Valid things with one part changed, and a server that answers with exactly these bytes."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

from contracts.usage import Usage
from services.errors import StepError
from services.llm.base import Finish, LanguageModel, Message, ModelReply, ModelRequest, Work

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "enum": ["e1", "e2"]},
        "text": {"type": "string", "minLength": 20, "maxLength": 120},
    },
    "required": ["id", "text"],
    "additionalProperties": False,
}


def a_work(**changes: Any) -> Work:
    """A first call of a writer."""
    return Work.model_validate(
        {"agent": "writer", "rung": "free", "visit": 1, "exchange": 1, **changes}
    )


def a_request(**changes: Any) -> ModelRequest:
    """A request whose schema has an id and a text."""
    return ModelRequest.model_validate(
        {
            "model": "some-model",
            "messages": (
                Message(role="system", content="You pick a quote."),
                Message(role="user", content="Pick one, please."),
            ),
            "schema_name": "Pick",
            "answer_schema": SCHEMA,
            "max_output_tokens": 200,
            "timeout_seconds": 30,
            "work": a_work(),
            **changes,
        }
    )


class Ear:
    """Hears the pieces of a reply."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    async def __call__(self, text: str) -> None:
        self.pieces.append(text)

    @property
    def heard(self) -> str:
        """All pieces together."""
        return "".join(self.pieces)


async def failure_of(model: LanguageModel, request: ModelRequest) -> StepError:
    """Ask, and hand over the failure that has to come of it."""
    try:
        reply = await model.complete(request, Ear())
    except StepError as error:
        return error
    raise AssertionError(f"answered instead of failing: {reply.text[:100]!r}")


def a_reply(**changes: Any) -> ModelReply:
    """A reply of one word."""
    return ModelReply.model_validate(
        {"text": "yes", "finish": Finish.STOP, "model": "m", "usage": Usage(), **changes}
    )


async def eventually(condition: Any) -> None:
    """Wait until something holds; five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # the other side has no event to wait for
            await asyncio.sleep(0.01)


def http(status: int, body: bytes | str, kind: str = "application/json", **headers: str) -> bytes:
    """Write an HTTP response that ends with its connection."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"content-type: {kind}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def http_error(status: int, error: Mapping[str, Any] | None = None, **headers: str) -> bytes:
    """Write an error as OpenAI does."""
    return http(status, json.dumps({"error": error or {"message": "no"}}), **headers)


def events(*chunks: Any, end: str = "\n\n") -> bytes:
    """Write a stream of events; strings stand as they are, anything else as JSON."""
    lines = [chunk if isinstance(chunk, str) else json.dumps(chunk) for chunk in chunks]
    return http(200, "".join(f"data: {line}{end}" for line in lines), "text/event-stream")


def a_chunk(text: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """A chunk of a stream."""
    choice = {"index": 0, "delta": {"content": text, **delta}, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


GOOD = events(a_chunk("yes"), a_chunk(finish="stop"), "[DONE]")


class CannedServer:
    """Answers each request with the next of its responses, the last one again and again.

    After a response it goes on with `filler`, if there is any, until the client leaves.
    """

    def __init__(self, *responses: bytes, filler: bytes = b"") -> None:
        self._responses = responses
        self._filler = filler
        self.requests: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.sent_bytes = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.heads.append(head)
        self.requests.append(json.loads(await reader.readexactly(length)))
        response = self._responses[min(len(self.requests), len(self._responses)) - 1]
        try:
            async for part in self._parts(response):
                writer.write(part)
                self.sent_bytes += len(part)
                await writer.drain()
                await asyncio.sleep(0.001)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _parts(self, response: bytes) -> AsyncIterator[bytes]:
        yield response
        while self._filler:
            yield self._filler
