"""What a path makes of lineage: for the current value of every slot, what it rests on.

The run-time definition (`workflows.freshness`) looks at versions; along one path it only matters
which current values rest on which others, and on old values of which slots, so a few bits a slot
say all of it. Slots are bits, numbered by whoever tracks them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from workflows.checking.bits import mask_of, members


class Row(NamedTuple):
    """The current value of one slot."""

    rests: int = 0
    """Slots whose current value it was made from, through no other current value."""

    past: int = 0
    """Slots of which it was made from an old value, through no current value."""

    about: int = 0
    """Slots that it reports on."""

    stale: bool = False
    vouches: bool = False
    """It is a report or a decision that speaks for what it is about."""

    vouched: bool = False
    """It is an operator's word, and needs nobody to speak for it."""


Rows = tuple[Row | None, ...]
"""By slot; None while a slot holds nothing."""


def put(
    rows: Rows, slot: int, made: Row, gone: tuple[int, Row] | None = None, *, regards: bool = False
) -> Rows:
    """Make a value its slot's current one; those that it passes by go stale.

    `made.rests` are the slots it was made from. `gone` is a slot, with its row, whose value the
    maker still saw and that has been replaced since; `regards`: by something the maker knew too.
    """
    if gone is not None:
        made = _without(made, *gone)
        made = made._replace(rests=made.rests | 1 << gone[0]) if regards else made
    regarded = _below(rows, made.rests)
    old = rows[slot]
    bit = 1 << slot
    behind = bool(made.about & bit) or (gone is not None and bool(made.about >> gone[0] & 1))
    placed = _without(made, slot, old) if old is not None else made
    after = list(_others(rows, slot, old))
    after[slot] = placed._replace(stale=made.stale or behind)
    return tuple(after) if old is None else tuple(_marked(after, slot, bit, regarded))


def _others(rows: Rows, slot: int, old: Row | None) -> Iterator[Row | None]:
    for at, row in enumerate(rows):
        if row is None or at == slot:
            yield None
        else:
            yield _without(row, slot, old) if old is not None else row


def _without(row: Row, slot: int, old: Row) -> Row:
    """Let a value that rested on a current value rest on it as an old one."""
    if not row.rests >> slot & 1:
        return row
    bit = 1 << slot
    return row._replace(rests=(row.rests | old.rests) & ~bit, past=row.past | old.past | bit)


def _marked(after: list[Row | None], slot: int, bit: int, regarded: int) -> Iterator[Row | None]:
    """Mark what rests on an old value of a slot on some path without a regarded value."""
    for at, row in enumerate(after):
        if row is None or at == slot or row.stale:
            yield row
        elif row.about & bit or _reaches(after, at, bit, regarded):
            yield row._replace(stale=True)
        else:
            yield row


def _reaches(rows: list[Row | None], start: int, bit: int, regarded: int) -> bool:
    if regarded >> start & 1:
        return False
    seen, waiting = 1 << start, [start]
    while waiting:
        row = rows[waiting.pop()]
        assert row is not None
        if row.past & bit:
            return True
        ahead = row.rests & ~seen & ~regarded
        seen |= ahead
        waiting.extend(members(ahead))
    return False


def _below(rows: Rows, slots: int) -> int:
    """Some slots and all whose current values theirs rest on."""
    found, waiting = slots, list(members(slots))
    while waiting:
        row = rows[waiting.pop()]
        assert row is not None
        ahead = row.rests & ~found
        found |= ahead
        waiting.extend(members(ahead))
    return found


def settle(rows: Rows, live: int, writable: int, pinned: int) -> Rows:
    """Forget what can make no difference any more, so that fewer states are told apart.

    `live`: slots that are still read before they are written anew; `writable`: slots that may yet
    be written; `pinned`: subjects whose reports are looked at for another reason.
    """
    kept = _below(rows, live & _held(rows))
    shorter = tuple(
        row._replace(past=row.past & writable, about=row.about & (writable | pinned))
        if row is not None and kept >> at & 1
        else None
        for at, row in enumerate(rows)
    )
    matters = _mattering(shorter, writable)
    return tuple(
        None
        if row is None or not (live | matters) >> at & 1
        else _kept(row, row.rests & matters, is_read=bool(live >> at & 1))
        for at, row in enumerate(shorter)
    )


def _kept(row: Row, rests: int, *, is_read: bool) -> Row:
    """Of what is never read again only that others rest on it can matter."""
    return row._replace(rests=rests) if is_read else Row(rests, row.past)


def _held(rows: Rows) -> int:
    return mask_of(at for at, row in enumerate(rows) if row is not None)


def _mattering(rows: Rows, writable: int) -> int:
    """Slots that may be replaced, or rest on what may be or has been and may be again."""
    found = mask_of(
        at for at, row in enumerate(rows) if row is not None and (row.past or writable >> at & 1)
    )
    grown = True
    while grown:
        more = mask_of(at for at, row in enumerate(rows) if row is not None and row.rests & found)
        grown = bool(more & ~found)
        found |= more
    return found
