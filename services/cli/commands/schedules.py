"""`orchestra schedules`: flows that are started by themselves."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from contracts.schedule import Overlap, SchedulePreview, ScheduleView
from services.cli import connection, schedule_table
from services.cli.client import Gateway, segment
from services.cli.output import AsJson, say, show, show_json
from services.cli.reading import WrittenFile, read_mapping
from services.cli.schedule_times import (
    Calendars,
    Cron,
    End,
    Every,
    Jitter,
    Offset,
    Skip,
    Start,
    Zone,
    moment,
    times,
)
from services.errors import InputInvalidError
from services.gateway.schedule_replies import (
    BackfillRequested,
    NextTimes,
    ScheduleAdded,
    ScheduleList,
    ScheduleRemoved,
    TriggerRequested,
)

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the schedule: `orchestra schedules list`.")]
Flow = Annotated[str, typer.Argument(help="Name of the flow: `orchestra flows list`.")]
Input = Annotated[
    Path,
    typer.Option(
        "--input",
        "-i",
        help="YAML or JSON file; - for standard input. Texts may hold {{scheduled.date}},"
        " {{scheduled.time}}, {{scheduled.week}}, {{memory.brand.voice.summary}}.",
    ),
]
OverlapOption = Annotated[
    Overlap, typer.Option(help="What happens while an earlier start is at work.")
]
CatchUp = Annotated[
    str, typer.Option(help="What was missed while the server was away is made up for this long.")
]
PauseOnFailure = Annotated[
    bool, typer.Option("--pause-on-failure", help="Pause when a run fails or expires.")
]
AtMost = Annotated[int, typer.Option(min=0, help="Fire no more than so often; 0 for no limit.")]
Note = Annotated[str, typer.Option(help="Why; shown in lists.")]


@app.command("add")
def add_schedule(
    name: Annotated[str, typer.Argument(help="A name for it: lower case, digits, hyphens.")],
    flow: Flow,
    given: Input,
    cron: Cron = None,
    every: Every = "",
    offset: Offset = "",
    calendar: Calendars = None,
    skip: Skip = None,
    zone: Zone = "UTC",
    jitter: Jitter = "",
    start: Start = "",
    end: End = "",
    overlap: OverlapOption = Overlap.SKIP,
    catch_up: CatchUp = "1d",
    pause_on_failure: PauseOnFailure = False,
    at_most: AtMost = 0,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show the next ten times and save nothing.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Change the schedule of this name as a whole.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Save without asking.")] = False,
    idempotency_key: Annotated[
        str, typer.Option(help="The same key with the same content gives the same schedule.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Start a flow by itself. Its next ten times are shown before it is saved.

    Asks before saving on a terminal, unless --yes is given; elsewhere it saves at once.
    """
    written = read_mapping(given)
    content: dict[str, JsonValue] = {
        "flow": flow,
        "input": written.data,
        "times": times(
            cron=cron,
            every=every,
            offset=offset,
            calendar=calendar,
            skip=skip,
            zone=zone,
            jitter=jitter,
            start=start,
            end=end,
        ),
        "overlap": overlap.value,
        "catch_up": catch_up,
        "pause_on_failure": pause_on_failure,
        "at_most": at_most or None,
    }
    with connection.gateway() as gateway:
        shown = _preview(gateway, content, written)
        if preview and as_json:
            show_json(shown)
            return
        if not as_json:
            show(schedule_table.due(shown.next, shown.time_zone))
        if preview or not (yes or _is_wanted(as_json)):
            say("nothing was saved")
            return
        saved = _save(gateway, name, content, replace=replace, key=idempotency_key)
    if as_json:
        show_json(saved)
    else:
        typer.echo(f"schedule {name} fires first at {shown.next[0].local}")


@app.command("list")
def list_schedules(
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    cursor: Annotated[str, typer.Option(help="Where the last page ended.")] = "",
    as_json: AsJson = False,
) -> None:
    """List schedules: when each fires next, how its last run ended, why it is paused."""
    query: dict[str, str | int | bool] = {"limit": limit}
    if cursor:
        query["cursor"] = cursor
    with connection.gateway() as gateway:
        page = gateway.get(ScheduleList, "/schedules", query)
    if as_json:
        show_json(page)
        return
    if not page.schedules:
        say("no schedules; add one with `orchestra schedules add NAME FLOW --input FILE --cron …`")
        return
    show(schedule_table.schedules(page.schedules))
    if page.cursor:
        say(f"more with --cursor {page.cursor}")


