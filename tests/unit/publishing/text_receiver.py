"""A receiver of published texts, as its owner would write it: verifies, keeps by name, answers."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr

from services.outgoing.egress import Egress
from services.outgoing.post import Poster
from services.publishing.webhook import WebhookPublisher

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class TextReceiver:
    """What it was sent."""

    texts: dict[str, bytes] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one post."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(": ") for line in head[1:] if line)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        status, answer = self._take(headers, body)
        writer.write(
            f"HTTP/1.1 {status} Told\r\ncontent-length: {len(answer)}\r\n\r\n".encode() + answer
        )
        await writer.drain()
        writer.close()

    def _take(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if headers["webhook-signature"] != f"v1,{wanted}":
            return 401, b""
        data = json.loads(body)["data"]
        self.ids.append(headers["webhook-id"])
        self.texts[data["name"]] = data["markdown"].encode()
        return 201, json.dumps({"where": data["name"]}).encode()


def posting_to(url: str, secret: str = SECRET) -> WebhookPublisher:
    return WebhookPublisher(Poster(Egress(private=True)), url, SecretStr(secret))


@asynccontextmanager
async def text_receiver() -> AsyncIterator[TextReceiver]:
    """Receive for as long as the context is open."""
    receiver = TextReceiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/texts"
    async with server:
        yield receiver
