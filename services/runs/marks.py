"""Where a reader of a run's events stands, as the id of the last event says it.

An id is `{epoch}.{place in memory's stream}.{transitions}`. The last part says which numbered
transitions the reader has, `7~9` for 1 to 7 and 9: places do not outlive memory, numbers do.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from services.memory.base import StreamEvent
from services.memory.stream_order import place_of

START: Final = "0-0"
"""Before the first event of a stream."""

APART_AT_MOST: Final = 20
"""Numbers written one by one, so that an id stays under 200 characters; what is left out may be
told twice."""

_STREAM_ID: Final = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")
_NUMBERS: Final = re.compile(r"[0-9]{1,9}(~[0-9]{1,9}){0,40}")


@dataclass(frozen=True)
class Mark:
    """What a reader has."""

    epoch: str
    position: str
    told: frozenset[int] | None
    """Numbers of transitions; None where the id does not say."""

    def is_in(self, epoch: str, kept: Collection[StreamEvent]) -> bool:
        """Whether the stream goes on behind the reader's last event."""
        is_there = self.position == START or any(each.id == self.position for each in kept)
        return self.epoch == epoch and is_there

    def has(self, epoch: str, each: StreamEvent) -> bool:
        """Whether an event of the stream was there when the reader was at its place."""
        return self.epoch == epoch and place_of(each.id) <= place_of(self.position)


def read_mark(last_id: str) -> Mark | None:
    """Read an id; none where it is not one of an event."""
    epoch, _, rest = last_id.partition(".")
    position, _, told = rest.partition(".")
    if not epoch or not _STREAM_ID.fullmatch(position) or (told and not _NUMBERS.fullmatch(told)):
        return None
    return Mark(epoch, position, _numbers(told) if told else None)


def write_mark(epoch: str, position: str, told: Collection[int]) -> str:
    """Write an id."""
    up_to = dense_up_to(told)
    apart = sorted(number for number in told if number > up_to)[:APART_AT_MOST]
    return f"{epoch}.{position}.{'~'.join(map(str, (up_to, *apart)))}"


def dense_up_to(told: Collection[int]) -> int:
    """Find the number up to which no transition is lacking."""
    up_to = 0
    while up_to + 1 in told:
        up_to += 1
    return up_to


def _numbers(told: str) -> frozenset[int]:
    first, *apart = map(int, told.split("~"))
    # No run has a million transitions; an id that says so was made up.
    return frozenset((*range(1, min(first, 1_000_000) + 1), *apart))
