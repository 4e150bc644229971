"""Times as people write them become Temporal's, or are refused field by field."""

import pytest
from temporalio.client import ScheduleRange

from contracts.schedule import Calendar, Times
from services.errors import InputInvalidError
from services.schedules.spec import read_times, span, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon-fri", [ScheduleRange(1, 5, 1)]),
        ("SUN", [ScheduleRange(0, 0, 1)]),
        ("1,3,5", [ScheduleRange(1, 1, 1), ScheduleRange(3, 3, 1), ScheduleRange(5, 5, 1)]),
        ("*", [ScheduleRange(0, 6, 1)]),
        ("*/2", [ScheduleRange(0, 6, 2)]),
        ("2/2", [ScheduleRange(2, 6, 2)]),
        ("1-5/2", [ScheduleRange(1, 5, 2)]),
    ],
)
def test_ranges_are_read_as_in_cron(text: str, expected: list[ScheduleRange]) -> None:
    """Names, lists, ranges and steps mean what they mean in cron."""
    spec = read_times(Times(calendar=(Calendar(hour="9", day_of_week=text),)))

    assert list(spec.calendars[0].day_of_week) == expected
    assert list(spec.calendars[0].hour) == [ScheduleRange(9, 9, 1)]


@pytest.mark.parametrize(
    ("times", "pointers"),
    [
        (Times(), ["/times"]),
        (Times(offset="5m"), ["/times", "/times/offset"]),
        (Times(every="1h", offset="1h"), ["/times/offset"]),
        (Times(cron=("9 * *",)), ["/times/cron/0"]),
        (Times(cron=("CRON_TZ=UTC 0 9 * * *",)), ["/times/cron/0"]),
        (Times(cron=("0 9 * * *", "@every 1h")), ["/times/cron/1"]),
        (Times(every="1h", time_zone="Mars/Olympus"), ["/times/time_zone"]),
        (Times(every="1h", skip=(Calendar(month="13"),)), ["/times/skip/0/month"]),
        (Times(calendar=(Calendar(hour="17-9"),)), ["/times/calendar/0/hour"]),
        (
            Times(calendar=(Calendar(minute="x", month="febtember"),)),
            ["/times/calendar/0/minute", "/times/calendar/0/month"],
        ),
    ],
)
def test_what_does_not_fit_is_named(times: Times, pointers: list[str]) -> None:
    """Every field that is wrong is told at once, each by its place."""
    with pytest.raises(InputInvalidError) as refused:
        read_times(times)

    assert [each.pointer for each in refused.value.problems] == pointers


@pytest.mark.parametrize("text", ["1s", "90s", "30m", "36h", "7d"])
def test_lengths_are_written_as_they_are_read(text: str) -> None:
    """A length of time reads back as it was written, in the largest unit that fits."""
    assert written(span(text)) == text
