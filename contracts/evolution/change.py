"""One change of a contract, and who can no longer read what.

Two directions count. *Stored* values were written before, by the old contract or an earlier form
of it, and a field that has a default may be missing from them. *Older* programs meet, while a new
one is rolled out, the values that the new one writes; it writes every field.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from contracts.base import Part


class Kind(StrEnum):
    """What may change about a contract."""

    FIELD_ADDED = "field added"
    FIELD_REMOVED = "field removed"
    FIELD_RENAMED = "field renamed"
    FIELD_RETURNED = "field name used again"
    BECAME_REQUIRED = "became required"
    BECAME_OPTIONAL = "became optional"
    DEFAULT_CHANGED = "default changed"
    ORDER_CHANGED = "order changed"
    TYPE_CHANGED = "type changed"
    TIGHTENED = "bound tightened"
    LOOSENED = "bound loosened"
    PATTERN_CHANGED = "pattern changed"
    VALUES_ADDED = "values added"
    VALUES_REMOVED = "values removed"
    MEMBER_ADDED = "alternative added"
    MEMBER_REMOVED = "alternative removed"
    KEYWORD_CHANGED = "rule changed"


class Reading(StrEnum):
    """How a reader fares with the values of the other side."""

    READS = "reads"
    LOSES = "loses"
    """It reads them, and what they hold at this place is lost without a word."""

    MAY_FAIL = "may fail"
    """It fails on some of the values that the other side may have written."""

    FAILS = "fails"
    """It fails on every value."""


class Verdict(StrEnum):
    """What a change takes, the least first."""

    COMPATIBLE = "compatible"
    READERS_FIRST = "compatible after roll-out, readers first"
    NEEDS_VERSION = "needs a new version and a migration"


REROUTES: Final = frozenset(
    {
        Kind.FIELD_REMOVED,
        Kind.FIELD_RENAMED,
        Kind.LOOSENED,
        Kind.PATTERN_CHANGED,
        Kind.TYPE_CHANGED,
        Kind.VALUES_ADDED,
        Kind.VALUES_REMOVED,
        Kind.MEMBER_ADDED,
        Kind.MEMBER_REMOVED,
    }
)
"""Kinds after which rules and gates that look at the place were checked over other values."""

REWRITES: Final = frozenset(
    {
        Kind.FIELD_ADDED,
        Kind.FIELD_REMOVED,
        Kind.FIELD_RENAMED,
        Kind.FIELD_RETURNED,
        Kind.ORDER_CHANGED,
        Kind.TYPE_CHANGED,
    }
)
"""Kinds after which the same content is written as other bytes, and so has another digest."""


class Change(Part):
    """One thing that is not as it was."""

    path: str
    """Where: `sections[].heading`; `{}` for the values of a mapping, empty for the whole value."""

    kind: Kind
    what: str
    """What it was and what it is, without the path."""

    stored: Reading = Reading.READS
    """How the new program fares with values stored before."""

    older: Reading = Reading.READS
    """How an older program fares with values that the new one writes."""

    also_at: tuple[str, ...] = ()
    """Other paths of the same change, where the part that has changed is used as well."""

    @property
    def verdict(self) -> Verdict:
        """Judge from both directions.

        An older program that fails on some values only is safe until somebody writes such a
        value, so an order of roll-out can keep it safe; one that fails on all cannot be kept so.
        """
        if self.stored is not Reading.READS or self.older in (Reading.LOSES, Reading.FAILS):
            return Verdict.NEEDS_VERSION
        return Verdict.COMPATIBLE if self.older is Reading.READS else Verdict.READERS_FIRST


def gravest(changes: Iterable[Change]) -> Verdict:
    """Judge changes together."""
    order = list(Verdict)
    return max((each.verdict for each in changes), key=order.index, default=Verdict.COMPATIBLE)


def tightened(path: str, kind: Kind, what: str) -> Change:
    """Make a change after which some stored values do not fit any more."""
    return Change(path=path, kind=kind, what=what, stored=Reading.MAY_FAIL)


def loosened(path: str, kind: Kind, what: str) -> Change:
    """Make a change after which values may be written that older programs refuse."""
    return Change(path=path, kind=kind, what=what, older=Reading.MAY_FAIL)


def doubtful(path: str, kind: Kind, what: str) -> Change:
    """Make a change that may fail in both directions, or that nobody can judge by a schema."""
    may_fail = Reading.MAY_FAIL
    return Change(path=path, kind=kind, what=what, stored=may_fail, older=may_fail)


def broken(path: str, kind: Kind, what: str) -> Change:
    """Make a change after which neither side reads anything of the other."""
    return Change(path=path, kind=kind, what=what, stored=Reading.FAILS, older=Reading.FAILS)
