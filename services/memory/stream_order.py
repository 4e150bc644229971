"""Where transitions that a run's event stream has lost belong in it, by their numbers."""

from collections.abc import Sequence
from typing import Final

from contracts.event import Event, EventKind
from services.memory.base import StreamEvent

EVENTS_KEPT: Final = 20_000
"""Of one run, approximately; streamed text makes up nearly all of them."""

OF_THE_WORK: Final = frozenset(
    {
        EventKind.ATTEMPT_STARTED,
        EventKind.ATTEMPT_FAILED,
        EventKind.ANSWER_REJECTED,
        EventKind.MEMORY_RESTORED,
        EventKind.TEXT,
        EventKind.PRODUCED,
    }
)
"""What activities tell while they work; they carry the number of the start they belong to."""

Place = tuple[int, int]


def place_of(stream_id: str) -> Place:
    """Read a stream id, `1795392000000-0`, as what it is ordered by."""
    first, _, second = stream_id.partition("-")
    return int(first), int(second or 0)


def numbers(kept: Sequence[StreamEvent]) -> frozenset[int]:
    """List the transitions in a stream."""
    return frozenset(each.event.seq for each in kept if each.event.kind not in OF_THE_WORK)


def lacking(kept: Sequence[StreamEvent], told: Sequence[Event]) -> tuple[Event, ...]:
    """List the transitions that a stream has lost, in order.

    A stream at its limit has let its beginning go on purpose; that is not lost.
    """
    there = numbers(kept)
    first = min(there, default=0) if len(kept) >= EVENTS_KEPT else 0
    lost = {each.seq: each for each in told if each.seq not in there and each.seq > first}
    return tuple(lost[seq] for seq in sorted(lost))


def completed(kept: Sequence[StreamEvent], told: Sequence[Event]) -> tuple[StreamEvent, ...]:
    """Put what a stream has lost where it belongs; what is there keeps its id.

    What does not fit between two ids, which takes two writes within a millisecond, goes to the
    end: readers tell events apart by number.
    """
    made = list(kept)
    for event in lacking(kept, told):
        at = next((n for n, each in enumerate(made) if _is_after(each.event, event)), len(made))
        stream_id = _between(made, at, event.seq)
        if stream_id is None:
            at, stream_id = len(made), _between(made, len(made), event.seq)
        assert stream_id is not None, "there is always room at the end"
        made.insert(at, StreamEvent(id=stream_id, event=event))
    return tuple(made)


def _is_after(other: Event, event: Event) -> bool:
    return other.seq > event.seq or (other.seq == event.seq and other.kind in OF_THE_WORK)


def _between(made: Sequence[StreamEvent], at: int, seq: int) -> str | None:
    """Make an id after the one before a place; none when that is not before the next one."""
    # The beginning of a stream that was wiped: the same number gets the same id each time.
    first, second = place_of(made[at - 1].id) if at else (0, seq - 1)
    new = (first, second + 1)
    fits = at == len(made) or new < place_of(made[at].id)
    return f"{new[0]}-{new[1]}" if fits else None
