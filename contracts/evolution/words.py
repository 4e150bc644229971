"""What a schema asks for, in a few words: `text of 1 to 300 characters`, `list of Section`."""

from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import JsonValue

from contracts.evolution.json_schema import Schema, Shape, alternatives, listed, part

_NOUNS: Final = {
    "any": "anything",
    "boolean": "true or false",
    "integer": "whole number",
    "mapping": "mapping",
    "model": "object",
    "null": "null",
    "number": "number",
    "string": "text",
    "list": "list",
    "mixed": "value",
    "tuple": "tuple",
}
_SIZES: Final = {
    "string": (("minLength", "maxLength", "characters"),),
    "mapping": (("minProperties", "maxProperties", "entries"),),
}


def type_of(node: Schema, root: Schema) -> str:
    """Say what may stand at a place; parts are named, not described.

    Args:
        node: the schema of the place.
        root: the contract's schema, for the parts that the place names.
    """
    return one_of(words_of(shape, root) for shape in alternatives(node, root))


def words_of(shape: Shape, root: Schema) -> str:
    """Say what one alternative asks for."""
    if shape.literals is not None:
        return one_of(shape.literals)
    if shape.name and shape.kind in ("model", "any"):
        return shape.name
    return " ".join([_noun(shape, root), *_bounds(shape)])


def one_of(told: Iterable[str]) -> str:
    """Join alternatives: `a`, `a or b`, `a, b or c`."""
    *first, last = told
    return f"{', '.join(first)} or {last}" if first else last


def _noun(shape: Shape, root: Schema) -> str:
    noun = _NOUNS.get(shape.kind, shape.kind)
    match shape.kind:
        case "list" if items := part(shape.node, "items"):
            return _list(shape, type_of(items, root))
        case "mapping" if values := part(shape.node, "additionalProperties"):
            return f"mapping to {type_of(values, root)}"
        case "tuple":
            places = listed(shape.node, "prefixItems")
            return f"tuple of {', '.join(_place(each, root) for each in places)}"
        case _:
            return noun


def _list(shape: Shape, items: str) -> str:
    least, most = shape.node.get("minItems"), shape.node.get("maxItems")
    if least is None and most is None:
        return f"list of {items}"
    return f"list of {_range(least, most)} items, each {items}"


def _place(node: JsonValue, root: Schema) -> str:
    return type_of(node, root) if isinstance(node, dict) else "anything"


def _bounds(shape: Shape) -> Iterator[str]:
    for least, most, unit in _SIZES.get(shape.kind, ()):
        if least in shape.node or most in shape.node:
            yield f"of {_range(shape.node.get(least), shape.node.get(most))} {unit}"
    if "minimum" in shape.node or "maximum" in shape.node:
        yield f"of {_range(shape.node.get('minimum'), shape.node.get('maximum'))}"
    for keyword, word in _SAID_AS.items():
        if keyword in shape.node:
            yield f"{word} {shape.node[keyword]}"


_SAID_AS: Final = {
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
    "multipleOf": "in steps of",
    "pattern": "matching",
    "format": "as",
}


def _range(least: JsonValue, most: JsonValue) -> str:
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"{least} to {most}"
