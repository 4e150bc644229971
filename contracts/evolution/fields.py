"""What has changed about which fields an object has, and which of them may be missing."""

import json
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import Final

from contracts.evolution.change import Change, Kind, Reading, tightened
from contracts.evolution.json_schema import Schema, Shape
from contracts.evolution.words import type_of

_ALIKE: Final = 0.6
"""How alike two names are that may be one field's; difflib's own bound for a near match."""


def renamed(old: Shape, new: Shape, are_same: Callable[[Schema, Schema], bool]) -> dict[str, str]:
    """Guess which fields go on under another name: of one type, and alike or in the same place."""
    names = list(new.fields)
    found: dict[str, str] = {}
    for place, name in enumerate(old.fields):
        if name in new.fields:
            continue
        for other in names:
            is_free = other not in old.fields and other not in found.values()
            is_near = place == names.index(other) or _alike(name, other)
            if is_free and is_near and are_same(old.fields[name], new.fields[other]):
                found[name] = other
                break
    return found


def rename(path: str, old: Shape, new: Shape, name: str, other: str) -> Change:
    """Tell of a field that goes on under another name; without a migration its content is lost."""
    return Change(
        path=path,
        kind=Kind.FIELD_RENAMED,
        what=f"seems to be called {other} now",
        stored=Reading.FAILS if other in new.required else Reading.LOSES,
        older=Reading.FAILS if name in old.required else Reading.LOSES,
    )


def removed(path: str, old: Shape, new: Shape, name: str) -> Change:
    """Tell of a field that is gone; readers ignore what they do not know."""
    return Change(
        path=path,
        kind=Kind.FIELD_REMOVED,
        what=f"removed; it was {'required' if name in old.required else 'optional'}",
        stored=Reading.FAILS if _is_closed(new) else Reading.READS,
        older=Reading.FAILS if name in old.required else Reading.READS,
    )


def added(
    path: str, old: Shape, new: Shape, name: str, root: Schema, *, is_retired: bool
) -> Change:
    """Tell of a new field; of one whose name was in use before, because values hold it still."""
    is_required = name in new.required
    stored = Reading.FAILS if is_required else Reading.READS
    kind, what = Kind.FIELD_ADDED, "added"
    if is_retired or _keeps_unknown(old):
        kind, what = Kind.FIELD_RETURNED, "added, a name that stored values may hold already"
        stored = Reading.FAILS if is_required else Reading.MAY_FAIL
    presence = "required" if is_required else f"default {_default(new, name)}"
    return Change(
        path=path,
        kind=kind,
        what=f"{what}: {type_of(new.fields[name], root)}, {presence}",
        stored=stored,
        older=Reading.FAILS if _is_closed(old) else Reading.READS,
    )


def presence(path: str, old: Shape, new: Shape, name: str) -> Iterator[Change]:
    """Compare whether a field may be missing, and what then stands for it."""
    was, is_now = name in old.required, name in new.required
    if is_now and not was:
        what = f"was optional, default {_default(old, name)}, and is required"
        yield tightened(path, Kind.BECAME_REQUIRED, what)
    elif was and not is_now:
        what = f"was required and may be missing, default {_default(new, name)}"
        yield Change(path=path, kind=Kind.BECAME_OPTIONAL, what=what)
    elif not was and _default(old, name) != _default(new, name):
        what = f"the default was {_default(old, name)} and is {_default(new, name)}"
        yield Change(path=path, kind=Kind.DEFAULT_CHANGED, what=what)


def order(path: str, old: Shape, new: Shape) -> Iterator[Change]:
    """Compare the order of the fields that both have; values are written in it."""
    before = [name for name in old.fields if name in new.fields]
    after = [name for name in new.fields if name in old.fields]
    if before != after:
        what = f"the order of fields was {', '.join(before)} and is {', '.join(after)}"
        yield Change(path=path, kind=Kind.ORDER_CHANGED, what=what)


def _default(shape: Shape, name: str) -> str:
    node = shape.fields[name]
    return json.dumps(node["default"]) if "default" in node else "made anew each time"


def _is_closed(shape: Shape) -> bool:
    return shape.node.get("additionalProperties") is False


def _keeps_unknown(shape: Shape) -> bool:
    return bool(shape.node.get("additionalProperties", False))


def _alike(name: str, other: str) -> bool:
    return SequenceMatcher(None, name, other).ratio() >= _ALIKE
