"""Probes and the Redis protocol, against servers that answer from a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from services.errors import SettingsError, UnavailableError
from services.stack import resp
from services.stack.probes import HttpProbe, RedisProbe, TcpProbe

Answering = Callable[..., Awaitable[int]]


@pytest.fixture
async def answering() -> AsyncIterator[Answering]:
    """Start servers that give one scripted answer to each thing they read; tell their port."""
    async with AsyncExitStack() as open_servers:

        async def start(*answers: bytes) -> int:
            async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                for answer in answers:
                    await reader.read(4096)
                    writer.write(answer)
                    await writer.drain()
                writer.close()

            server = await asyncio.start_server(talk, "127.0.0.1", 0)
            await open_servers.enter_async_context(server)
            return int(server.sockets[0].getsockname()[1])

        yield start


async def test_replies_of_each_kind_are_read(answering: Answering) -> None:
    """Strings, numbers, texts with line ends, lists and nothing come as text."""
    port = await answering(b"+PONG\r\n", b":7\r\n", b"$4\r\na\r\nb\r\n", b"*2\r\n$1\r\nx\r\n+y\r\n")

    replies = await resp.ask(f"redis://127.0.0.1:{port}", ("A",), ("B",), ("C",), ("D",))

    assert replies == ["PONG", "7", "a\r\nb", "x\ny"]


async def test_password_is_sent_and_its_answer_left_out(answering: Answering) -> None:
    """A server with a password is asked after logging in."""
    port = await answering(b"+OK\r\n", b"+PONG\r\n")

    assert await resp.ask(f"redis://me:secret@127.0.0.1:{port}", ("PING",)) == ["PONG"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"-LOADING the dataset\r\n", "LOADING"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not of the Redis protocol"),
        (b"$9\r\nshort", "does not answer"),
        (b"", "does not answer"),
    ],
)
async def test_bad_reply_is_a_problem(answering: Answering, answer: bytes, words: str) -> None:
    """A server that loads, speaks otherwise or breaks off does not count as working."""
    port = await answering(answer)

    assert words in await RedisProbe(f"redis://127.0.0.1:{port}").problem()


async def test_silent_server_is_a_problem(answering: Answering) -> None:
    """A server that says nothing is not waited for."""
    port = await answering()

    with pytest.raises(UnavailableError, match=f"127.0.0.1:{port} d"):
        await resp.ask(f"redis://127.0.0.1:{port}", ("PING",), timeout_seconds=0.1)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "redis://host:port", "redis:///0"])
async def test_wrong_redis_url_is_a_wrong_setting(url: str) -> None:
    """A URL that is none of Redis names the setting to mend."""
    with pytest.raises(SettingsError, match="ORCHESTRA_REDIS_URL"):
        await resp.ask(url, ("PING",))


def test_password_is_never_shown() -> None:
    """Messages name the server without what opens it."""
    assert resp.where("redis://me:secret@memory:6380/0") == "memory:6380"


async def test_http_answers_are_told_apart(answering: Answering) -> None:
    """Only a 2xx counts as working; what came instead is said."""
    good = await answering(b"HTTP/1.1 204 No Content\r\n\r\n")
    bad = await answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    assert await HttpProbe(f"http://127.0.0.1:{good}/").problem() == ""
    assert (await HttpProbe(f"http://127.0.0.1:{bad}/").problem()).endswith("answers HTTP 503")


async def test_closed_port_is_a_problem() -> None:
    """Where nobody listens, both probes say so."""
    assert "127.0.0.1:1 does not answer" in await TcpProbe("127.0.0.1", 1).problem()
    assert "does not answer" in await HttpProbe("http://127.0.0.1:1/").problem()


async def test_wrong_address_is_a_problem() -> None:
    """An address that is none is a finding, not a crash."""
    assert "does not answer" in await HttpProbe("http://[::1").problem()


async def test_accepted_connection_is_enough(answering: Answering) -> None:
    """A part that accepts connections works as far as this probe can see."""
    assert await TcpProbe("127.0.0.1", await answering()).problem() == ""
