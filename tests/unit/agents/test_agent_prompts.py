"""Prompts: files with named places, filled exactly."""

import pytest

from services.agents.prompts import fill, places, prompt
from services.errors import AuthorError


def test_places_are_filled() -> None:
    """Each place gets its value; a doubled sign is the sign itself."""
    assert fill("Write $words words for $$5.", {"words": "40"}) == "Write 40 words for $5."


@pytest.mark.parametrize(
    ("text", "values"),
    [("Write $words.", {}), ("Write.", {"words": "40"}), ("Pay $ 5.", {})],
    ids=["missing", "unknown", "no name"],
)
def test_place_and_value_have_to_match(text: str, values: dict[str, str]) -> None:
    """A place without a value, a value without a place and a stray sign are the author's errors."""
    with pytest.raises(AuthorError):
        fill(text, values)


def test_value_is_not_filled_again() -> None:
    """A place inside a value stays text: values cannot reach other values."""
    assert fill("$one", {"one": "$two"}) == "$two"


def test_missing_prompt_is_named() -> None:
    """The error says which file to add."""
    with pytest.raises(AuthorError, match=r"planner\.nowhere\.md"):
        prompt("planner", "nowhere")


def test_places_are_listed() -> None:
    """A prompt tells which places it has."""
    assert places("$one and ${two}") == {"one", "two"}
