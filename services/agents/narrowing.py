"""JSON Schemas of answers, narrowed to the context at hand.

Only what OpenAI's strict mode and llama.cpp's grammars both honour: closed objects whose properties
are all required, arrays with their number of items, enums, bounded integers, strings and booleans.
No references, no floats, no lengths of strings: those are judged when the answer is read.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import JsonValue

Schema = dict[str, JsonValue]


def closed_object(properties: Mapping[str, Schema]) -> Schema:
    """Describe an object with exactly these properties, in this order."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def array(items: Schema, *, least: int, most: int) -> Schema:
    """Describe an array of `least` to `most` items of one form."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def one_of(values: Iterable[str]) -> Schema:
    """Describe a string that is one of these; a value given twice counts once."""
    return {"type": "string", "enum": [str(value) for value in dict.fromkeys(values)]}


def integer(least: int, most: int) -> Schema:
    """Describe a whole number within bounds, both included."""
    return {"type": "integer", "minimum": least, "maximum": most}


def text() -> Schema:
    """Describe a string of any content."""
    return {"type": "string"}


def boolean() -> Schema:
    """Describe true or false."""
    return {"type": "boolean"}


def choices(options: Mapping[str, Iterable[str]]) -> Schema:
    """Describe an object that chooses one of the listed options for every key."""
    return closed_object({key: one_of(values) for key, values in options.items()})


def first_choices(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Choose the first option of every key of a schema that `choices` made."""
    return {key: listed[0] for key, listed in _options(schema).items()}


def longest_choice(schema: Mapping[str, JsonValue]) -> int:
    """Bound the tokens of an answer to a schema that `choices` made.

    A token is at least one byte of the answer, so the bytes of the longest answer, written with
    generous white space, are a bound for every tokeniser.
    """
    return _AROUND + sum(
        len(key.encode()) + max(len(option.encode()) for option in listed) + _AROUND
        for key, listed in _options(schema).items()
    )


def _options(schema: Mapping[str, JsonValue]) -> dict[str, list[str]]:
    properties = schema["properties"]
    assert isinstance(properties, dict), "the schema is an object's"
    return {key: _enum(each) for key, each in properties.items()}


def _enum(schema: JsonValue) -> list[str]:
    assert isinstance(schema, dict), "a property has a schema"
    listed = schema["enum"]
    assert isinstance(listed, list), "the property is a choice"
    return [option for option in listed if isinstance(option, str)]


_AROUND: Final = 24
"""Bytes for quotes, colon, comma, escapes and white space around a key and its value."""
