"""The proxy passes bytes as they are, unless it is told to be slow, silent or cruel."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos.proxy import FAIR, Proxy, Weather


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(4096):
        writer.write(chunk)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def _through(
    proxy: Proxy,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()


@asynccontextmanager
async def _echoing() -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    async with server, Proxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


async def _echoed(chunks: list[bytes]) -> bytes:
    async with _echoing() as proxy, _through(proxy) as (reader, writer):
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
        return await reader.read()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=70_000), max_size=8))
def test_bytes_pass_unchanged_without_a_fault(chunks: list[bytes]) -> None:
    """Whatever is sent arrives, in order and to the last byte, there and back."""
    assert asyncio.run(_echoed(chunks)) == b"".join(chunks)


async def test_slow_weather_delays_each_chunk() -> None:
    """A slow link delivers everything, later."""
    async with _echoing() as proxy, _through(proxy) as (reader, writer):
        proxy.change(Weather(delay_seconds=0.05))
        began = time.monotonic()
        writer.write(b"there and back")
        received = await reader.readexactly(14)

    assert received == b"there and back"
    assert time.monotonic() - began >= 0.1


async def test_throttled_weather_takes_time_by_size() -> None:
    """A thousand bytes at ten thousand a second take a tenth of a second in each direction."""
    async with _echoing() as proxy, _through(proxy) as (reader, writer):
        proxy.change(Weather(bytes_per_second=10_000))
        began = time.monotonic()
        writer.write(b"x" * 1_000)
        await reader.readexactly(1_000)

    assert time.monotonic() - began >= 0.19


async def test_silent_link_is_found_dead_afterwards() -> None:
    """Nothing arrives in silence, and when it is over the connection is reset, not resumed."""
    async with _echoing() as proxy, _through(proxy) as (reader, writer):
        proxy.change(Weather(silent=True))
        writer.write(b"anybody there?")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        proxy.change(FAIR)

        with pytest.raises(ConnectionResetError):
            await reader.read(1)


async def test_reset_ends_open_connections_and_no_later_ones() -> None:
    """Connections are reset as they stand; a new one works at once."""
    async with _echoing() as proxy:
        async with _through(proxy) as (reader, writer):
            writer.write(b"x")
            await reader.readexactly(1)
            assert proxy.reset() == 1
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
        async with _through(proxy) as (reader, writer):
            writer.write(b"y")
            assert await reader.readexactly(1) == b"y"


async def test_absent_upstream_refuses() -> None:
    """A server that is down looks like one through the proxy: the connection is reset."""
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    async with Proxy(port) as proxy, _through(proxy) as (reader, _):
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
