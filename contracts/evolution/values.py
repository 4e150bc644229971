"""What has changed about which values may stand at one place, fields and items apart."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from contracts.evolution.change import (
    Change,
    Kind,
    Reading,
    broken,
    doubtful,
    loosened,
    tightened,
)
from contracts.evolution.json_schema import Shape
from contracts.evolution.words import one_of, words_of

LOWER: Final = {
    "minimum": "the least value",
    "exclusiveMinimum": "the value it has to be above",
    "minLength": "the least number of characters",
    "minItems": "the least number of items",
    "minProperties": "the least number of entries",
}
UPPER: Final = {
    "maximum": "the greatest value",
    "exclusiveMaximum": "the value it has to be below",
    "maxLength": "the greatest number of characters",
    "maxItems": "the greatest number of items",
    "maxProperties": "the greatest number of entries",
}
_SIZES: Final = frozenset({"minLength", "minItems", "minProperties"})
_STRUCTURED: Final = frozenset({"model", "tuple", "list", "mapping"})


def paired(
    before: Sequence[Shape], after: Sequence[Shape]
) -> tuple[list[tuple[Shape, Shape]], list[Shape], list[Shape]]:
    """Match the members of two unions: first the same, then of one name, then of one type.

    Returns:
        The pairs, the members that are gone, and those that have come.
    """
    gone, come, pairs = list(before), list(after), []
    for key in (_identity, _name, _type):
        for one in tuple(gone):
            other = next((each for each in come if key(each) and key(each) == key(one)), None)
            if other is not None:
                pairs.append((one, other))
                gone.remove(one)
                come.remove(other)
    if len(gone) == len(come) == 1 and _are_comparable(gone[0], come[0]):
        pairs.append((gone.pop(), come.pop()))
    return pairs, gone, come


def is_structured(shape: Shape) -> bool:
    """Whether a value of this shape has values inside."""
    return shape.kind in _STRUCTURED


def anything(path: str, before: Sequence[Shape], after: Sequence[Shape]) -> Iterator[Change]:
    """Compare places of which at least one allows anything."""
    was, is_now = (any(each.kind == "any" for each in shapes) for shapes in (before, after))
    if was and not is_now:
        what = f"anything was allowed, and now {_listed(after)}"
        yield tightened(path, Kind.TYPE_CHANGED, what)
    elif is_now and not was:
        what = f"was {_listed(before)}, and now anything is allowed"
        yield loosened(path, Kind.TYPE_CHANGED, what)


def members(
    path: str, pairs: int, gone: Sequence[Shape], come: Sequence[Shape]
) -> Iterator[Change]:
    """Tell of the members of a union that have no counterpart."""
    if not pairs and len(gone) == len(come) == 1:
        what = f"was {_listed(gone)} and is {_listed(come)}"
        yield broken(path, Kind.TYPE_CHANGED, what)
        return
    for shape in gone:
        what = f"{_listed([shape])} is not allowed any more"
        yield tightened(path, Kind.MEMBER_REMOVED, what)
    for shape in come:
        yield loosened(path, Kind.MEMBER_ADDED, f"{_listed([shape])} is allowed too")


def numbers(path: str, old: Shape, new: Shape) -> Iterator[Change]:
    """Compare whole numbers with numbers: `1` is read as a number, `1.0` as no whole number."""
    match old.kind, new.kind:
        case "integer", "number":
            what = "whole numbers became numbers, written 1.0 where 1 was written"
            yield Change(path=path, kind=Kind.TYPE_CHANGED, what=what, older=Reading.FAILS)
        case "number", "integer":
            what = "numbers became whole numbers"
            yield Change(path=path, kind=Kind.TYPE_CHANGED, what=what, stored=Reading.FAILS)
        case before, after if before != after:
            what = f"was {_listed([old])} and is {_listed([new])}"
            yield doubtful(path, Kind.TYPE_CHANGED, what)


def literals(path: str, old: Shape, new: Shape) -> Iterator[Change]:
    """Compare the values that are listed; their order does not count."""
    before, after = old.literals, new.literals
    if before is None and after is None:
        return
    what = f"was {_listed([old])} and is {_listed([new])}"
    if before is None:
        yield tightened(path, Kind.VALUES_REMOVED, what)
    elif after is None:
        yield loosened(path, Kind.VALUES_ADDED, what)
    else:
        if gone := [each for each in before if each not in after]:
            what = f"{', '.join(gone)} is not allowed any more"
            yield tightened(path, Kind.VALUES_REMOVED, what)
        if come := [each for each in after if each not in before]:
            yield loosened(path, Kind.VALUES_ADDED, f"{', '.join(come)} is allowed too")


def bounds(path: str, old: Shape, new: Shape) -> Iterator[Change]:
    """Compare lengths, counts and ranges, each by itself."""
    before, after = _bounds(old), _bounds(new)
    for keyword, words in {**LOWER, **UPPER}.items():
        was, is_now = before.get(keyword), after.get(keyword)
        if was != is_now:
            what = f"{words} was {said(was)} and is {said(is_now)}"
            if was is None or (is_now is not None and (is_now > was) is (keyword in LOWER)):
                yield tightened(path, Kind.TIGHTENED, what)
            else:
                yield loosened(path, Kind.LOOSENED, what)


def patterns(path: str, old: Shape, new: Shape) -> Iterator[Change]:
    """Compare patterns; whether one is within another is not decided."""
    was, is_now = old.node.get("pattern"), new.node.get("pattern")
    if was == is_now:
        return
    what = f"the pattern was {said(was)} and is {said(is_now)}"
    judge = tightened if was is None else loosened if is_now is None else doubtful
    yield judge(path, Kind.PATTERN_CHANGED, what)


def said(value: JsonValue) -> str:
    """Write a keyword's value."""
    return "not stated" if value is None else json.dumps(value)


def _identity(shape: Shape) -> str:
    return f"{shape.name} {json.dumps(shape.node, sort_keys=True)}"


def _name(shape: Shape) -> str:
    return shape.name if shape.kind == "model" else ""


def _type(shape: Shape) -> str:
    return "" if shape.kind == "mixed" else shape.kind


def _are_comparable(old: Shape, new: Shape) -> bool:
    are_listed = old.literals is not None and new.literals is not None
    return are_listed or old.kind == new.kind or {old.kind, new.kind} == {"integer", "number"}


def _bounds(shape: Shape) -> Mapping[str, float]:
    """Read the bounds; of whole numbers `> 0` is `>= 1`, and no size is below 0."""
    found = {
        keyword: stated
        for keyword in (*LOWER, *UPPER)
        if isinstance(stated := shape.node.get(keyword), int | float)
        and not (stated == 0 and keyword in _SIZES)
    }
    if shape.kind == "integer":
        for exclusive, inclusive, step in _STEPS:
            stated = found.get(exclusive)
            if isinstance(stated, int) and inclusive not in found:
                found[inclusive] = found.pop(exclusive) + step
    return found


_STEPS: Final = (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1))


def _listed(shapes: Sequence[Shape]) -> str:
    return one_of(words_of(shape, {}) for shape in shapes)
