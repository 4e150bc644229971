"""Schemas for endpoints that take shapes and enums only."""

from typing import Annotated, Any, Literal

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field

from services.llm.plain_schema import plain_schema
from services.llm.scripted.from_schema import minimal_instance


class Comment(BaseModel):
    """A comment on a section."""

    section_id: Literal["s1", "s2"]
    text: str = Field(default="", max_length=200)


class Verdict(BaseModel):
    """A verdict with its comments."""

    verdict: Literal["accept", "revise"]
    score: Annotated[int, Field(ge=0, le=100)]
    comments: list[Comment] = Field(min_length=1, max_length=7)
    first: Comment | None = Field(default=None, description="The gravest.")


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        ({"type": "string", "minLength": 1, "pattern": "^a"}, {"type": "string"}),
        ({"type": "string", "enum": ["a"], "title": "A"}, {"type": "string", "enum": ["a"]}),
        ({"const": 1, "default": 1}, {"const": 1}),
        ({"$ref": "#/$defs/A", "description": "x"}, {"$ref": "#/$defs/A"}),
        (
            {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}},
            {"type": "array", "items": {"type": "integer"}},
        ),
        ({"oneOf": [{"const": 1}, {"const": 2}]}, {"anyOf": [{"const": 1}, {"const": 2}]}),
        (
            {"type": "object", "properties": {"a": {"maxLength": 1}}},
            {
                "type": "object",
                "properties": {"a": {}},
                "required": ["a"],
                "additionalProperties": False,
            },
        ),
        ({"$defs": {"A": {"minimum": 1}}}, {"$defs": {"A": {}}}),
    ],
)
def test_bounds_are_cut(schema: dict[str, Any], plain: dict[str, Any]) -> None:
    """Bounds, defaults and titles go; shapes, enums and references stay."""
    assert plain_schema(schema) == plain


def test_property_named_like_a_keyword_stays() -> None:
    """A field may be called as a keyword is, and is a field all the same."""
    field = {"type": "string"}
    schema: dict[str, Any] = {"properties": {"pattern": field, "items": field}}

    assert plain_schema(schema)["required"] == ["pattern", "items"]


def test_plain_answer_can_be_one_of_the_full_schema() -> None:
    """What fits the full schema with all its properties fits the plain one too."""
    full = Verdict.model_json_schema()
    answer = {
        "verdict": "accept",
        "score": 80,
        "comments": [{"section_id": "s1", "text": "Good."}],
        "first": None,
    }

    assert jsonschema_rs.is_valid(full, answer)
    assert jsonschema_rs.is_valid(plain_schema(full), answer)
    assert jsonschema_rs.is_valid(plain_schema(full), minimal_instance(plain_schema(full)))
