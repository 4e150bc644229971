"""Facts: the small projection of a value that the interpreter may hold.

A fact is written as a path, `verdict` or `topic.risk`; a length, `len(items)`; or the keys of a
list's elements in order, `keys(sections.id)`.
"""

import json
import re
from collections.abc import Iterable, Mapping

from contracts.base import Part
from contracts.reference import FactValue

_LENGTH = re.compile(r"len\(([a-z0-9_.]+)\)")
_KEYS = re.compile(r"keys\(([a-z0-9_.]+)\.([a-z0-9_]+)\)")


def project(value: Part, facts: Iterable[str]) -> dict[str, FactValue]:
    """Compute the facts of a value.

    Raises:
        AttributeError: a fact names a field that the value does not have.
        TypeError: a fact leads to something that is not a scalar, a length or keys.
    """
    return {fact: _fact(value, fact) for fact in facts}


def size_of(facts: Mapping[str, FactValue]) -> int:
    """Count the bytes that facts take as JSON."""
    return len(json.dumps(dict(facts), ensure_ascii=False, separators=(",", ":")).encode())


def element(value: Part, path: str, key: str, wanted: str) -> Part:
    """Find the element of a list inside a value by its key.

    Raises:
        LookupError: no element has that key.
    """
    for candidate in _list_at(value, path):
        if getattr(candidate, key) == wanted:
            return candidate
    raise LookupError(f"no element of {path} has {key} {wanted!r}")


def _fact(value: Part, fact: str) -> FactValue:
    if match := _LENGTH.fullmatch(fact):
        return len(_list_at(value, match[1]))
    if match := _KEYS.fullmatch(fact):
        return tuple(str(getattr(each, match[2])) for each in _list_at(value, match[1]))
    found = _at(value, fact)
    if found is None or isinstance(found, bool | int | str):
        # A string enum travels as its plain value.
        return str(found) if isinstance(found, str) else found
    raise TypeError(f"{fact} is a {type(found).__name__}, not a scalar")


def _at(value: object, path: str) -> object:
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _list_at(value: Part, path: str) -> tuple[Part, ...]:
    found = _at(value, path)
    if not isinstance(found, tuple):
        raise TypeError(f"{path} is a {type(found).__name__}, not a list")
    return found
