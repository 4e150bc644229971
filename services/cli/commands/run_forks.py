"""`orchestra runs retry`, `fork` and `move`: a new run goes on from where another one was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from contracts.run import MoveReport
from services.cli import connection, tables
from services.cli.attend import attend
from services.cli.client import Gateway, run_path
from services.cli.connection import settings
from services.cli.exit_code import of_status
from services.cli.output import AsJson, clean, say, show_json
from services.cli.reading import read_mapping, read_text
from services.cli.who import user_name
from services.gateway.replies import RunForked

Run = Annotated[str, typer.Argument(help="Id of the run: `orchestra runs list`.")]
Current = Annotated[
    str,
    typer.Option(
        "--flow-version", help="`current`: go on by the flow as it is offered now, if it fits."
    ),
]
Key = Annotated[str, typer.Option(help="The same key with the same request gives the same run.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show progress to the end.")]


def retry_run(
    run: Run,
    flow_version: Current = "same",
    watch: Watch = False,
    idempotency_key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Go on from where a run failed, in a new run; what was made is taken over and not paid again.

    With --watch it ends as `orchestra run --watch` does.
    """
    body: dict[str, JsonValue] = {"flow_version": flow_version}
    _begin(f"{run_path(run)}/retry", body, idempotency_key, watch=watch, as_json=as_json)


def fork_run(
    run: Run,
    at: Annotated[
        str,
        typer.Option(help="Step or gate to begin at; else the first that a change matters to."),
    ] = "",
    visit: Annotated[
        int | None, typer.Option(min=1, help="Before which visit of it; else the last.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="SLOT=@FILE", help="Another input: YAML or JSON."),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SLOT=@FILE", help="Another value of a slot, by your hand."),
    ] = None,
    prompt: Annotated[
        list[str] | None,
        typer.Option(metavar="AGENT.RUNG=@FILE", help="Other instructions for an agent."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="ALIAS=NAME", help="Another model behind an alias."),
    ] = None,
    flow_version: Current = "same",
    by: Annotated[
        str,
        typer.Option(help="Who begins it; a gate may refuse that its author approves."),
    ] = "",
    watch: Watch = False,
    idempotency_key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Go on from a place on a run's way, in a new run, with something changed or not.

    What was made before is taken over and not paid again. Each change may be given several times.
    With --watch it ends as `orchestra run --watch` does.
    """
    body: dict[str, JsonValue] = {
        "at": at,
        "visit": visit,
        "input": {name: _mapping(text) for name, text in _named("--input", given)},
        "values": {name: _mapping(text) for name, text in _named("--set", value)},
        "prompts": {name: _text(text) for name, text in _named("--prompt", prompt)},
        "models": dict(_named("--model", model)),
        "flow_version": flow_version,
        "by": by,
    }
    _begin(f"{run_path(run)}/fork", body, idempotency_key, watch=watch, as_json=as_json)


def move_run(
    run: Run,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change, or what is in the way.")
    ] = False,
    who: Annotated[str, typer.Option(help="Who moves it; your user name if not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Move a run that waits or is paused to the version of its flow that is on offer now.

    Another run goes on from where it stands, with what it has made; it is cancelled itself.
    """
    body: dict[str, JsonValue] = {"who": who or user_name(), "dry_run": dry_run}
    with connection.gateway() as gateway:
        report = gateway.post(MoveReport, f"{run_path(run)}/move", body)
    if as_json:
        show_json(report)
        return
    versions = f"version {report.from_version} to {report.to_version}"
    otherwise = f"; otherwise from now on: {', '.join(report.agents)}" if report.agents else ""
    would = "would go on" if report.dry_run else f"goes on as {report.moved_to}"
    typer.echo(f"run {run} {would} at {report.place}, from {versions}{otherwise}")


def _begin(path: str, body: dict[str, JsonValue], key: str, *, watch: bool, as_json: bool) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    with connection.gateway() as gateway:
        begun = gateway.post(RunForked, path, body, headers)
        if begun.replayed:
            say(f"run {begun.id} was started by an earlier request with this key")
        if watch:
            _watch(gateway, begun.id, as_json=as_json)
    if as_json:
        show_json(begun)
        return
    of = f"   {clean(tables.origin(begun.of))}" if begun.of else ""
    typer.echo(f"run {begun.id}   {begun.flow}{of}")
    typer.echo(f"see it with `orchestra runs watch {begun.id}`")


def _watch(gateway: Gateway, run: str, *, as_json: bool) -> None:
    view = attend(gateway, run, settings().publish_dir, as_json=as_json, until_gate=False)
    raise typer.Exit(of_status(view.status))


def _named(option: str, given: Sequence[str] | None) -> list[tuple[str, str]]:
    """Split `name=value`.

    Raises:
        typer.BadParameter: there is no name, or no value.
    """
    pairs = []
    for each in given or ():
        name, _, value = each.partition("=")
        if not name or not value:
            raise typer.BadParameter(f"{each!r} is not name=value", param_hint=option)
        pairs.append((name, value))
    return pairs


def _file(text: str) -> Path:
    if not text.startswith("@"):
        raise typer.BadParameter(f"{text!r} names no file; write @FILE, or @- for standard input")
    return Path(text[1:])


def _mapping(text: str) -> JsonValue:
    return read_mapping(_file(text)).data


def _text(text: str) -> JsonValue:
    _, read = read_text(_file(text))
    return read
