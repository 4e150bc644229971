"""The JSON Schema of a contract, read as what it is made of: alternatives, fields, bounds."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, JsonValue

Schema = Mapping[str, JsonValue]
"""A JSON Schema as pydantic writes it, or a part of one."""

PROSE: Final = ("description", "title")
RETIRED: Final = "x-retired"
"""Where a published schema lists the paths of fields that it once had: such a name is used up."""

NOTES: Final = frozenset(
    {*PROSE, RETIRED, "$comment", "$defs", "default", "deprecated", "examples"}
)
"""Keywords that say nothing about which values fit."""

_UNIONS: Final = ("anyOf", "oneOf")


@dataclass(frozen=True)
class Shape:
    """One way in which a value may look: no reference and no union is left in its `node`."""

    node: Schema
    name: str = ""
    """The part's name among the definitions; empty where the shape is written in place."""

    @property
    def kind(self) -> str:
        """The JSON type; besides, `model`, `tuple`, `any`, and `mixed` for what states no type."""
        if "properties" in self.node:
            return "model"
        if "prefixItems" in self.node:
            return "tuple"
        if isinstance(stated := self.node.get("type"), str):
            return {"object": "mapping", "array": "list"}.get(stated, stated)
        return "mixed" if any(keyword not in NOTES for keyword in self.node) else "any"

    @property
    def literals(self) -> tuple[str, ...] | None:
        """The values allowed, as JSON texts; None where they are not listed."""
        if "const" in self.node:
            return (json.dumps(self.node["const"]),)
        listed = self.node.get("enum")
        return tuple(map(json.dumps, listed)) if isinstance(listed, list) else None

    @property
    def fields(self) -> Mapping[str, Schema]:
        """The fields of a model, in their order."""
        return {name: as_schema(node) for name, node in part(self.node, "properties").items()}

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that a value cannot leave out."""
        return tuple(map(str, listed(self.node, "required")))


def schema_of(contract: type[BaseModel]) -> dict[str, JsonValue]:
    """Write a contract's JSON Schema without prose, fields in their order."""
    return dict(as_schema(without_prose(contract.model_json_schema())))


def without_prose(schema: JsonValue) -> JsonValue:
    """Leave out titles and descriptions; a field of such a name is no prose and stays."""
    match schema:
        case dict():
            return {
                key: without_prose(value)
                for key, value in schema.items()
                if not (key in PROSE and isinstance(value, str))
            }
        case list():
            return [without_prose(each) for each in schema]
        case _:
            return schema


def alternatives(node: Schema, root: Schema) -> tuple[Shape, ...]:
    """List the ways in which a value may look, references followed and unions taken apart."""
    return tuple(_alternatives(node, root, ""))


def discriminator(node: Schema, root: Schema) -> str:
    """Name the field that tells a union's members apart; empty where none is declared."""
    if "$ref" in node:
        return discriminator(_resolved(node, root), root)
    stated = str(part(node, "discriminator").get("propertyName", ""))
    members = (as_schema(each) for keyword in _UNIONS for each in listed(node, keyword))
    return stated or next((name for each in members if (name := discriminator(each, root))), "")


def part(node: Schema, keyword: str) -> Schema:
    """Read a keyword that holds a schema or names; empty where it is not there."""
    return as_schema(node.get(keyword))


def listed(node: Schema, keyword: str) -> list[JsonValue]:
    """Read a keyword that holds a list; empty where it is not there."""
    found = node.get(keyword)
    return found if isinstance(found, list) else []


def as_schema(value: JsonValue) -> Schema:
    """Read a schema; `true` and a missing one allow anything, `false` nothing."""
    if value is False:
        return {"not": {}}
    return value if isinstance(value, dict) else {}


def text_of(value: JsonValue, root: Schema) -> str:
    """Write a keyword's value for a comparison, with all definitions where it refers to any."""
    written = json.dumps(value, sort_keys=True)
    return written + json.dumps(root.get("$defs"), sort_keys=True) if "$ref" in written else written


def _alternatives(node: Schema, root: Schema, name: str) -> Iterator[Shape]:
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        yield from _alternatives(_resolved(node, root), root, name)
        return
    for keyword in (*_UNIONS, "type"):
        if members := listed(node, keyword):
            rest = {key: value for key, value in node.items() if key not in _OF_UNIONS | {keyword}}
            for member in members:
                narrowed = {"type": member} if keyword == "type" else as_schema(member)
                yield from _alternatives(_both(narrowed, rest), root, "")
            return
    yield Shape(node, name)


_OF_UNIONS: Final = NOTES | {"discriminator"}


def _resolved(node: Schema, root: Schema) -> Schema:
    name = str(node["$ref"]).rpartition("/")[2]
    beside = {key: value for key, value in node.items() if key not in NOTES | {"$ref"}}
    return _both(part(part(root, "$defs"), name), beside)


def _both(node: Schema, beside: Schema) -> Schema:
    """Join keywords that hold together; two of one name are kept apart, under `allOf`."""
    if not any(key in node for key in beside):
        return {**node, **beside}
    return {**node, "allOf": [*listed(node, "allOf"), dict(beside)]}
