"""Runs the gateway as a process: one socket, quiet logs, an orderly end."""

import asyncio
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final
from urllib.parse import urlsplit

import uvicorn

from services.errors import SettingsError
from services.gateway.app import create_app
from services.gateway.state import Services
from services.gateway.wiring import opened
from services.settings import Settings

GRACE_SECONDS: Final = 10
"""How long requests under way may take to end when the server is told to stop."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Ends event streams when it stops, and leaves the exit of the process to its caller."""

    def __init__(
        self,
        services: Services,
        on_ready: Callable[[], object] = lambda: None,
        hosts: Collection[str] = (),
    ) -> None:
        self._stopping = services.stopping
        self._on_ready = on_ready
        super().__init__(
            uvicorn.Config(
                create_app(lambda: nullcontext(services), hosts),
                lifespan="on",
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let streams end, then close."""
        self._stopping.set()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal, without raising it again once everything has stopped."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)


async def serve(settings: Settings, on_ready: Callable[[str], object] = lambda url: None) -> None:
    """Serve until SIGTERM or SIGINT; `on_ready` is told the address that is listened at.

    Raises:
        SettingsError: the address or port cannot be listened at.
        OperatorError: Temporal or memory does not answer or is unsafe; nothing was served.
        FlowInvalidError: a shipped flow has findings.
    """
    with listen(settings.gateway_host, settings.gateway_port) as listener:
        host, port = listener.getsockname()[:2]
        async with opened(settings) as services:
            url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            hosts = _names(host, settings)
            await Server(services, lambda: on_ready(url), hosts).serve([listener])


def _names(host: str, settings: Settings) -> Collection[str]:
    """List the names that a gateway on loopback answers under; elsewhere a proxy guards it."""
    if not ipaddress.ip_address(host).is_loopback:
        log.warning("the gateway listens beyond this machine and asks nobody who they are")
        return ()
    own = urlsplit(settings.gateway_url).hostname or "localhost"
    return {"localhost", "127.0.0.1", "::1", settings.gateway_host, own}


def listen(host: str, port: int) -> socket.socket:
    """Take a port; connections are accepted once the server runs. 0 takes any free one.

    Raises:
        SettingsError: it is taken, or not an address of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol stated asyncio switches Nagle's algorithm off, which holds back replies.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise SettingsError(
            f"the gateway cannot listen at {host}:{port} ({error.strerror});"
            " set ORCHESTRA_GATEWAY_PORT or ORCHESTRA_GATEWAY_HOST"
        ) from error
    listener.setblocking(False)
    return listener
