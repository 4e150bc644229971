"""What changed between two JSON values, field by field and word by word."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pydantic import JsonValue

from services.comparing.words import Change, Piece, word_diff


@dataclass(frozen=True)
class ChangedField:
    """A field that has another value now; one that came or went is added or removed whole."""

    path: str
    """`sections[s2].sentences[0].text`: elements by their `id` where they have one."""

    pieces: tuple[Piece, ...]


def changed_fields(before: JsonValue, after: JsonValue) -> tuple[ChangedField, ...]:
    """List the fields that differ, in the order of the value after, what is gone last."""
    return tuple(_changed("", before, after))


def _changed(path: str, before: JsonValue, after: JsonValue) -> Iterator[ChangedField]:
    if before == after:
        return
    match before, after:
        case dict(), dict():
            yield from _of_objects(path, before, after)
        case list(), list():
            yield from _of_lists(path, before, after)
        case str(), str():
            yield ChangedField(path, word_diff(before, after))
        case _:
            yield from _whole(path, before, Change.REMOVED)
            yield from _whole(path, after, Change.ADDED)


def _of_objects(
    path: str, before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]
) -> Iterator[ChangedField]:
    for name, value in after.items():
        inner = f"{path}.{name}" if path else name
        if name in before:
            yield from _changed(inner, before[name], value)
        else:
            yield from _whole(inner, value, Change.ADDED)
    for name in before:
        if name not in after:
            yield from _whole(f"{path}.{name}" if path else name, before[name], Change.REMOVED)


def _of_lists(
    path: str, before: Sequence[JsonValue], after: Sequence[JsonValue]
) -> Iterator[ChangedField]:
    """Compare elements with an id by it, and others where they stand between equal ones."""
    old, new = _by_id(before), _by_id(after)
    if old is not None and new is not None:
        names = {f"[{key}]": value for key, value in new.items()}
        yield from _of_elements(path, {f"[{key}]": value for key, value in old.items()}, names)
        return
    matcher = SequenceMatcher(None, _written(before), _written(after), autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag != "equal":
            mine = dict(enumerate(before[first:last], new_first))
            others = dict(enumerate(after[new_first:new_last], new_first))
            yield from _of_elements(
                path,
                {f"[{at}]": value for at, value in mine.items()},
                {f"[{at}]": value for at, value in others.items()},
            )


def _of_elements(
    path: str, before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]
) -> Iterator[ChangedField]:
    for key, value in after.items():
        if key in before:
            yield from _changed(path + key, before[key], value)
        else:
            yield from _whole(path + key, value, Change.ADDED)
    for key, value in before.items():
        if key not in after:
            yield from _whole(path + key, value, Change.REMOVED)


def _written(values: Sequence[JsonValue]) -> list[str]:
    return [json.dumps(each, sort_keys=True) for each in values]


def _by_id(values: Sequence[JsonValue]) -> dict[str, JsonValue] | None:
    """Tell elements by their `id`; None when one has none, or two have the same."""
    found: dict[str, JsonValue] = {}
    for each in values:
        key = each.get("id") if isinstance(each, dict) else None
        if not isinstance(key, str) or key in found:
            return None
        found[key] = each
    return found


def _whole(path: str, value: JsonValue, change: Change) -> Iterator[ChangedField]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _whole(f"{path}.{name}" if path else name, inner, change)
        case list():
            for at, inner in enumerate(value):
                yield from _whole(f"{path}[{at}]", inner, change)
        case None | "":
            return
        case str():
            yield ChangedField(path, (Piece(change, value),))
        case _:
            yield ChangedField(path, (Piece(change, json.dumps(value)),))
