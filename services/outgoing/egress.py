"""The way out: turns a URL that somebody gave into addresses that were looked at.

The address that was looked at is the one that is connected to, so that a name which points
elsewhere a moment later (DNS rebinding) gains nothing.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from services.errors import AddressRefusedError
from services.outgoing.addresses import objection

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host name; raises OSError when there are none."""

LONGEST_URL: Final = 2000
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")
"""A name, its encoded international form, or an address."""

_PORTS: Final = {"https": 443, "http": 80}
TRIED: Final = 4
"""Addresses of one name that are tried one after the other."""


@dataclass(frozen=True)
class Route:
    """Where a URL leads now."""

    url: httpx.URL
    addresses: tuple[str, ...]
    """Looked at and allowed, in the resolver's order."""

    @property
    def host_header(self) -> str:
        """What the receiver is called, whatever address it is reached at."""
        return self.url.netloc.decode("ascii")

    def pinned(self, address: str) -> httpx.URL:
        """Put an address in the name's place."""
        return self.url.copy_with(host=address)


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver; each address once, in its order."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


class Egress:
    """Decides which URLs may be called."""

    def __init__(self, *, private: bool = False, resolver: Resolve = resolve) -> None:
        """Prepare.

        Args:
            private: also allow plain HTTP, loopback and private networks: laptops and tests.
            resolver: what looks names up.
        """
        self.private = private
        self._resolve = resolver

    def read(self, url: str) -> httpx.URL:
        """Read a URL without looking its host up.

        Raises:
            AddressRefusedError: it is none, or not of a form that is called. It is not quoted,
                for the path may be a password.
        """
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise AddressRefusedError("the URL cannot be read; give https://host/path") from error
        if parsed.scheme != "https" and not (self.private and parsed.scheme == "http"):
            raise AddressRefusedError("the URL has to begin with https://")
        if not _HOST.fullmatch(parsed.raw_host.decode("ascii")) or len(url) > LONGEST_URL:
            raise AddressRefusedError(f"the URL needs a host and at most {LONGEST_URL} characters")
        if not 1 <= (parsed.port or _PORTS[parsed.scheme]) <= 65_535:
            raise AddressRefusedError("the URL's port has to be one of 1 to 65535")
        if parsed.userinfo or parsed.fragment:
            raise AddressRefusedError("the URL must have neither a user nor a fragment")
        return parsed

    async def route(self, url: str) -> Route:
        """Look up where a URL leads. One address that must not be called spoils the name.

        Raises:
            AddressRefusedError: it leads nowhere, or where nothing may be sent.
        """
        parsed = self.read(url)
        try:
            # As it goes over the wire: the encoded form of an international name.
            host = parsed.raw_host.decode("ascii")
            found = await self._resolve(host, parsed.port or _PORTS[parsed.scheme])
        except (OSError, UnicodeError) as error:
            raise AddressRefusedError(f"the host {_shown(parsed)} is not found") from error
        for address in found:
            if why := objection(address, private=self.private):
                raise AddressRefusedError(
                    f"the host {_shown(parsed)} leads to an address that {why}; nothing is sent"
                    " there"
                )
        if not found:
            raise AddressRefusedError(f"the host {_shown(parsed)} is not found")
        return Route(parsed, tuple(found[:TRIED]))


def _shown(url: httpx.URL) -> str:
    return repr(url.host[:100])
