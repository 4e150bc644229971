"""Declared merges: what two writers of one entry made of the same version, as one value.

A union is a merge of three: what the two found, and what each made of it. Nobody's change is
dropped without a word: where both changed the same thing differently, there is no union.
"""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

KEY: Final = "id"
"""The field by which elements of a list are told apart; others are compared as a whole."""


class NoUnionError(ValueError):
    """Both changed the same thing differently; the message names it."""


def union(base: bytes, theirs: bytes, ours: bytes) -> bytes:
    """Unite two versions of a contract's value that were made from one.

    What only one of the two changed is taken from that one. Lists that both changed are united, at
    any depth of objects: theirs in their order, then what only ours has; so an element that one of
    them dropped meanwhile comes back.

    Args:
        base: the version that ours was made from; empty where there was none.
        theirs: the version that is there now.
        ours: the version that is to be written.

    Raises:
        NoUnionError: a field or an element was changed by both.
    """
    united = _unite(json.loads(base or b"null"), json.loads(theirs), json.loads(ours), "")
    return json.dumps(united, ensure_ascii=False, separators=(",", ":")).encode()


def _unite(base: JsonValue, theirs: JsonValue, ours: JsonValue, place: str) -> JsonValue:
    if theirs == ours or ours == base:
        return theirs
    if theirs == base:
        return ours
    if isinstance(theirs, list) and isinstance(ours, list):
        return _lists(base if isinstance(base, list) else [], theirs, ours, place)
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return _objects(base if isinstance(base, dict) else {}, theirs, ours, place)
    raise NoUnionError(f"both changed {place or 'the value'}")


def _objects(
    base: Mapping[str, JsonValue],
    theirs: Mapping[str, JsonValue],
    ours: Mapping[str, JsonValue],
    place: str,
) -> JsonValue:
    names = dict.fromkeys((*theirs, *ours))
    return {
        name: _unite(base.get(name), theirs.get(name), ours.get(name), f"{place}/{name}")
        for name in names
    }


def _lists(
    base: list[JsonValue], theirs: list[JsonValue], ours: list[JsonValue], place: str
) -> JsonValue:
    before, mine = _by_key(base), _by_key(ours)
    united = {
        key: _unite(before.get(key), each, mine[key], f"{place}/{key}") if key in mine else each
        for key, each in _by_key(theirs).items()
    }
    return [*united.values(), *(each for key, each in mine.items() if key not in united)]


def _by_key(elements: list[JsonValue]) -> dict[str, JsonValue]:
    """Name the elements of a list; equal ones share a name."""
    return {_name(each): each for each in elements}


def _name(element: JsonValue) -> str:
    key = element.get(KEY) if isinstance(element, dict) else None
    return str(key) if key is not None else json.dumps(element, sort_keys=True, ensure_ascii=False)
