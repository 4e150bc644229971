"""Answers made from a schema alone."""

from typing import Annotated, Any, Literal

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field

from services.llm.scripted.from_schema import minimal_instance


class Sentence(BaseModel):
    """A sentence with what it rests on."""

    text: str = Field(min_length=50, max_length=120)
    evidence_ids: list[Literal["e1", "e2", "e3"]] = Field(min_length=2, max_length=3)


class Section(BaseModel):
    """Something nested, with a reference and an alternative."""

    heading: str = Field(max_length=10)
    sentences: list[Sentence] = Field(min_length=2)
    score: Annotated[int, Field(ge=5, le=100)]
    note: str | None
    verdict: Literal["accept"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": "only"}, "only"),
        ({"enum": ["first", "second"]}, "first"),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({}, None),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "minimum": -5, "maximum": -2}, -5),
        ({"type": "string", "minLength": 3, "maxLength": 5}, "A sen"),
        ({"type": "string", "minLength": 2, "maxLength": 2}, "A."),
        ({"type": "string", "maxLength": 0}, ""),
        ({"type": ["string", "null"], "maxLength": 1}, "A"),
        ({"type": "array"}, []),
        ({"type": "array", "minItems": 2, "items": {"const": 1}}, [1, 1]),
        (
            {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"enum": [7, 8, 9]}},
            [7, 8],
        ),
        ({"prefixItems": [{"const": 1}], "type": "array", "minItems": 1}, [1]),
        ({"anyOf": [{"const": 1}, {"const": 2}]}, 1),
        ({"type": "object", "properties": {"a": {"const": 1}}}, {}),
        ({"properties": {"a": {"const": 1}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"$ref": "#/$defs/x~1y", "$defs": {"x/y": {"const": 1}}}, 1),
    ],
)
def test_smallest_value_is_built(schema: dict[str, Any], value: object) -> None:
    """Each part of a schema has one smallest value that fits."""
    assert minimal_instance(schema) == value


def test_value_fits_a_whole_schema() -> None:
    """What is built from the schema of nested models is valid by it."""
    schema = Section.model_json_schema()

    assert jsonschema_rs.is_valid(schema, minimal_instance(schema))
