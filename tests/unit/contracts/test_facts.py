"""Facts: the small projection of a value that rules and fan-outs look at."""

import pytest

from contracts.content.outline import OutlineSection
from contracts.facts import element, project
from contracts.reference import FactValue
from tests.builders import (
    a_brief,
    a_claim_report,
    a_comment,
    a_review,
    a_topic_label,
    an_outline,
)


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ("risk", "low"),
        ("confidence", 90),
        ("rule", "home: compost"),
    ],
)
def test_a_scalar_is_its_plain_value(fact: str, expected: FactValue) -> None:
    """Text, numbers and members of closed sets come out as plain values."""
    told = project(a_topic_label(), [fact])[fact]

    assert told == expected
    assert type(told) in (str, int)


def test_a_truth_value_stays_one() -> None:
    """A yes or no is told as such, not as a number."""
    assert project(a_comment(blocking=True), ["blocking"]) == {"blocking": True}


def test_nothing_is_told_as_nothing() -> None:
    """A field that holds nothing is told as None."""
    assert project(a_comment(section_id=None), ["section_id"]) == {"section_id": None}


def test_a_path_leads_into_parts() -> None:
    """A path with dots goes through the parts of a value."""
    assert project(a_brief(), ["words.min"]) == {"words.min": 20}


def test_a_list_is_told_by_its_length_or_its_keys() -> None:
    """Of a list the interpreter learns how long it is, or how its elements are called."""
    facts = project(an_outline(), ["len(sections)", "keys(sections.id)"])

    assert facts == {"len(sections)": 3, "keys(sections.id)": ("s1", "s2", "s3")}


def test_an_empty_list_has_length_nought() -> None:
    """Nothing found is a length, not an error."""
    assert project(a_review(), ["len(comments)"]) == {"len(comments)": 0}


@pytest.mark.parametrize(
    ("fact", "error"),
    [
        ("mood", AttributeError),
        ("claims.id", AttributeError),
        ("claims", TypeError),
        ("len(unsupported)", TypeError),
        ("keys(claims.mood)", AttributeError),
    ],
)
def test_a_fact_that_no_value_has_is_an_error(fact: str, error: type[Exception]) -> None:
    """A path that leads nowhere, or to a whole list, is an error and never an empty fact."""
    with pytest.raises(error):
        project(a_claim_report(), [fact])


def test_an_element_is_found_by_its_key() -> None:
    """One instance of a fan-out gets the element that its key names."""
    found = element(an_outline(), "sections", "id", "s2")

    assert isinstance(found, OutlineSection)
    assert found.heading == "A bokashi bucket on a balcony"


def test_an_element_that_is_not_there_is_an_error() -> None:
    """A key that no element has is an error that names list and key."""
    with pytest.raises(LookupError, match="no element of sections has id 's9'"):
        element(an_outline(), "sections", "id", "s9")
