"""The few words of the Redis protocol that a health check needs. Values are read elsewhere."""

import asyncio
import ssl
from contextlib import closing
from urllib.parse import SplitResult, unquote, urlsplit

from services.errors import SettingsError, UnavailableError

PORT = 6379
LINE_BYTES = 1 << 20
"""Longest reply that is read; `INFO` of a busy server stays far below."""


class ReplyError(UnavailableError):
    """The server answered with an error: loading, password missing, command forbidden."""


async def ask(url: str, *commands: tuple[str, ...], timeout_seconds: float = 2) -> list[str]:
    """Send commands over one connection; give each reply as text, lists as lines.

    Args:
        url: `redis://` or `rediss://`, with user and password where the server wants them.
        commands: words of each command, in order.
        timeout_seconds: for the connection and all replies together.

    Raises:
        SettingsError: the URL is no Redis URL.
        ReplyError: the server answered one of the commands with an error.
        UnavailableError: no connection, no complete reply, or too late.
    """
    place = _place(url)
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _converse(place, [*_login(place), *commands], len(commands))
    except TimeoutError as error:
        raise UnavailableError(
            f"{where(url)} did not answer within {timeout_seconds:g} s"
        ) from error
    except (OSError, EOFError, ValueError) as error:
        raise UnavailableError(f"{where(url)} does not answer: {error}") from error


def where(url: str) -> str:
    """Name the server of a URL without its password."""
    place = _place(url)
    return f"{place.hostname}:{place.port or PORT}"


def _place(url: str) -> SplitResult:
    try:
        place = urlsplit(url)
        place.port  # noqa: B018  # reading it is what checks it
    except ValueError as error:
        raise SettingsError("ORCHESTRA_REDIS_URL: the port is not a number") from error
    if place.scheme not in ("redis", "rediss") or not place.hostname:
        raise SettingsError("ORCHESTRA_REDIS_URL: give redis://host:port/0 or rediss://...")
    return place


def _login(place: SplitResult) -> list[tuple[str, ...]]:
    if place.password is None:
        return []
    user = [unquote(place.username)] if place.username else []
    return [("AUTH", *user, unquote(place.password))]


async def _converse(place: SplitResult, commands: list[tuple[str, ...]], last: int) -> list[str]:
    reader, writer = await asyncio.open_connection(
        place.hostname,
        place.port or PORT,
        ssl=ssl.create_default_context() if place.scheme == "rediss" else None,
        limit=LINE_BYTES,
    )
    with closing(writer):
        replies = []
        for command in commands:
            writer.write(_encode(command))
            await writer.drain()
            replies.append(await _reply(reader))
    return replies[-last:]


def _encode(command: tuple[str, ...]) -> bytes:
    words = [word.encode() for word in command]
    parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"*%d\r\n" % len(words) + b"".join(parts)


async def _reply(reader: asyncio.StreamReader) -> str:
    line = (await reader.readuntil(b"\r\n"))[:-2].decode(errors="replace")
    kind, rest = line[:1], line[1:]
    if kind == "-":
        raise ReplyError(rest)
    if kind == "$":
        size = int(rest)
        return "" if size < 0 else (await reader.readexactly(size + 2))[:-2].decode()
    if kind == "*":
        return "\n".join([await _reply(reader) for _ in range(int(rest))])
    if kind in "+:":
        return rest
    raise ValueError("the reply is not of the Redis protocol")
