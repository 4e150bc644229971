"""Turns the times that a person wrote into Temporal's, and names what does not fit."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from temporalio.client import (
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleRange,
    ScheduleSpec,
)

from contracts.duration import seconds
from contracts.schedule import Calendar, Times
from services.errors import InputInvalidError, Problem
from services.runs.inputs import invalid
from services.runs.placeholders import zone_named

_FIRST_HALF: Final = ("jan", "feb", "mar", "apr", "may", "jun")
_SECOND_HALF: Final = ("jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "day_of_month": (1, 31),
    "month": (1, 12),
    "year": (2000, 2100),
    "day_of_week": (0, 6),
}
_NAMES: Final[Mapping[str, Mapping[str, int]]] = {
    "month": {name: number for number, name in enumerate((*_FIRST_HALF, *_SECOND_HALF), start=1)},
    "day_of_week": {name: number for number, name in enumerate(_DAYS)},
}
_RANGE: Final = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_UNITS: Final = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_CRON_FIELDS: Final = (5, 7)
_EXAMPLE: Final = "write five fields as in `0 9 * * mon-fri`: minute, hour, day, month, weekday"


def read_times(times: Times) -> ScheduleSpec:
    """Write times as Temporal takes them.

    What only its server can judge, a day of a cron expression, is found by `Schedules.preview`.

    Raises:
        InputInvalidError: fields do not fit; each is named.
    """
    problems = [*_zone_problems(times), *_form_problems(times), *_cron_problems(times.cron)]
    calendars = _calendars(times.calendar, "/times/calendar", problems)
    skipped = _calendars(times.skip, "/times/skip", problems)
    if problems:
        raise invalid("the times do not fit", problems)
    intervals = []
    if times.every:
        offset = span(times.offset) if times.offset else None
        intervals = [ScheduleIntervalSpec(every=span(times.every), offset=offset)]
    return ScheduleSpec(
        calendars=calendars,
        intervals=intervals,
        cron_expressions=list(times.cron),
        skip=skipped,
        start_at=times.start_at,
        end_at=times.end_at,
        jitter=span(times.jitter) if times.jitter else None,
        time_zone_name=times.time_zone,
    )


def span(written: str) -> timedelta:
    """Read `30m`."""
    return timedelta(seconds=int(str(seconds(written))))


def written(length: timedelta) -> str:
    """Write a length of time as people do: `30m`, in the largest unit that it is whole in."""
    total = int(length.total_seconds())
    unit, size = next((unit, size) for unit, size in _UNITS if total % size == 0)
    return f"{total // size}{unit}"


def refused(times: Times, reason: str) -> InputInvalidError:
    """Name the field that Temporal's server did not take, from the words it has for it."""
    told = reason.removeprefix("Invalid schedule spec: ")
    lowered = told.casefold()
    if "time zone" in lowered or "timezone" in lowered:
        where, remedy = "time_zone", "write an IANA name such as Europe/Berlin"
    elif "calendar" in lowered:
        where, remedy = "calendar", "mend the field"
    elif "interval" in lowered or "phase" in lowered:
        where, remedy = "every", "write an interval of at least 1s"
    else:
        where, remedy = "cron" if times.cron else "calendar", _EXAMPLE
    return invalid("the times do not fit", [Problem(f"/times/{where}", f"{told}; {remedy}")])


def _zone_problems(times: Times) -> list[Problem]:
    try:
        zone_named(times.time_zone)
    except InputInvalidError as error:
        return [Problem("/times/time_zone", each.message) for each in error.problems]
    return []


def _form_problems(times: Times) -> list[Problem]:
    problems = []
    if not (times.cron or times.every or times.calendar):
        problems.append(Problem("/times", "no time is named; give cron, every or calendar"))
    if times.offset and not times.every:
        problems.append(Problem("/times/offset", "it belongs to every, which is missing"))
    if times.offset and times.every and span(times.offset) >= span(times.every):
        problems.append(Problem("/times/offset", f"make it shorter than every, {times.every}"))
    if times.start_at and times.end_at and times.end_at <= times.start_at:
        problems.append(Problem("/times/end_at", "it is not after start_at"))
    return problems


def _cron_problems(written: Sequence[str]) -> list[Problem]:
    problems = []
    for index, each in enumerate(written):
        pointer = f"/times/cron/{index}"
        if "TZ=" in each:
            problems.append(Problem(pointer, "name the zone in time_zone instead"))
        elif each.startswith("@every"):
            problems.append(Problem(pointer, "write the interval in every instead, as in 1h"))
        elif not each.startswith("@") and not _has_fields(each):
            problems.append(
                Problem(pointer, f"{each!r:.60} has {len(each.split())} fields; {_EXAMPLE}")
            )
    return problems


def _has_fields(cron: str) -> bool:
    fewest, most = _CRON_FIELDS
    return fewest <= len(cron.partition("#")[0].split()) <= most


def _calendars(
    written: Sequence[Calendar], pointer: str, problems: list[Problem]
) -> list[ScheduleCalendarSpec]:
    return [_calendar(each, f"{pointer}/{index}", problems) for index, each in enumerate(written)]


def _calendar(written: Calendar, pointer: str, problems: list[Problem]) -> ScheduleCalendarSpec:
    read: dict[str, Sequence[ScheduleRange]] = {}
    for name in _BOUNDS:
        text: str = getattr(written, name)
        try:
            read[name] = [_range(name, each.strip()) for each in text.split(",")]
        except ValueError as error:
            problems.append(Problem(f"{pointer}/{name}", str(error)))
    return ScheduleCalendarSpec(
        second=read.get("second", ()),
        minute=read.get("minute", ()),
        hour=read.get("hour", ()),
        day_of_month=read.get("day_of_month", ()),
        month=read.get("month", ()),
        year=() if written.year == "*" else read.get("year", ()),
        day_of_week=read.get("day_of_week", ()),
    )


def _range(name: str, written: str) -> ScheduleRange:
    """Read one range.

    Raises:
        ValueError: it is none; the message says what would be.
    """
    low, high = _BOUNDS[name]
    match = _RANGE.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r:.40} is no range; write 9, 1-5, 0-30/10 or *")
    every, first, last, step = match.groups()
    start = low if every else _number(name, first)
    end = high if every else _number(name, last or first)
    # As in cron: `5/10` goes on to the end of what there is.
    end = high if step and not every and not last else end
    if not low <= start <= end <= high:
        raise ValueError(f"{written!r:.40} is not within {low} to {high}, the smaller one first")
    return ScheduleRange(start, end, int(step or 1))


def _number(name: str, written: str) -> int:
    known = _NAMES.get(name, {})
    named = known.get(written.casefold())
    if named is not None:
        return named
    if not written.isdecimal() or len(written) > len("2100"):
        names = f" or one of {', '.join(known)}" if known else ""
        raise ValueError(f"{written!r:.40} is no number{names}")
    return int(written)
