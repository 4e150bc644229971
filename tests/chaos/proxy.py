"""A TCP proxy that can be slow, narrow, silent or cruel. Without a fault it passes every byte."""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

CHUNK_BYTES: Final = 65_536


@dataclass(frozen=True)
class Weather:
    """How bytes travel at present."""

    delay_seconds: float = 0.0
    """Before each chunk is handed on, in each direction."""

    bytes_per_second: int = 0
    """How fast each direction of each connection is; 0 is as fast as it goes."""

    silent: bool = False
    """Nothing is handed on; connections are still accepted, as a dead peer's kernel might."""


FAIR: Final = Weather()


class Proxy:
    """Listens on a port of its own while the context is open, and leads to one upstream."""

    def __init__(self, upstream_port: int, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self.port = port
        self.weather = FAIR
        self._host = host
        self._upstream_port = upstream_port
        self._pairs: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._server = await asyncio.start_server(self._serve, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and end every connection."""
        self._server.close()
        serving = tuple(self._pairs)
        self.reset()
        await asyncio.gather(*serving, return_exceptions=True)
        await self._server.wait_closed()

    def change(self, weather: Weather) -> None:
        """Let bytes travel otherwise from now on; what was lost in silence stays lost."""
        was_silent = self.weather.silent
        self.weather = weather
        self._changed.set()
        self._changed = asyncio.Event()
        if was_silent and not weather.silent:
            # The peers of a half-open connection learn of its death when they speak again.
            self.reset()

    def reset(self) -> int:
        """Reset all connections as they stand; returns how many there were."""
        for task, writers in tuple(self._pairs.items()):
            for writer in writers:
                _abort(writer)
            task.cancel()
        return len(self._pairs)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        writers = self._pairs[task] = [writer]
        try:
            await self._connect(reader, writer, writers)
        except asyncio.CancelledError:
            # Swallowed: a reset connection is an ordinary end of this task.
            pass
        finally:
            for each in writers:
                each.close()
            del self._pairs[task]

    async def _connect(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        writers: list[asyncio.StreamWriter],
    ) -> None:
        try:
            there = await asyncio.open_connection(self._host, self._upstream_port)
        except OSError:
            _abort(writer)
            return
        writers.append(there[1])
        async with asyncio.TaskGroup() as both:
            both.create_task(self._pass(reader, there[1]))
            both.create_task(self._pass(there[0], writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await self._travel(len(chunk))
                writer.write(chunk)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
            return
        _abort(writer)

    async def _travel(self, size: int) -> None:
        while self.weather.silent:
            await self._changed.wait()
        seconds = self.weather.delay_seconds
        if self.weather.bytes_per_second:
            seconds += size / self.weather.bytes_per_second
        if seconds:
            await asyncio.sleep(seconds)


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of a farewell."""
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
