"""A run as a timeline: its work side by side, its waits told and not drawn to scale."""

import pytest

from contracts.failure import Failure, FailureKind
from contracts.run import StepStatus, StepView
from services.cli.output import console
from services.cli.timeline import COLUMNS, in_all, lasting, timeline

DAY = 86_400_000
BEGIN = 1_795_424_400_000
"""23 November 2026, 09:00 UTC."""


def _step(
    name: str,
    began: int,
    ended: int | None,
    status: StepStatus = StepStatus.COMPLETED,
    item: str = "",
    failure: Failure | None = None,
) -> StepView:
    return StepView(
        seq=1,
        step=name,
        visit=1,
        item=item,
        status=status,
        started_ms=BEGIN + began,
        ended_ms=None if ended is None else BEGIN + ended,
        failure=failure,
    )


def _drawn(*steps: StepView, now: int = 40 * DAY) -> list[str]:
    shown = console()
    with shown.capture() as captured:
        shown.print(timeline(steps, BEGIN + now))
    return [line.rstrip() for line in captured.get().splitlines()[1:]]


def test_a_long_wait_leaves_the_work_readable() -> None:
    """Two steps of a second each, thirty days apart, are drawn half and half."""
    write, approve, publish = _drawn(
        _step("write", 0, 1000),
        _step("approve", 1000, 30 * DAY, StepStatus.DECIDED),
        _step("publish", 30 * DAY, 30 * DAY + 1000),
    )

    assert write.count("█") == publish.count("█") == COLUMNS // 2
    assert "29d 23h" in approve
    assert "█" not in approve
    assert publish.startswith("23 Dec 09:00:00")


def test_steps_at_once_stand_below_each_other() -> None:
    """What is worked on at the same time begins in the same column."""
    one, other = _drawn(_step("one", 0, 4000), _step("other", 0, 2000))

    assert one.index("█") == other.index("█")
    assert (one.count("█"), other.count("█")) == (COLUMNS, COLUMNS // 2)


def test_the_items_of_a_fan_out_are_one_line() -> None:
    """Items are counted; one that failed is what the line tells."""
    told = Failure(kind=FailureKind.EMPTY, message="nothing came")
    [line] = _drawn(
        _step("write", 0, 1000, item="s1"),
        _step("write", 500, 2000, StepStatus.FAILED, item="s2", failure=told),
    )

    assert "write x2" in line
    assert line.endswith("2.0s  failed: empty")


def test_what_is_not_over_lasts_until_now() -> None:
    """An open gate tells how long it has waited, and that it waits."""
    [line] = _drawn(_step("approve", 0, None, StepStatus.WAITING), now=2 * DAY)

    assert line.endswith("2d 0h  waits for a person")


def test_work_and_waiting_are_told_apart_in_all() -> None:
    """The last line says how long the run worked, and how long people took."""
    steps = [
        _step("write", 0, 1500),
        _step("approve", 1500, 3_600_000 + 1500, StepStatus.DECIDED),
        _step("publish", 3_600_000 + 1500, 3_600_000 + 2000),
    ]

    assert in_all(steps, BEGIN) == "worked 2.0s, waited 1h 0m for people"
    assert in_all(steps[:1], BEGIN) == "worked 1.5s"
    assert in_all([], BEGIN) == ""


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [
        (0, "0.0s"),
        (59_949, "59.9s"),
        (60_000, "1m 0s"),
        (3_661_000, "1h 1m"),
        (30 * DAY + 7_200_000, "30d 2h"),
    ],
)
def test_a_duration_has_its_two_largest_units(milliseconds: int, told: str) -> None:
    """Nobody counts the seconds of a month."""
    assert lasting(milliseconds) == told
