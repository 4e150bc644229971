"""A model server for tests, demonstrations and machines without a model: no weights, no cost."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.llm.scripted.app import ScriptedApi
from services.llm.scripted.calls import Call
from services.llm.scripted.from_schema import answer_from_schema
from services.llm.scripted.respondent import Answer, Respondent
from services.llm.scripted.script import Script

_BACKLOG: Final = 512


class _HTTPServer(uvicorn.Server):
    """Lets answers that never end go when it stops, and can drop a connection."""

    def __init__(self, respondent: Respondent) -> None:
        self._stopping = asyncio.Event()
        app = ScriptedApi(respondent, self._hang_up, self._stopping).app()
        super().__init__(_config(app))

    def _hang_up(self, client: tuple[str, int]) -> None:
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, H11Protocol) and connection.client == client:
                connection.transport.close()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop answering, then close."""
        self._stopping.set()
        await super().shutdown(sockets)


class _GuestServer(_HTTPServer):
    """Runs inside somebody else's process and leaves its signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is stated; with it on, every
    # reply on a kept connection waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


class ScriptedServer:
    """A scripted model server on a port of its own, in this process, while the context is open."""

    def __init__(
        self,
        answer: Answer = answer_from_schema,
        script: Script | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Prepare a server.

        Args:
            answer: gives good answers.
            script: which calls are answered otherwise.
            host: the address to listen at.
            port: 0 for any free one.
        """
        self._respondent = Respondent(answer, script)
        self._address = (host, port)

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        host, port = self._address
        return f"http://{host}:{port}"

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its base URL."""
        return f"{self.url}/v1"

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls so far, in the order of their arrival."""
        return self._respondent.log.calls

    def perform(self, script: Script) -> None:
        """Use another script from now on."""
        self._respondent.perform(script)

    async def __aenter__(self) -> Self:
        """Start; requests that come before it is up wait for it.

        Raises:
            OSError: the port is taken.
        """
        listener = _listen(*self._address)
        self._address = (self._address[0], listener.getsockname()[1])
        self._server = _GuestServer(self._respondent)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; answers under way are cut off."""
        self._server.should_exit = True
        await self._task


async def serve(
    port: int,
    *,
    host: str = "127.0.0.1",
    answer: Answer = answer_from_schema,
    script: Script | None = None,
) -> None:
    """Serve as a process of its own until it is told to stop by SIGTERM or SIGINT.

    Raises:
        OSError: the port is taken.
    """
    server = _HTTPServer(Respondent(answer, script))
    await server.serve(sockets=[_listen(host, port)])
