"""What OpenAI's strict mode and llama.cpp's grammars both accept of JSON Schema."""

from collections.abc import Iterator

from pydantic import JsonValue

_KEYWORDS = {
    "object": {"type", "properties", "required", "additionalProperties"},
    "array": {"type", "items", "minItems", "maxItems"},
    "string": {"type", "enum"},
    "integer": {"type", "minimum", "maximum"},
    "boolean": {"type"},
}


def objections(schema: JsonValue, place: str = "$") -> Iterator[str]:
    """Name every part of a schema that one of the two may refuse or ignore."""
    if not isinstance(schema, dict):
        yield f"{place} is no schema"
        return
    kind = str(schema.get("type"))
    if strange := set(schema) - _KEYWORDS.get(kind, set()):
        yield f"{place}: {kind} with {sorted(strange)}"
    if schema.get("enum") == []:
        yield f"{place}: nothing to choose from"
    if kind == "array":
        yield from objections(schema["items"], f"{place}[]")
    if kind == "object":
        properties = schema["properties"]
        assert isinstance(properties, dict)
        if schema.get("required") != list(properties) or schema["additionalProperties"]:
            yield f"{place}: is open"
        for name, each in properties.items():
            yield from objections(each, f"{place}.{name}")
