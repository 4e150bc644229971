"""Answers: how a model's reply becomes data, or is rejected with its kind and reasons."""

import json

import pytest
from pydantic import Field

from contracts.base import Part
from contracts.content.text import Line
from contracts.failure import FailureKind
from services.agents.answer import read, read_choices, require_known, require_rules
from services.errors import AnswerRejectedError


class Item(Part):
    """One line."""

    text: Line


class Form(Part):
    """What a model is asked for."""

    items: tuple[Item, ...] = Field(min_length=1)


def test_fitting_answer_becomes_data() -> None:
    """A reply that fits is read as it is."""
    assert read('{"items": [{"text": "hello"}]}', Form).items[0].text == "hello"


@pytest.mark.parametrize(
    "text",
    ["", "  \n", '""', "null", "[]", '{"items": []}', '{"items": [{"text": " "}]}'],
)
def test_reply_without_content_is_empty(text: str) -> None:
    """Nothing, blanks and required lists left empty are their own kind of failure."""
    with pytest.raises(AnswerRejectedError) as rejected:
        read(text, Form)

    assert rejected.value.kind is FailureKind.EMPTY


@pytest.mark.parametrize(
    "text",
    [
        "Sure! Here is the outline.",
        "{}",
        '{"items": [{"text": "hello"}], "note": "extra"}',
        '{"items": [{"text": "hello", "id": "e1"}]}',
        '{"items": [{"text": 1}]}',
        '{"items": [{"text": "hello"',
        '```json\n{"items": [{"text": "hello"}]}\n```',
    ],
    ids=["prose", "missing", "extra", "nested extra", "type", "cut", "fenced"],
)
def test_reply_of_another_form_is_malformed(text: str) -> None:
    """What does not fit the schema is rejected, with a reason that names the place."""
    with pytest.raises(AnswerRejectedError) as rejected:
        read(text, Form)

    assert rejected.value.kind is FailureKind.MALFORMED
    assert rejected.value.reasons


def test_reasons_stay_short_for_a_huge_reply() -> None:
    """A reply of megabytes does not come back to the model as megabytes of reasons."""
    huge = json.dumps({f"{'k' * 5_000}{number}": 1 for number in range(500)})

    with pytest.raises(AnswerRejectedError) as rejected:
        read(huge, Form)

    assert len(rejected.value.reasons) <= 20
    assert max(map(len, rejected.value.reasons)) <= 300


def test_choice_is_one_of_the_options() -> None:
    """Every key gets one of its own options."""
    assert read_choices('{"s1": "a"}', {"s1": ["a", "b"]}) == {"s1": "a"}


@pytest.mark.parametrize("text", ['{"s1": "c"}', "{}", '{"s1": "a", "s2": "a"}', '{"s1": 1}'])
def test_choice_of_something_else_is_malformed(text: str) -> None:
    """A strange option, a missing key and a strange key are rejected."""
    with pytest.raises(AnswerRejectedError) as rejected:
        read_choices(text, {"s1": ["a", "b"]})

    assert rejected.value.kind is FailureKind.MALFORMED


def test_unknown_id_is_malformed_and_named() -> None:
    """The reason lists what was named and what there is."""
    with pytest.raises(AnswerRejectedError) as rejected:
        require_known(["e1", "e9"], ["e1", "e2"], "evidence_ids")

    assert rejected.value.reasons == ("evidence_ids: e9 is none of e1, e2",)


def test_broken_rules_are_all_reported() -> None:
    """A model sees everything it has to mend at once."""
    with pytest.raises(AnswerRejectedError) as rejected:
        require_rules(["too long", "too short"], "section")

    assert rejected.value.kind is FailureKind.RULE_BROKEN
    assert rejected.value.reasons == ("too long", "too short")
