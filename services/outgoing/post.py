"""Posts a body to a URL that somebody else chose: pinned, bounded, without redirects or proxies."""

import asyncio
import email.utils
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

import httpx

from services.errors import UnavailableError
from services.outgoing.egress import Egress, Route

LIMIT_SECONDS: Final = 15.0
"""For everything: looking the name up, connecting, sending, the answer."""

ANSWER_BYTES: Final = 64 * 1024
LONGEST_WAIT_SECONDS: Final = 86_400
"""A receiver that asks to be left alone for longer is asked again after a day."""


@dataclass(frozen=True)
class Answer:
    """What a receiver answered."""

    status: int
    body: bytes
    """At most 64 KiB of it, as it came over the wire."""

    retry_after: int
    """Seconds that the receiver asks to wait; 0 where it does not say."""

    @property
    def is_success(self) -> bool:
        """Whether the receiver has taken it."""
        return 200 <= self.status < 300


class Poster:
    """Sends posts through one way out."""

    def __init__(self, egress: Egress, *, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.egress = egress
        self._limit = limit_seconds

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send once and give the answer, whatever its status.

        Raises:
            AddressRefusedError: the URL leads where nothing may be sent.
            UnavailableError: there is no answer in time; the message says why, and names no URL.
        """
        try:
            async with asyncio.timeout(self._limit):
                return await self._post(await self.egress.route(url), headers, body)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise UnavailableError(f"no answer within {self._limit:g} s") from error
        except httpx.HTTPError as error:
            raise UnavailableError(_reason(error)) from error

    async def _post(self, route: Route, headers: Mapping[str, str], body: bytes) -> Answer:
        for address in route.addresses[:-1]:
            try:
                return await self._send(route, address, headers, body)
            except httpx.ConnectError:
                continue
        return await self._send(route, route.addresses[-1], headers, body)

    async def _send(
        self, route: Route, address: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        # A client for each post: connections, which are told apart by address alone, and cookies
        # of one receiver never reach another.
        client = httpx.AsyncClient(
            verify=_certificates(), trust_env=False, follow_redirects=False, timeout=self._limit
        )
        sending = client.stream(
            "POST",
            route.pinned(address),
            content=body,
            headers={**headers, "Host": route.host_header, "Accept-Encoding": "identity"},
            extensions={"sni_hostname": route.url.raw_host.decode("ascii")},
        )
        async with client, sending as response:
            return Answer(response.status_code, await _beginning(response), _wait(response))


@cache
def _certificates() -> ssl.SSLContext:
    """Load the certificates that are trusted once: it takes some 40 ms."""
    return httpx.create_ssl_context()


async def _beginning(response: httpx.Response) -> bytes:
    """Read so much of a body and no more, without unpacking it."""
    read = bytearray()
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) >= ANSWER_BYTES:
            break
    return bytes(read[:ANSWER_BYTES])


def _wait(response: httpx.Response) -> int:
    """Read how long a receiver asks to wait: seconds or a date (RFC 9110, 10.2.3)."""
    asked = response.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(int(asked[:9]), LONGEST_WAIT_SECONDS)
    try:
        moment = email.utils.parsedate_to_datetime(asked)
    except ValueError:
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = (moment - datetime.fromtimestamp(time.time(), UTC)).total_seconds()
    return min(max(int(seconds), 0), LONGEST_WAIT_SECONDS)


def _reason(error: httpx.HTTPError) -> str:
    """Say what happened in our own words: the library's may quote the address."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate does not hold: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "TLS could not be agreed on"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return "no connection could be made"
    return f"the connection failed ({type(error).__name__})"
