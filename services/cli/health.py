"""The worker's health over HTTP, for supervisors and clusters: `GET /healthz`, nothing else."""

import asyncio
import json
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Final, Self

from services.errors import SettingsError

LONGEST_REQUEST_BYTES: Final = 8192
PATIENCE_SECONDS: Final = 5.0


class State(StrEnum):
    """How a worker stands; only one that takes work is healthy."""

    STARTING = "starting"
    OK = "ok"
    DRAINING = "draining"


class Health:
    """Answers while the context is open: 200 when the state is ok, else 503."""

    def __init__(self, host: str, port: int) -> None:
        self.state = State.STARTING
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on, once it does."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            SettingsError: the port cannot be had.
        """
        try:
            self._server = await asyncio.start_server(
                self._answer, self._host, self._port, limit=LONGEST_REQUEST_BYTES
            )
        except OSError as error:
            raise SettingsError(
                f"the worker cannot listen on {self._host}:{self._port} for its health:"
                f" {error.strerror}; set ORCHESTRA_WORKER_HEALTH_PORT to a free port"
            ) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that sends half a request, too much or nothing gets no answer.
        with suppress(
            TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(PATIENCE_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._response(request))
                await writer.drain()
        writer.close()

    def _response(self, request: bytes) -> bytes:
        target = request.split(b" ", 2)[1:2]
        if target != [b"/healthz"]:
            return _http("404 Not Found", {"status": "there is only /healthz"})
        line = "200 OK" if self.state is State.OK else "503 Service Unavailable"
        return _http(line, {"status": self.state.value})


def _http(line: str, body: dict[str, str]) -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {line}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
