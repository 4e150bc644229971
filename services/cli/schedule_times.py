"""Reads the times of a schedule from a command line, and moments that a person wrote."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from pydantic import JsonValue

from contracts.schedule import Calendar

Cron = Annotated[
    list[str] | None,
    typer.Option(help="`0 9 * * mon-fri`: minute, hour, day, month, weekday. May be repeated."),
]
Every = Annotated[str, typer.Option(help="An interval: 90s, 30m, 6h, 7d.")]
Offset = Annotated[str, typer.Option(help="With --every: by how much each time is later.")]
Calendars = Annotated[
    list[str] | None,
    typer.Option(
        help="`hour=9 day_of_week=mon-fri`: second, minute, hour, day_of_month, month, year,"
        " day_of_week. May be repeated."
    ),
]
Skip = Annotated[
    list[str] | None,
    typer.Option(help="As --calendar: times that are left out. May be repeated."),
]
Zone = Annotated[str, typer.Option(help="Time zone of --cron and --calendar, Europe/Berlin.")]
Jitter = Annotated[str, typer.Option(help="Each start is later by chance, by this at most: 5m.")]
Start = Annotated[str, typer.Option(help="Not before: 2026-12-01, or with time.")]
End = Annotated[str, typer.Option(help="Not after: a date includes its whole day.")]

_FIELDS: Final = tuple(Calendar.model_fields)


def times(
    *,
    cron: Sequence[str] | None,
    every: str,
    offset: str,
    calendar: Sequence[str] | None,
    skip: Sequence[str] | None,
    zone: str,
    jitter: str,
    start: str,
    end: str,
) -> dict[str, JsonValue]:
    """Build the times of a schedule; what is not given is left out.

    Raises:
        typer.BadParameter: something is written otherwise than it should be.
    """
    given: dict[str, JsonValue] = {
        "cron": list(cron or ()),
        "every": every,
        "offset": offset,
        "calendar": [_calendar(each, "--calendar") for each in calendar or ()],
        "skip": [_calendar(each, "--skip") for each in skip or ()],
        "time_zone": zone,
        "jitter": jitter,
        "start_at": moment(start, zone, "--start") if start else "",
        "end_at": moment(end, zone, "--end", last=True) if end else "",
    }
    return {name: value for name, value in given.items() if value}


def moment(written: str, zone: str, option: str, *, last: bool = False) -> str:
    """Read a date or a time, in a zone unless it names its own; a last date takes its whole day.

    Raises:
        typer.BadParameter: it is neither, or there is no such zone.
    """
    try:
        found = datetime.fromisoformat(written)
        if last and len(written) == len("2026-12-01"):
            found = datetime.combine(found, time(23, 59, 59))
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).isoformat()
    except ZoneInfoNotFoundError as error:
        raise typer.BadParameter(f"--zone {zone!r} is no time zone; write Europe/Berlin") from error
    except ValueError as error:
        raise typer.BadParameter(
            f"{option} {written!r} is no moment; write 2026-12-01 or 2026-12-01T09:00"
        ) from error


def _calendar(written: str, option: str) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for each in written.split():
        name, _, value = each.partition("=")
        if name not in _FIELDS or not value:
            raise typer.BadParameter(
                f"{option} {each!r}: write field=value with {', '.join(_FIELDS)}"
            )
        found[name] = value
    return found
