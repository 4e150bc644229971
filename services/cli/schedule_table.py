"""How schedules look on a terminal."""

from collections.abc import Sequence

from rich.table import Table

from contracts.schedule import DueTime, Firing, ScheduleSummary, ScheduleView, Times
from services.cli.output import clean
from services.cli.tables import pairs, table


def schedules(found: Sequence[ScheduleSummary]) -> Table:
    """List schedules."""
    made = table("SCHEDULE", "FLOW", "NEXT", "LAST RUN", "PAUSED")
    for each in found:
        made.add_row(each.id, each.flow, _next(each), _last(each.last), _paused(each))
    return made


def due(found: Sequence[DueTime], zone: str) -> Table:
    """List times, in UTC and where that is another, in a zone."""
    if zone == "UTC":
        made = table("UTC")
        for each in found:
            made.add_row(_readable(each.at))
        return made
    made = table(clean(zone), "UTC")
    for each in found:
        made.add_row(_readable(each.local), _readable(each.at))
    return made


def schedule(view: ScheduleView) -> Table:
    """Show one schedule."""
    left = "" if view.remaining is None else f", {view.remaining} left"
    counted = f"{view.fired} times{left}, {view.skipped} skipped, {view.missed} missed"
    pausing = ", pauses when one fails" if view.pause_on_failure else ""
    return pairs(
        [
            ("schedule", view.id),
            ("flow", view.flow),
            ("fires", written(view.times)),
            ("paused", _paused(view)),
            ("overlap", f"{view.overlap}, catches up {view.catch_up}{pausing}"),
            ("fired", counted),
            ("created", _readable(view.created_at)),
            ("temporal", view.temporal_url),
        ]
    )


def firings(found: Sequence[Firing]) -> Table:
    """List starts, newest first."""
    made = table("DUE (UTC)", "RUN", "STATUS", "WHY")
    for each in found:
        made.add_row(_readable(each.due_at), each.run, each.status.value, clean(each.reason))
    return made


def written(times: Times) -> str:
    """Say in one line when starts are due, as it was written."""
    parts = [f"cron {each}" for each in times.cron]
    if times.every:
        parts.append(f"every {times.every}" + (f" plus {times.offset}" if times.offset else ""))
    parts += [
        " ".join(f"{name}={value}" for name, value in each.model_dump(exclude_unset=True).items())
        for each in times.calendar
    ]
    told = " and ".join(parts) + f" ({times.time_zone})"
    told += f", later by up to {times.jitter}" if times.jitter else ""
    told += f", from {times.start_at.isoformat()}" if times.start_at else ""
    return told + (f", until {times.end_at.isoformat()}" if times.end_at else "")


def _next(found: ScheduleSummary) -> str:
    if not found.next:
        return "never again"
    zone = "" if found.time_zone == "UTC" else f" {found.time_zone}"
    return f"{_readable(found.next[0].local)}{zone}"


def _last(last: Firing | None) -> str:
    if last is None:
        return "none yet"
    return f"{last.status} {last.run or _readable(last.due_at)}"


def _paused(found: ScheduleSummary) -> str:
    if not found.paused:
        return ""
    return clean(found.note) or "paused"


def _readable(moment: str) -> str:
    """Leave out of RFC 3339 what its column says."""
    return moment[:19].replace("T", " ")
