"""`orchestra runs`: look at runs, fetch their results, steer them, go on from them."""

import sys
import time
from typing import Annotated

import typer
from pydantic import JsonValue
from ruamel.yaml import YAML

from contracts.event import Event, EventKind
from contracts.run import RunStatus, RunView
from services.cli import connection, tables
from services.cli.attend import attend
from services.cli.client import Gateway, run_path
from services.cli.commands.run import Until
from services.cli.commands.run_diff import diff_runs
from services.cli.commands.run_forks import fork_run, move_run, retry_run
from services.cli.commands.runs_at_once import cancel_runs, rerun_runs
from services.cli.connection import settings
from services.cli.exit_code import of_status
from services.cli.lines import clock, explain, shorten, spent
from services.cli.output import AsJson, clean, say, show, show_json
from services.cli.stream import told_by
from services.cli.timeline import in_all, timeline
from services.cli.who import user_name
from services.errors import NotFoundError
from services.gateway.replies import HandOffList, RunContext, RunList, StepList

app = typer.Typer(no_args_is_help=True)
app.command("retry")(retry_run)
app.command("fork")(fork_run)
app.command("move")(move_run)
app.command("diff")(diff_runs)
app.command("rerun")(rerun_runs)
app.command("cancel-many")(cancel_runs)
Who = Annotated[str, typer.Option(help="Who says so; else whoever is logged in.")]
Note = Annotated[str, typer.Option(help="Why, for whoever wonders.")]
Run = Annotated[str, typer.Argument(help="Id of the run: `orchestra runs list`.")]


