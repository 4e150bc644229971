"""What a path makes of lineage: for the current value of every slot, what it was made from.

The run-time definition (`workflows.freshness`) looks at versions; along one path it only matters
how the *current* values of two slots are related, so a few bits a slot say all of it. Slots are
bits, numbered by whoever tracks them.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Row(NamedTuple):
    """The current value of one slot, related to the current values of all tracked ones."""

    ancestors: int = 0
    """Slots whose current value it was made from, directly or not."""

    heritage: int = 0
    """Slots of which any value, current or not, is among its ancestors."""

    descendants: int = 0
    """Slots whose current value was made from it."""

    about: int = 0
    """Slots that it reports on."""

    vouches: bool = False
    """It is a report or a decision that speaks for what it is about."""

    vouched: bool = False
    """It is an operator's word, and needs nobody to speak for it."""


Rows = tuple[Row | None, ...]
"""By slot; None while a slot holds nothing."""


def is_stale(rows: Rows, slot: int) -> bool:
    """Whether a slot's current value is stale; `workflows.freshness` says what that means."""
    row = rows[slot]
    assert row is not None
    passed_by = row.heritage & ~row.ancestors & ~row.descendants & ~(1 << slot)
    return bool(passed_by) or is_outdated(rows, slot)


def is_outdated(rows: Rows, slot: int) -> bool:
    """Whether something that a slot's current value is about has been replaced."""
    row = rows[slot]
    assert row is not None
    return bool(row.about & ~row.ancestors)


def lineage_of(rows: Rows, sources: Iterable[int]) -> tuple[int, int]:
    """Ancestors and heritage of a value made from the current values of some slots."""
    ancestors = heritage = 0
    for source in sources:
        row = rows[source]
        assert row is not None
        ancestors |= 1 << source | row.ancestors
        heritage |= 1 << source | row.heritage
    return ancestors, heritage


def put(rows: Rows, slot: int, made: Row) -> Rows:
    """Make a value of known lineage its slot's current one."""
    bit = 1 << slot
    others = list(_others(rows, slot, made.ancestors, bit))
    others[slot] = made._replace(ancestors=made.ancestors & ~bit)
    return tuple(others)


def _others(rows: Rows, slot: int, ancestors: int, bit: int) -> Iterator[Row | None]:
    for at, row in enumerate(rows):
        if row is None or at == slot:
            yield None
            continue
        descends = ancestors >> at & 1
        yield row._replace(
            ancestors=row.ancestors & ~bit,
            descendants=row.descendants | bit if descends else row.descendants & ~bit,
        )


def settle(rows: Rows, live: int, writable: int, pinned: int) -> Rows:
    """Forget what can make no difference any more, so that fewer states are told apart.

    `live`: slots that are still read before they are written anew; `writable`: slots that may yet
    be written; `pinned`: columns that are looked at for another reason.
    """
    kept = writable | pinned
    for at, row in enumerate(rows):
        if row is not None and live >> at & 1:
            kept |= row.heritage & ~row.ancestors
            if row.heritage & writable:
                kept |= 1 << at
    return tuple(
        None if row is None or not live >> at & 1 else _kept(row, kept)
        for at, row in enumerate(rows)
    )


def _kept(row: Row, kept: int) -> Row:
    outdated = row.heritage & ~row.ancestors & kept
    return row._replace(
        ancestors=row.ancestors & kept,
        heritage=row.heritage & kept,
        descendants=row.descendants & outdated,
        about=row.about & kept,
    )
