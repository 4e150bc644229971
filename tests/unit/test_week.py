"""How a week of issues is judged and told."""

import pytest

from tests.week.judging import Event, Issue, broken_promises, sums, told_twice
from tests.week.telling import numbers, table

DAY = Issue(
    day="Mon 16 Nov",
    run="r1",
    status="succeeded",
    topics=("heap/hot", "heap/cold"),
    titles=("A hot heap", "A cold heap"),
    published="one.md",
    gates=("lead: ann as editor", "issue: cora as chief_editor"),
    escalated=1,
    calls=9,
    lost=2,
    counted=9,
    revisions=("1",),
    builds=("build-1",),
    event=Event(told="worker-2 killed", workers_killed=1),
    seconds=2.0,
)
NEXT = DAY.model_copy(
    update={
        "day": "Tue 17 Nov",
        "topics": ("heap/worms",),
        "titles": ("Worms",),
        "escalated": 0,
        "calls": 7,
        "lost": 0,
        "revisions": ("2",),
        "builds": ("build-2",),
        "event": Event(told="memory wiped", keys_wiped=5),
    }
)


def test_a_week_that_kept_its_promises_has_nothing_said_against_it() -> None:
    """Two issues with their people, faults and a deploy; nothing is missing."""
    assert list(broken_promises([DAY, NEXT], 2)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"topics": ("heap/hot",)}, "told twice: heap/hot"),
        ({"topics": ()}, "told nothing: Tue 17 Nov"),
        ({"published": ""}, "1 of 2 issues came out"),
        ({"status": "failed"}, "1 of 2 issues came out"),
        ({"gates": ()}, "fewer than 2 issues asked a person"),
        ({"event": Event()}, "no memory was wiped"),
        ({"revisions": ("1",)}, "the changed prompt was never used"),
        ({"builds": ("build-1",)}, "the new build took no run"),
        ({"revisions": ("1", "2")}, "prompts changed under an issue that was at work: Tue 17 Nov"),
        (
            {"builds": ("build-1", "build-2")},
            "an issue did not end on the build that began it: Tue 17 Nov",
        ),
        ({"calls": 6}, "Mon 16 Nov paid 3 calls again, and the answers to 2 were lost"),
    ],
)
def test_what_did_not_hold_is_named(change: dict[str, object], said: str) -> None:
    """Each promise that a week breaks is told in its own words."""
    assert list(broken_promises([DAY, NEXT.model_copy(update=change)], 2)) == [said]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"escalated": 0}, "no gate was escalated"),
        ({"event": Event()}, "no worker was killed"),
    ],
)
def test_what_never_happened_is_named(change: dict[str, object], said: str) -> None:
    """A week in which nothing went wrong proves nothing, and is not taken for one that did."""
    assert list(broken_promises([DAY.model_copy(update=change), NEXT], 2)) == [said]


def test_the_table_has_a_line_a_day_and_what_a_fault_cost() -> None:
    """Calls beyond those of the cheapest issue stand in a column of their own."""
    head, first, second = table([DAY, NEXT]).splitlines()

    assert head.split()[-7:] == ["calls", "again", "lost", "build", "prompts", "s", "meanwhile"]
    assert "A hot heap; A cold heap" in first
    assert "  9      2      2     build-1  1  " in first
    assert first.endswith("issue: cora as chief_editor; worker-2 killed")
    assert "  7      0      0     build-2  2  " in second


def test_a_week_is_added_up() -> None:
    """What counts of a week is one number each."""
    week = sums([DAY, NEXT])

    assert told_twice([DAY, NEXT]) == ()
    assert (week.issues, week.topics, week.decisions, week.escalations) == (2, 3, 4, 1)
    assert (week.model_calls, week.calls_paid_again) == (16, 2)
    assert "model calls           16, paid again 2" in numbers([DAY, NEXT]).splitlines()
