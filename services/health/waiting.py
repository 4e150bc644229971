"""Who in this process waits to be called."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Calls:
    """One event a ticket."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    @contextmanager
    def expected(self, ticket: str) -> Iterator[asyncio.Event]:
        """Give the event that calls of a ticket set, for as long as the context is open."""
        event = self._events[ticket] = asyncio.Event()
        try:
            yield event
        finally:
            del self._events[ticket]

    def call(self, ticket: str) -> None:
        """Wake whoever expects it. A call for nobody is dropped."""
        if ticket in self._events:
            self._events[ticket].set()

    def call_all(self) -> None:
        """Let everybody look for themselves."""
        for event in self._events.values():
            event.set()


async def sleep_until(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
