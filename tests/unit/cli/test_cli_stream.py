"""Following an event stream across broken connections."""

from collections.abc import Callable

import httpx
import pytest

from services.cli.client import Gateway
from services.cli.stream import PATIENCE_SECONDS, Follower, Message, messages
from services.errors import NotFoundError, UnavailableError

SNAPSHOT = "event: snapshot\ndata: {}\n\n"
FIRST = "event: step_started\ndata: 1\nid: e.1\n\n"
SECOND = "event: step_completed\ndata: 2\nid: e.2\n\n"
END = "event: end\ndata: {}\nid: e.end\n\n"
Answer = Callable[[httpx.Request], httpx.Response]


class Connections:
    """Answers one connection after the other, and keeps what each asked for."""

    def __init__(self, *texts: str | Exception) -> None:
        self.texts = list(texts)
        self.last_ids: list[str | None] = []
        self.now = 0.0
        self.breaks = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer with the next text, the last of them again and again."""
        self.last_ids.append(request.headers.get("last-event-id"))
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        if isinstance(text, Exception):
            raise text
        return httpx.Response(200, text=text)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def broke(self) -> None:
        """Count a break."""
        self.breaks += 1

    def follower(self) -> Follower:
        """Follow what these connections tell."""
        gateway = Gateway("http://gateway.test", httpx.MockTransport(self))
        return Follower(
            gateway, "/x", on_break=self.broke, pause=self.pause, clock=lambda: self.now
        )


def test_lines_become_messages() -> None:
    """Comments are left out, lines of data are joined, ids stay until the next."""
    text = ": still here\n\nid: 7\nevent: a\ndata: x\ndata: y\n\ndata:z\n\nevent: b\n\ndata: cut"

    assert list(messages(iter(text.split("\n")))) == [
        Message("a", "x\ny", "7"),
        Message("message", "z", "7"),
    ]


def test_stream_ends_with_its_end() -> None:
    """A whole stream is given once, to its end."""
    connections = Connections(SNAPSHOT + FIRST + SECOND + END)

    assert [each.event for each in connections.follower()] == [
        "snapshot",
        "step_started",
        "step_completed",
        "end",
    ]
    assert connections.last_ids == [None]


def test_broken_stream_is_taken_up_after_the_last_event() -> None:
    """A connection that breaks is opened again where it broke, and that is told once."""
    connections = Connections(SNAPSHOT + FIRST, httpx.ReadError("reset"), SECOND + END)

    data = [each.data for each in connections.follower()]

    assert data == ["{}", "1", "2", "{}"]
    assert connections.last_ids == [None, "e.1", "e.1"]
    assert connections.breaks == 1


def test_gateway_that_stays_away_is_an_error() -> None:
    """After a minute without an answer the watch gives up; the run is not touched."""
    connections = Connections(SNAPSHOT + FIRST, httpx.ConnectError("refused"))

    with pytest.raises(UnavailableError):
        list(connections.follower())

    assert PATIENCE_SECONDS < connections.now < PATIENCE_SECONDS + 10


def test_gateway_that_never_answered_is_an_error_at_once() -> None:
    """Where nothing has ever answered there is nothing to wait for."""
    connections = Connections(httpx.ConnectError("refused"))

    with pytest.raises(UnavailableError):
        list(connections.follower())

    assert connections.now == 0


def test_comments_count_as_a_sign_of_life() -> None:
    """A run that waits for a person for hours does not use up the patience."""
    connections = Connections(SNAPSHOT, *[": still here\n\n"] * 500, END)

    assert [each.event for each in connections.follower()] == ["snapshot", "end"]


def test_unknown_run_is_an_error() -> None:
    """A stream that there is not is told as such, and not tried again."""

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={"status": 404, "detail": "there is no run"})

    gateway = Gateway("http://gateway.test", httpx.MockTransport(refuse))

    with pytest.raises(NotFoundError):
        list(Follower(gateway, "/x"))
