"""Turns the text of a cell into the value that a contract's field wants."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

Schema = Mapping[str, JsonValue]
_INTEGER: Final = re.compile(r"-?\d{1,18}")
_NUMBER: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?")
_TRUTHS: Final[Mapping[str, bool]] = {"true": True, "yes": True, "false": False, "no": False}
SEPARATOR: Final = ";"
"""Between the elements of a list in one cell: `soil; water`."""


def field_at(root: Schema, path: Sequence[str]) -> Schema | None:
    """Follow a dotted path into a JSON schema; None where it has no such field."""
    found: Schema | None = root
    for name in path:
        found = _property(root, found or {}, name)
        if found is None:
            return None
    return found


def fields_of(root: Schema) -> tuple[str, ...]:
    """Name the fields that a path may begin with."""
    properties = _resolved(root, root).get("properties")
    return tuple(properties) if isinstance(properties, dict) else ()


def value_of(text: str, root: Schema, field: Schema) -> JsonValue:
    """Read a cell as its field wants it; text that is no such value is left for validation."""
    for each in _alternatives(root, field):
        match each.get("type"):
            case "string":
                return text
            case "integer" if _INTEGER.fullmatch(text.strip()):
                return int(text)
            case "number" if _NUMBER.fullmatch(text.strip()):
                return float(text)
            case "boolean" if text.strip().casefold() in _TRUTHS:
                return _TRUTHS[text.strip().casefold()]
            case "array":
                return _list(text, root, each)
            case "object":
                return _json(text)
    return text


def _list(text: str, root: Schema, field: Schema) -> JsonValue:
    if text.strip().startswith("["):
        return _json(text)
    items = field.get("items")
    element: Schema = items if isinstance(items, dict) else {}
    return [value_of(each.strip(), root, element) for each in text.split(SEPARATOR) if each.strip()]


def _json(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value


def _property(root: Schema, field: Schema, name: str) -> Schema | None:
    for each in _alternatives(root, field):
        properties = each.get("properties")
        found = properties.get(name) if isinstance(properties, dict) else None
        if isinstance(found, dict):
            return found
    return None


def _alternatives(root: Schema, field: Schema) -> list[Schema]:
    """List what a field may be, with references followed; `null` is said by an empty cell."""
    resolved = _resolved(root, field)
    several = resolved.get("anyOf") or resolved.get("oneOf") or resolved.get("allOf")
    if not isinstance(several, list):
        return [resolved]
    return [_resolved(root, each) for each in several if isinstance(each, dict)]


def _resolved(root: Schema, field: Schema) -> Schema:
    reference = field.get("$ref")
    definitions = root.get("$defs")
    if not isinstance(reference, str) or not isinstance(definitions, dict):
        return field
    found = definitions.get(reference.rpartition("/")[2])
    return found if isinstance(found, dict) else field