@app.command("list")
def list_runs(
    flow: Annotated[str, typer.Option(help="Only runs of this flow.")] = "",
    status: Annotated[RunStatus | None, typer.Option(help="Only runs that stand so.")] = None,
    needs_person: Annotated[
        bool, typer.Option("--needs-person", help="Only runs that wait for a person.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    cursor: Annotated[str, typer.Option(help="Where the last page ended.")] = "",
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    query: dict[str, str | int | bool] = {"limit": limit}
    given = {"flow": flow, "status": status.value if status else "", "cursor": cursor}
    query |= {name: value for name, value in given.items() if value}
    if needs_person:
        query["needs_person"] = True
    with connection.gateway() as gateway:
        page = gateway.get(RunList, "/runs", query)
    if as_json:
        show_json(page)
        return
    if not page.runs:
        say("no runs; start one with `orchestra run FLOW --input FILE`")
        return
    show(tables.runs(page.runs))
    if page.cursor:
        say(f"more with --cursor {page.cursor}")


@app.command("show")
def show_run(run: Run, as_json: AsJson = False) -> None:
    """Show one run: how it stands, what it spent, why it failed, its steps and waits in time."""
    with connection.gateway() as gateway:
        view = gateway.get(RunView, run_path(run))
        steps = () if as_json else gateway.get(StepList, f"{run_path(run)}/steps").steps
    if as_json:
        show_json(view)
        return
    show(tables.run(view))
    if view.failure:
        show(*(f"  {shorten(told)}" for told in explain(view.failure)))
    if steps:
        now_ms = int(time.time() * 1000)
        show("", timeline(steps, now_ms), in_all(steps, now_ms))


@app.command("watch")
def watch_run(run: Run, until: Until = "end", as_json: AsJson = False) -> None:
    """Show a run's progress from where it stands; ends as `orchestra run --watch` does."""
    found = settings()
    with Gateway(found.gateway_url) as gateway:
        view = attend(gateway, run, found.publish_dir, as_json=as_json, until_gate=until == "gate")
    raise typer.Exit(of_status(view.status))


@app.command("result")
def show_result(
    run: Run,
    as_json: AsJson = False,
) -> None:
    """Print what a run that succeeded has made, as YAML or JSON."""
    with connection.gateway() as gateway:
        value = gateway.get_json(f"{run_path(run)}/result")
    if as_json:
        show_json(value)
    else:
        _write_yaml(value)


@app.command("steps")
def show_steps(run: Run, as_json: AsJson = False) -> None:
    """List a run's pieces of work, in the order they began."""
    with connection.gateway() as gateway:
        found = gateway.get(StepList, f"{run_path(run)}/steps")
    if as_json:
        show_json(found)
        return
    show(tables.steps(found.steps))


@app.command("handoffs")
def show_hand_offs(run: Run, as_json: AsJson = False) -> None:
    """List the borders a run has crossed: by which rule, and what went over."""
    with connection.gateway() as gateway:
        found = gateway.get(HandOffList, f"{run_path(run)}/handoffs")
    if as_json:
        show_json(found)
        return
    show(tables.hand_offs(found.hand_offs))


@app.command("context")
def show_context(
    run: Run,
    slot: Annotated[
        str | None, typer.Argument(help="Print what this slot holds now, as YAML or JSON.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what a run knows, every version of it; or print the value of one slot."""
    with connection.gateway() as gateway:
        found = gateway.get(RunContext, f"{run_path(run)}/context")
        value = _value(gateway, run, found, slot) if slot else None
    if slot is None and as_json:
        show_json(found)
    elif slot is None:
        show(tables.context(found.slots))
    elif as_json:
        show_json(value)
    else:
        _write_yaml(value)


@app.command("events")
def show_events(
    run: Run,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run ends or you press Ctrl-C.")
    ] = False,
    text: Annotated[bool, typer.Option("--text", help="Models' text as it streams, too.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document a line and nothing else.")
    ] = False,
) -> None:
    """Print a run's events from its beginning."""
    with connection.gateway() as gateway:
        for event in told_by(gateway, run_path(run), follow=follow):
            if event.kind is EventKind.TEXT and not text:
                continue
            typer.echo(event.model_dump_json(exclude_defaults=True) if as_json else _told(event))


@app.command("cancel")
def cancel_run(run: Run, as_json: AsJson = False) -> None:
    """Ask a run to stop. What it has made so far is kept."""
    with connection.gateway() as gateway:
        gateway.tell(f"{run_path(run)}/cancel")
    if as_json:
        show_json({"id": run, "cancelling": True})
    else:
        typer.echo(f"run {run} was asked to stop")


@app.command("pause")
def pause_run(run: Run, who: Who = "", note: Note = "", as_json: AsJson = False) -> None:
    """Hold a run up. What is at work ends and is kept, and nothing new begins."""
    _steer(run, "pause", who, note, as_json=as_json)


@app.command("resume")
def resume_run(run: Run, who: Who = "", note: Note = "", as_json: AsJson = False) -> None:
    """Let a paused run go on."""
    _steer(run, "resume", who, note, as_json=as_json)


def _steer(run: str, what: str, who: str, note: str, *, as_json: bool) -> None:
    with connection.gateway() as gateway:
        gateway.tell(f"{run_path(run)}/{what}", {"who": who or user_name(), "note": note})
    if as_json:
        show_json({"id": run, "told": what})
    else:
        typer.echo(f"run {run} was told to {what}")


def _value(gateway: Gateway, run: str, context: RunContext, wanted: str) -> JsonValue:
    """Fetch what a slot holds now; a list slot gives all its items."""
    for slot in context.slots:
        if slot.slot == wanted and slot.versions:
            latest = slot.versions[-1].ordinal
            held = [each for each in slot.versions if each.ordinal == latest]
            values = [gateway.get_json(f"{run_path(run)}/values/{each.digest}") for each in held]
            return values if slot.type.startswith("[") else values[0]
    known = ", ".join(slot.slot for slot in context.slots if slot.versions)
    raise NotFoundError(f"run {run!r} holds no {wanted!r}; it holds {known}")


def _write_yaml(value: JsonValue) -> None:
    yaml = YAML()
    yaml.default_flow_style = False
    # Broken lines would be harder to edit, and leave spaces at their ends.
    yaml.width = 10_000
    yaml.dump(value, sys.stdout)


def _told(event: Event) -> str:
    """Write one event in one line."""
    place = event.step + (f"/{event.item}" if event.item else "")
    way = f"→ {event.to}" if event.to else ""
    rule = f"({event.rule})" if event.rule else ""
    made = " ".join(each.version for each in event.references)
    failure = f"{event.failure.kind}: {event.failure.message}" if event.failure else ""
    cost = spent(event.usage) if event.usage else ""
    parts = (place, way, rule, event.outcome, failure, event.text, made, cost)
    told = " ".join(part for part in parts if part)
    return clean(f"{clock(event.at_ms)}  {event.seq:>3} {event.kind:<16} {told}")