@app.command("show")
def show_schedule(name: Name, as_json: AsJson = False) -> None:
    """Show one schedule with its last ten starts."""
    with connection.gateway() as gateway:
        view = gateway.get(ScheduleView, _path(name))
    if as_json:
        show_json(view)
        return
    show(schedule_table.schedule(view))
    if view.recent:
        show("", schedule_table.firings(view.recent))


@app.command("next")
def next_times(name: Name, as_json: AsJson = False) -> None:
    """Show the next ten times, in the schedule's zone and in UTC."""
    with connection.gateway() as gateway:
        found = gateway.get(NextTimes, f"{_path(name)}/next")
    if as_json:
        show_json(found)
        return
    show(schedule_table.due(found.next, found.time_zone))
    if found.paused:
        say(f"it is paused and fires at none of them; `orchestra schedules unpause {name}`")


@app.command("pause")
def pause_schedule(name: Name, note: Note = "", as_json: AsJson = False) -> None:
    """Let a schedule fire no more. Runs that it has started go on."""
    _noted(name, "pause", note, as_json=as_json)


@app.command("unpause")
def unpause_schedule(name: Name, note: Note = "", as_json: AsJson = False) -> None:
    """Let a paused schedule fire again. What was due meanwhile is left to `backfill`."""
    _noted(name, "unpause", note, as_json=as_json)


@app.command("trigger")
def trigger_schedule(
    name: Name,
    overlap: Annotated[
        Overlap | None, typer.Option(help="Instead of the schedule's own policy.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fire now, paused or not."""
    body: JsonValue = {"overlap": overlap.value} if overlap else {}
    with connection.gateway() as gateway:
        told = gateway.post(TriggerRequested, f"{_path(name)}/trigger", body)
    if as_json:
        show_json(told)
    else:
        typer.echo(f"schedule {name} fires; see its run with `orchestra schedules show {name}`")


@app.command("backfill")
def backfill_schedule(
    name: Name,
    first: Annotated[str, typer.Option("--from", help="2026-11-16, or with time; included.")],
    last: Annotated[str, typer.Option("--to", help="A date includes its whole day.")],
    overlap: OverlapOption = Overlap.BUFFER_ALL,
    as_json: AsJson = False,
) -> None:
    """Fire for every time that was due in a period, one after the other.

    Moments are in the schedule's zone unless they name their own. A time that has a run is not run
    again as long as flow and input of the schedule are the same.
    """
    with connection.gateway() as gateway:
        zone = gateway.get(NextTimes, f"{_path(name)}/next").time_zone
        body: JsonValue = {
            "start": moment(first, zone, "--from"),
            "end": moment(last, zone, "--to", last=True),
            "overlap": overlap.value,
        }
        told = gateway.post(BackfillRequested, f"{_path(name)}/backfill", body)
    if as_json:
        show_json(told)
    else:
        typer.echo(f"schedule {name} fires for {told.times} past times")


@app.command("remove")
def remove_schedule(name: Name, as_json: AsJson = False) -> None:
    """Remove a schedule. Runs that it has started go on."""
    with connection.gateway() as gateway:
        told = gateway.delete(ScheduleRemoved, _path(name), {})
    if as_json:
        show_json(told)
    else:
        typer.echo(f"schedule {name} is removed")


def _preview(
    gateway: Gateway, content: dict[str, JsonValue], written: WrittenFile
) -> SchedulePreview:
    try:
        return gateway.post(SchedulePreview, "/schedules/preview", content)
    except InputInvalidError as error:
        inside = tuple(each for each in error.problems if each.pointer.startswith("/input"))
        outside = tuple(each for each in error.problems if each not in inside)
        raise InputInvalidError(str(error), (*outside, *written.locate(inside))) from error


def _is_wanted(as_json: bool) -> bool:
    return as_json or not sys.stdin.isatty() or typer.confirm("save it?", err=True)


def _save(
    gateway: Gateway, name: str, content: dict[str, JsonValue], *, replace: bool, key: str
) -> ScheduleView:
    if replace:
        return gateway.put(ScheduleView, _path(name), content)
    headers = {"Idempotency-Key": key} if key else {}
    added = gateway.post(ScheduleAdded, "/schedules", {"id": name, **content}, headers)
    if added.replayed:
        say(f"schedule {name} was made by an earlier request with this key")
    return added


def _noted(name: str, action: str, note: str, *, as_json: bool) -> None:
    with connection.gateway() as gateway:
        view = gateway.post(ScheduleView, f"{_path(name)}/{action}", {"note": note})
    if as_json:
        show_json(view)
    elif view.paused:
        typer.echo(f"schedule {name} is paused: {view.note}")
    else:
        when = view.next[0].local if view.next else "never again"
        typer.echo(f"schedule {name} fires next at {when}")


def _path(name: str) -> str:
    return f"/schedules/{segment(name)}"
