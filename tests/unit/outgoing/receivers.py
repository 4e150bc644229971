"""A receiver of posts: a real HTTP server on a free port, told what to answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("receiver.pem")
"""Of `receiver.test` alone, with its key; signed by itself."""


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


Reply = Callable[[Received], bytes]


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """Write a response."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"HTTP/1.1 {status} Told", f"content-length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


@dataclass
class Receiver:
    """What came, and what is answered: replies one after the other, the last for ever."""

    replies: list[bytes] = field(default_factory=lambda: [answer()])
    received: list[Received] = field(default_factory=list)
    url: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> list[Received]:
        """Wait until so many requests have come."""
        async with asyncio.timeout(20):
            while len(self.received) < count:
                await self.came.wait()
                self.came.clear()
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = (line.partition(": ") for line in head[1:] if line)
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(head[0], headers, body))
            self.came.set()
            writer.write(self.replies[0] if len(self.replies) == 1 else self.replies.pop(0))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*replies: bytes, tls: bool = False) -> AsyncIterator[Receiver]:
    """Receive for as long as the context is open."""
    receiver = Receiver(list(replies) or [answer()])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if tls else None
    if context:
        context.load_cert_chain(CERTIFICATE)
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/hook"
    async with server:
        yield receiver
