"""What contracts take: exact types always, unknown fields only from storage."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.base import Contract, Part
from contracts.content.brief import Brief
from contracts.content.draft import Draft
from contracts.content.topic import TopicLabel
from tests.builders import a_brief, a_draft, a_topic_label


def _json(value: Part, **changes: Any) -> str:
    return json.dumps({**value.model_dump(mode="json"), **changes})


@pytest.mark.parametrize(
    "words",
    [{"min": "20", "max": 200}, {"min": 20.5, "max": 200}, {"min": True, "max": 200}, None],
)
def test_numbers_are_never_guessed(words: object) -> None:
    """A number in quotes, a fraction, a truth value or null is no whole number."""
    with pytest.raises(ValidationError, match="words"):
        Brief.decode(_json(a_brief(), words=words))


def test_a_word_outside_a_closed_set_is_refused() -> None:
    """An enum takes the words it lists and no other spelling of them."""
    with pytest.raises(ValidationError, match="'low', 'medium' or 'high'"):
        TopicLabel.decode(_json(a_topic_label(), risk="LOW"))


def test_storage_may_know_more_than_we_do() -> None:
    """Fields that a newer worker wrote are passed over, at every level."""
    draft = a_draft()
    stored = json.loads(draft.encode())
    stored["tone"] = "dry"
    stored["sections"][0]["mood"] = "grey"

    assert Draft.decode(json.dumps(stored)) == draft


@pytest.mark.parametrize("place", ["tone", "sections"])
def test_the_edge_refuses_what_it_does_not_know(place: str) -> None:
    """A body or a model's reply with a field that no contract has is refused, at every level."""
    body = json.loads(a_draft().encode())
    body["sections"][0]["mood"] = "grey"
    misspelt = {**body, "tone": "dry"} if place == "tone" else body

    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Draft.model_validate_json(json.dumps(misspelt), extra="forbid")


def test_a_value_never_changes() -> None:
    """Contracts are frozen: whoever wants another value makes another value."""
    brief = a_brief()

    with pytest.raises(ValidationError, match="frozen"):
        brief.title = "Another"  # type: ignore[misc]  # the point


@pytest.mark.parametrize("stored", [b"", b"null", b"[]", b'"text"', b"{", b"\xff\xfe"])
def test_bytes_that_are_no_object_are_refused(stored: bytes) -> None:
    """Whatever is not a JSON object of the contract is refused, never read as an empty one."""
    with pytest.raises(ValidationError):
        Brief.decode(stored)


def test_half_a_character_is_no_text() -> None:
    """A lone surrogate is refused on the way in: UTF-8 could not store it."""
    with pytest.raises(ValidationError, match="unicode"):
        a_brief(title="\ud800")


def test_a_contract_states_its_version() -> None:
    """A contract class without a version does not come into being."""
    with pytest.raises(TypeError, match=r"class Nameless\(…, version=1\)"):

        class Nameless(Contract):
            pass


def test_an_old_version_keeps_its_name() -> None:
    """An older version lives beside the current one under the same contract name."""

    class BriefOfOld(Contract, version=7, name="Brief"):
        title: str

    assert (BriefOfOld.key(), Brief.key()) == ("Brief@7", "Brief@1")
