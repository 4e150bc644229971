"""Things to keep in memory: values with their addresses, events, journal lines."""

from typing import Any

from contracts.base import digest
from contracts.event import Event, EventKind
from contracts.usage import Usage
from services.memory.base import JournalEntry, JournalState, Quarantined, WorkKey


def value(text: str | bytes) -> tuple[str, bytes]:
    """Some bytes and their address."""
    body = text if isinstance(text, bytes) else text.encode()
    return digest(body), body


def an_event(seq: int, text: str = "") -> Event:
    """Some streamed text."""
    return Event(seq=seq, kind=EventKind.TEXT, at_ms=1000 + seq, step="write", text=text)


def a_line(exchange: int = 1, **changes: Any) -> JournalEntry:
    """A reply that was paid for."""
    given = {
        "exchange": exchange,
        "call_key": "c" * 64,
        "state": JournalState.ANSWERED,
        "body": '{"text":"Grüße"}',
        "usage": Usage(calls=1, input_tokens=10, output_tokens=5),
    }
    return JournalEntry.model_validate({**given, **changes})


def some_work(tenant: str, **changes: Any) -> WorkKey:
    """The first visit of a step."""
    given = {"tenant": tenant, "run": "r1", "step": "write", "visit": 1}
    return WorkKey.model_validate({**given, **changes})


def rejected(answer: str = "{}", exchange: int = 1) -> Quarantined:
    """An answer that failed a check."""
    return Quarantined(
        step="write",
        visit=1,
        exchange=exchange,
        kind="malformed",
        reasons=("text is missing",),
        answer=answer,
    )


def a_transition(seq: int) -> Event:
    """One numbered transition."""
    return Event(seq=seq, kind=EventKind.HANDED_OFF, at_ms=1000 + seq, step="write", to="check")
