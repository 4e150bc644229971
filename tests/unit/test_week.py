"""How a week of issues is judged."""

import pytest

from tests.week.judging import Issue, broken_promises, table, told_twice

DAY = Issue(
    day="Mon 16 Nov",
    run="r1",
    status="succeeded",
    topics=("heap/hot", "heap/cold"),
    published="one.md",
    gates=("editor ann", "chief_editor cora"),
    escalated=1,
    calls=9,
    counted=8,
    revisions=("1",),
    seconds=2.0,
)
NEXT = DAY.model_copy(
    update={"day": "Tue 17 Nov", "topics": ("heap/worms",), "escalated": 0, "revisions": ("2",)}
)


def test_a_week_that_kept_its_promises_has_nothing_said_against_it() -> None:
    """Two issues, two that asked, one escalation, a changed prompt: all there."""
    assert list(broken_promises([DAY, NEXT], 2)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"topics": ("heap/hot",)}, "told twice: heap/hot"),
        ({"published": ""}, "1 of 2 issues came out"),
        ({"gates": ()}, "fewer than two issues asked a person"),
        ({"revisions": ("1",)}, "the changed prompt was never used"),
        ({"revisions": ("1", "2")}, "prompts changed under an issue that was at work: Tue 17 Nov"),
    ],
)
def test_what_did_not_hold_is_named(change: dict[str, object], said: str) -> None:
    """Each promise that a week breaks is told in its own words."""
    assert list(broken_promises([DAY, NEXT.model_copy(update=change)], 2)) == [said]


def test_the_table_has_a_line_a_day_and_what_a_fault_cost() -> None:
    """Calls beyond those of the cheapest issue stand in a column of their own."""
    head, first, _ = table([DAY, NEXT.model_copy(update={"calls": 8})]).splitlines()

    assert head.split()[:5] == ["day", "told", "gates", "calls", "more"]
    assert "hot, cold" in first
    assert "  9      1  " in first
    assert told_twice([DAY, NEXT]) == ()
