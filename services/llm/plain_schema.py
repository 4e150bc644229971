"""JSON Schemas cut down to what every endpoint takes that enforces them.

OpenAI refuses a whole request for one `maxLength`, an open object or an optional property. What is
cut are bounds only: enums and shapes stay, and answers are validated by the full schema anyway.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

_KEPT: Final = ("type", "enum", "const", "description", "$ref")


def plain_schema(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Keep shapes, enums and references; close each object and require all its properties."""
    if "$ref" in schema:
        # Beside a reference nothing else is taken but the definitions at the root.
        kept: dict[str, JsonValue] = {"$ref": schema["$ref"]}
    else:
        kept = {name: schema[name] for name in _KEPT if name in schema}
        kept |= _parts(schema)
    definitions = schema.get("$defs")
    if isinstance(definitions, dict):
        kept["$defs"] = _each(definitions)
    return kept


def _parts(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    parts: dict[str, JsonValue] = {}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        parts["properties"] = _each(properties)
        parts["required"] = list(properties)
        parts["additionalProperties"] = False
    if "items" in schema:
        parts["items"] = _plain(schema["items"])
    branches = schema.get("anyOf", schema.get("oneOf"))
    if isinstance(branches, list):
        parts["anyOf"] = [_plain(branch) for branch in branches]
    return parts


def _each(schemas: Mapping[str, JsonValue]) -> JsonValue:
    return {name: _plain(schema) for name, schema in schemas.items()}


def _plain(schema: JsonValue) -> JsonValue:
    return plain_schema(schema) if isinstance(schema, dict) else schema
