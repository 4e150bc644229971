"""The smallest value that fits a JSON Schema: an answer when nobody has said what a good one is.

Covers what models' answer schemas use: objects, arrays, enums, constants, bounds, `$ref` into
`$defs`, and the first branch of `anyOf`, `oneOf` and `allOf`. Patterns and formats are not tried.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from services.llm.base import Work

Schema = Mapping[str, JsonValue]

_SENTENCE: Final = "A sentence that says nothing."
_BRANCHES: Final = ("anyOf", "oneOf", "allOf")


def answer_from_schema(
    work: Work, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
) -> JsonValue:
    """Answer by the schema alone, whatever the work and the blocks are."""
    return minimal_instance(schema)


def minimal_instance(schema: Schema) -> JsonValue:
    """Build the smallest value that fits; the same schema gives the same value."""
    return _build(schema, schema)


def _build(schema: Schema, root: Schema) -> JsonValue:
    if "const" in schema:
        return schema["const"]
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    elsewhere = _elsewhere(schema, root)
    return _of_type(schema, root) if elsewhere is None else _build(elsewhere, root)


def _elsewhere(schema: Schema, root: Schema) -> Schema | None:
    """Find the schema that this one sends to: its reference or its first branch."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _resolve(reference, root)
    for name in _BRANCHES:
        branches = schema.get(name)
        if isinstance(branches, list) and branches:
            return _schema(branches[0])
    return None


def _resolve(reference: str, root: Schema) -> Schema:
    found: JsonValue = dict(root)
    for part in reference.removeprefix("#").split("/")[1:]:
        found = _schema(found)[part.replace("~1", "/").replace("~0", "~")]
    return _schema(found)


def _of_type(schema: Schema, root: Schema) -> JsonValue:
    match _type_of(schema):
        case "object":
            return _object(schema, root)
        case "array":
            return _array(schema, root)
        case "string":
            return _string(schema)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return False
        case _:
            return None


def _type_of(schema: Schema) -> JsonValue:
    stated = schema.get("type")
    if isinstance(stated, list) and stated:
        return stated[0]
    return stated or ("object" if "properties" in schema else None)


def _object(schema: Schema, root: Schema) -> dict[str, JsonValue]:
    properties = _schema(schema.get("properties"))
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    return {str(name): _build(_schema(properties.get(str(name))), root) for name in names}


def _array(schema: Schema, root: Schema) -> list[JsonValue]:
    length = _whole(schema, "minItems", 0)
    items = _schema(schema.get("items"))
    choices = items.get("enum")
    if schema.get("uniqueItems") and isinstance(choices, list):
        return choices[:length]
    first = schema.get("prefixItems")
    schemas = [_schema(item) for item in first] if isinstance(first, list) else []
    schemas += [items] * (length - len(schemas))
    return [_build(item, root) for item in schemas]


def _string(schema: Schema) -> str:
    shortest = _whole(schema, "minLength", 0)
    times = shortest // (len(_SENTENCE) + 1) + 1
    text = " ".join([_SENTENCE] * times)
    longest = _whole(schema, "maxLength", len(text))
    # A cut may leave a blank at the end, which a checker could strip.
    return text[:longest].rstrip().ljust(shortest, ".")


def _number(schema: Schema) -> int | float:
    lowest = _bound(schema, "minimum", "exclusiveMinimum", 1)
    highest = _bound(schema, "maximum", "exclusiveMaximum", -1)
    if lowest is not None:
        return max(lowest, 0) if highest is None else lowest
    return 0 if highest is None else min(highest, 0)


def _bound(schema: Schema, inclusive: str, exclusive: str, step: int) -> int | float | None:
    stated = schema.get(inclusive)
    if isinstance(stated, int | float):
        return stated
    beyond = schema.get(exclusive)
    return beyond + step if isinstance(beyond, int | float) else None


def _whole(schema: Schema, name: str, default: int) -> int:
    value = schema.get(name)
    return value if isinstance(value, int) else default


def _schema(value: JsonValue) -> Schema:
    return value if isinstance(value, dict) else {}
