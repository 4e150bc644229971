"""What a person writes about times on a command line, and how schedules and batches are shown."""

import pytest
import typer

from contracts.batch import BatchState
from contracts.schedule import Calendar, Times
from services.cli.batch_table import progress
from services.cli.exit_code import ExitCode, of_batch
from services.cli.schedule_table import written
from services.cli.schedule_times import moment, times


@pytest.mark.parametrize(
    ("text", "last", "expected"),
    [
        ("2026-12-01", False, "2026-12-01T00:00:00+01:00"),
        ("2026-12-01", True, "2026-12-01T23:59:59+01:00"),
        ("2026-07-01T09:30", True, "2026-07-01T09:30:00+02:00"),
        ("2026-12-01T09:00Z", False, "2026-12-01T09:00:00+00:00"),
    ],
)
def test_moments_are_read_in_the_zone(text: str, last: bool, expected: str) -> None:
    """A date begins, or as a last one ends, in the schedule's zone, unless it names its own."""
    assert moment(text, "Europe/Berlin", "--to", last=last) == expected


@pytest.mark.parametrize(("text", "zone"), [("tomorrow", "UTC"), ("2026-12-01", "Mars/Olympus")])
def test_what_is_no_moment_is_refused(text: str, zone: str) -> None:
    """The option is named with what could be written there."""
    with pytest.raises(typer.BadParameter, match=r"2026-12-01|Europe/Berlin"):
        moment(text, zone, "--from")


def test_times_leave_out_what_is_not_given() -> None:
    """What the gateway is sent holds what was written, and calendars field by field."""
    found = times(
        cron=["0 9 * * mon"],
        every="",
        offset="",
        calendar=["hour=9 day_of_week=mon-fri"],
        skip=None,
        zone="UTC",
        jitter="5m",
        start="",
        end="2026-12-01",
    )

    assert found == {
        "cron": ["0 9 * * mon"],
        "calendar": [{"hour": "9", "day_of_week": "mon-fri"}],
        "time_zone": "UTC",
        "jitter": "5m",
        "end_at": "2026-12-01T23:59:59+00:00",
    }


@pytest.mark.parametrize("text", ["hours=9", "hour", "hour="])
def test_a_calendar_is_written_field_by_field(text: str) -> None:
    """A field that does not exist is refused with those that do."""
    with pytest.raises(typer.BadParameter, match="day_of_month"):
        times(
            cron=None,
            every="",
            offset="",
            calendar=[text],
            skip=None,
            zone="UTC",
            jitter="",
            start="",
            end="",
        )


def test_times_are_told_as_they_were_written() -> None:
    """One line says when a schedule fires, in the words of its author."""
    found = Times(
        cron=("0 9 * * mon",),
        every="6h",
        offset="5m",
        calendar=(Calendar(hour="17"),),
        time_zone="Europe/Berlin",
        jitter="2m",
    )

    assert written(found) == (
        "cron 0 9 * * mon and every 6h plus 5m and hour=17 (Europe/Berlin), later by up to 2m"
    )


def test_the_progress_of_a_batch_is_one_line() -> None:
    """How many rows are done, how they ended, how many are at work and how many wait."""
    state = BatchState(
        outcomes={"failed": 1, "succeeded": 1200}, running={"3": "a", "4": "b"}, waiting=5
    )

    assert progress(state, 1208) == (
        "1,201 of 1,208 done: 1 failed, 1,200 succeeded, 2 at work, 5 wait"
    )
    assert progress(BatchState(), 3) == "0 of 3 done"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("succeeded", ExitCode.OK),
        ("failed", ExitCode.FAILED),
        ("cancelled", ExitCode.CANCELLED),
    ],
)
def test_a_script_can_tell_how_a_batch_ended(status: str, code: ExitCode) -> None:
    """A batch that was watched ends the program by its outcome."""
    assert of_batch(status) is code
