"""Follows a run's events over SSE, and takes the stream up again where a connection broke off."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from contracts.base import Part
from contracts.event import Event, EventKind
from services.cli.client import Gateway
from services.errors import UnavailableError
from services.memory.base import StreamEvent

SNAPSHOT: Final = "snapshot"
END: Final = "end"
PROBLEM: Final = "problem"

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 60.0
"""How long a gateway may be gone, as it is while it is restarted, until that is an error."""


@dataclass(frozen=True)
class Message:
    """One event of a stream."""

    event: str
    data: str
    id: str = ""


def messages(lines: Iterator[str]) -> Iterator[Message]:
    """Read the event stream format (WHATWG HTML, section 9.2.6)."""
    event, data, last_id = "", list[str](), ""
    for line in lines:
        if not line:
            if data:
                yield Message(event or "message", "\n".join(data), last_id)
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                event = value
            case "data":
                data.append(value)
            case "id" if "\0" not in value:
                last_id = value


class EventPage(Part):
    """Events of a run that have happened, oldest first."""

    events: tuple[StreamEvent, ...]
    cursor: str


class Follower:
    """Follows one run until the stream says that it has ended."""

    def __init__(
        self,
        gateway: Gateway,
        path: str,
        *,
        last_id: str = "",
        on_break: Callable[[], None] = lambda: None,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to follow.

        Args:
            gateway: where the stream is.
            path: of the stream.
            last_id: the id of the last event that is known already.
            on_break: called each time a connection that worked has broken off.
            pause: waits for seconds.
            clock: tells seconds.
        """
        self._gateway = gateway
        self._path = path
        self._on_break = on_break
        self._pause = pause
        self._clock = clock
        self._last_id = last_id
        self._worked = False
        self._broken_at: float | None = None
        self._pause_seconds = FIRST_PAUSE_SECONDS

    def __iter__(self) -> Iterator[Message]:
        """Give all messages in order, the end as the last; after a break some may come twice.

        Raises:
            CallerError: there is no such run.
            UnavailableError: the gateway does not answer, or has been gone for a minute.
        """
        while True:
            try:
                for message in self._connection():
                    yield message
                    if message.event == END:
                        return
            except UnavailableError as error:
                self._wait_or_give_up(error)
            else:
                self._wait_or_give_up(UnavailableError(f"{self._gateway.url} hung up"))

    def _connection(self) -> Iterator[Message]:
        with self._gateway.stream(self._path, self._last_id) as lines:
            for message in messages(self._heard(lines)):
                self._last_id = message.id or self._last_id
                yield message

    def _heard(self, lines: Iterator[str]) -> Iterator[str]:
        """Notice that the connection works: a comment that keeps it open tells as much."""
        for line in lines:
            self._worked, self._broken_at = True, None
            self._pause_seconds = FIRST_PAUSE_SECONDS
            yield line

    def _wait_or_give_up(self, error: UnavailableError) -> None:
        if not self._worked:
            raise error
        if self._broken_at is None:
            self._broken_at = self._clock()
            self._on_break()
        if self._clock() - self._broken_at > PATIENCE_SECONDS:
            raise error
        self._pause(self._pause_seconds)
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)


def told_by(gateway: Gateway, path: str, *, follow: bool) -> Iterator[Event]:
    """Give a run's events from its beginning; with `follow` also those to come, to its end.

    Raises:
        NotFoundError: there is no such run.
        UnavailableError: the gateway does not answer, or has been gone for a minute.
    """
    page = EventPage(events=(), cursor="")
    while page.events or not page.cursor:
        page = gateway.get(EventPage, f"{path}/events", {"after": page.cursor, "limit": 1000})
        yield from (each.event for each in page.events)
    if follow:
        for message in Follower(gateway, f"{path}/events", last_id=page.cursor):
            if message.event in frozenset(EventKind):
                yield Event.model_validate_json(message.data)
