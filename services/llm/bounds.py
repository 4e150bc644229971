"""What an endpoint can make us hold in memory, bounded below the client library.

The library collects an error's body, or an event of a stream, however long it is.
"""

from collections.abc import AsyncIterator
from typing import Final

import httpx2

# 256 KiB of text may need six times as much when JSON escapes every character of it.
EVENT_BYTES: Final = 2 * 1024 * 1024
ERROR_BYTES: Final = 64 * 1024

# 2,048 vectors of 3,072 numbers, which is the most that OpenAI gives at once, take about 70 MB
# as text; batches here are far smaller.
EMBEDDINGS_BYTES: Final = 64 * 1024 * 1024

_SEPARATORS: Final = (b"\n\n", b"\r\n\r\n")
_OVERLAP: Final = 3


class OversizeError(ValueError):
    """An endpoint sent more in one piece than anything it was asked for can need."""


async def bounded(response: httpx2.Response) -> None:
    """Put a bound on a response that is about to be read: a response hook of the HTTP client.

    An error's body ends after 64 KiB. Reading on past 64 MiB of embeddings, or 2 MiB in one event
    of anything else, raises OversizeError.
    """
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    if response.is_error:
        response.stream = _CutBody(response.stream, ERROR_BYTES)
    elif response.request.url.path.endswith("/embeddings"):
        response.stream = _CheckedBody(response, EMBEDDINGS_BYTES, separators=())
    else:
        response.stream = _CheckedBody(response, EVENT_BYTES, _SEPARATORS)


class _CutBody(httpx2.AsyncByteStream):
    """The first bytes of a body."""

    def __init__(self, body: httpx2.AsyncByteStream, limit: int) -> None:
        self._body = body
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._limit
        async for part in self._body:
            yield part[:left]
            left -= len(part)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._body.aclose()


class _CheckedBody(httpx2.AsyncByteStream):
    """A body no piece of which, from one separator to the next, may pass a limit."""

    def __init__(
        self, response: httpx2.Response, limit: int, separators: tuple[bytes, ...]
    ) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        self._body = response.stream
        self._limit = limit
        self._separators = separators

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, tail = 0, b""
        async for part in self._body:
            window = tail + part
            start = max((window.rfind(mark) for mark in self._separators), default=-1)
            size = size + len(part) if start < 0 else len(window) - start
            if size > self._limit:
                raise OversizeError(f"more than {self._limit} bytes in one piece")
            yield part
            tail = window[-_OVERLAP:]

    async def aclose(self) -> None:
        await self._body.aclose()
