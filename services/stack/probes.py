"""How a part shows that it works. A probe asks once and says what is wrong, if anything."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Protocol

import httpx

from services.errors import OperatorError
from services.stack import resp

TIMEOUT_SECONDS = 2.0


class Probe(Protocol):
    """A question to one part."""

    async def problem(self) -> str:
        """Say what is wrong, in a phrase; empty when the part works. Never raises."""
        ...


@dataclass(frozen=True)
class HttpProbe:
    """Works when a GET of the address is answered with a 2xx."""

    url: str
    bearer: str = ""
    """A token to send; it appears in no message."""

    timeout_seconds: float = TIMEOUT_SECONDS

    async def problem(self) -> str:
        """Say what came instead of a 2xx."""
        headers = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        try:
            async with _client(self.url, self.timeout_seconds) as client:
                answer = await client.get(self.url, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{self.url} does not answer: {str(error) or type(error).__name__}"
        return "" if answer.is_success else f"{self.url} answers HTTP {answer.status_code}"


@dataclass(frozen=True)
class TcpProbe:
    """Works when a connection is accepted."""

    host: str
    port: int
    timeout_seconds: float = TIMEOUT_SECONDS

    async def problem(self) -> str:
        """Say why there is no connection."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                _, writer = await asyncio.open_connection(self.host, self.port)
        except TimeoutError:
            return f"{self.host}:{self.port} did not answer within {self.timeout_seconds:g} s"
        except OSError as error:
            return f"{self.host}:{self.port} does not answer: {error.strerror or error}"
        writer.close()
        return ""


@dataclass(frozen=True)
class RedisProbe:
    """Works when PING is answered, which a server that still loads its data does not."""

    url: str

    async def problem(self) -> str:
        """Say what PING got instead of PONG."""
        try:
            await resp.ask(self.url, ("PING",), timeout_seconds=TIMEOUT_SECONDS)
        except OperatorError as error:
            return str(error)
        return ""


def _client(url: str, timeout_seconds: float) -> httpx.AsyncClient:
    """Build a client; loopback is never looked for behind a proxy of the environment."""
    place = httpx.URL(url)
    remote = place.host not in ("127.0.0.1", "::1", "localhost")
    if place.scheme == "https":
        return httpx.AsyncClient(timeout=timeout_seconds, trust_env=remote)
    # Loading the system's certificates takes 40 ms, too long for a question asked in a loop.
    no_certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(timeout=timeout_seconds, trust_env=remote, verify=no_certificates)
