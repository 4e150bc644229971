"""`orchestra gates`: see what waits for a person, and decide it."""

from pathlib import Path
from typing import Annotated, Literal, get_args

import typer
from pydantic import JsonValue

from contracts.flow import GateAction
from contracts.run import DecisionReply, GateView, RunView
from services.cli import connection, tables
from services.cli.budget import raised
from services.cli.client import Gateway, run_path, segment
from services.cli.exhibit import exhibit
from services.cli.output import AsJson, plain_data, say, show, show_json
from services.cli.reading import WrittenFile, read_mapping
from services.cli.who import user
from services.errors import ConflictError, InputInvalidError
from services.gateway.replies import GateList

app = typer.Typer(no_args_is_help=True)
Run = Annotated[str, typer.Argument(help="Id of the run: `orchestra gates list`.")]
Gate = Annotated[str, typer.Argument(help="Name of the gate.")]
Verdict = Literal["approve", "edited", "reject"]
Edited = Annotated[
    Path | None, typer.Option(help="With --verdict edited: the whole edited value, YAML or JSON.")
]
Action = Annotated[GateAction | None, typer.Option(help="At a gate that asks about a failure.")]
Supplied = Annotated[
    Path | None,
    typer.Option(help="With --action supply: the value that the step should have made."),
]
NewBudget = Annotated[
    str,
    typer.Option(
        help="With --action raise_budget, `usd=4,working_time=1h`: any of model_calls, tokens,"
        " usd, working_time; what is not named stays."
    ),
]
To = Annotated[
    str, typer.Option(help="With --action go: the step, gate or end where the run goes instead.")
]
Shown = Annotated[
    str, typer.Option(help="Digest of what you saw; without it, it is shown now and taken.")
]


@app.command("list")
def list_gates(
    run: Annotated[str, typer.Option(help="Only those of this run.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the gates that wait for a person."""
    with connection.gateway() as gateway:
        found = gateway.get(GateList, f"{run_path(run)}/gates" if run else "/gates")
    if as_json:
        show_json(found)
    elif found.gates:
        show(tables.gates(found.gates))
    else:
        say("nothing waits for a person")


@app.command("show")
def show_gate(run: Run, gate: Gate, as_json: AsJson = False) -> None:
    """Show what a gate asks about: the text, the claims, the comments, or what has failed."""
    with connection.gateway() as gateway:
        shown = exhibit(gateway, _open_gate(gateway, run, gate))
    if as_json:
        show_json(shown.as_json())
        return
    show(*shown.as_text())
    say("\n" + _how_to_decide(shown.gate))


@app.command("decide")
def decide_gate(
    run: Run,
    gate: Gate,
    verdict: Annotated[Verdict | None, typer.Option(help="At an editor's gate.")] = None,
    edited: Edited = None,
    action: Action = None,
    supplied: Supplied = None,
    budget: NewBudget = "",
    to: To = "",
    shown: Shown = "",
    who: Annotated[str, typer.Option(help="Who decides; your user name if not given.")] = "",
    comment: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    as_json: AsJson = False,
) -> None:
    """Decide at a gate, about exactly the version that was shown."""
    if (verdict is None) == (action is None):
        raise typer.BadParameter(
            "give --verdict at an editor's gate, or --action at a gate about a failure;"
            f" `orchestra gates show {run} {gate}` shows which it is"
        )
    files = {"edited": _read(edited), "supplied": _read(supplied)}
    given = {"verdict": verdict, "action": action, "to": to, "comment": comment}
    with connection.gateway() as gateway:
        body: dict[str, JsonValue] = {
            "shown": shown or _show(gateway, run, gate, as_json=as_json),
            **given,
            "who": who or user(),
            **{name: file.data for name, file in files.items() if file},
            "budget": _budget(gateway, run, budget),
        }
        sent: JsonValue = {name: value for name, value in body.items() if value}
        reply = _send(gateway, run, gate, sent, files)
    if as_json:
        show_json(reply)
    elif reply.delivered:
        typer.echo(f"decided; see the run go on with `orchestra runs watch {run}`")
    else:
        typer.echo("kept: no worker is up, and the run takes the decision when one is")


def _show(gateway: Gateway, run: str, gate: str, *, as_json: bool) -> str:
    """Show what is decided, beside the JSON where that is asked for, and give its digest."""
    found = _open_gate(gateway, run, gate)
    told = exhibit(gateway, found).as_text()
    if as_json:
        say("\n".join(told))
    else:
        show(*told)
    return found.shown


def _open_gate(gateway: Gateway, run: str, gate: str) -> GateView:
    waiting = gateway.get(GateList, f"{run_path(run)}/gates").gates
    for each in waiting:
        if each.gate == gate:
            return each
    names = ", ".join(each.gate for each in waiting)
    other = f"{names} does" if names else "none of its gates does"
    raise ConflictError(f"gate {gate!r} of run {run!r} does not wait for a decision; {other}")


def _how_to_decide(gate: GateView) -> str:
    command = f"orchestra gates decide {gate.run} {gate.gate} --shown {gate.shown}"
    if gate.allow:
        told = f"decide with\n  {command} --action {'|'.join(gate.allow)}"
        return f"{told}\nwith --action go, --to {'|'.join(gate.go)}" if gate.go else told
    verdicts = [each for each in get_args(Verdict) if each != "edited" or gate.edits]
    told = f"decide with\n  {command} --verdict {'|'.join(verdicts)}"
    if gate.edits:
        file = f"{gate.edits}.yaml"
        told += f"\nto edit, begin with\n  orchestra runs context {gate.run} {gate.edits} > {file}"
        told += f"\nand send it with --verdict edited --edited {file}"
    return told


def _send(
    gateway: Gateway,
    run: str,
    gate: str,
    body: JsonValue,
    files: dict[str, WrittenFile | None],
) -> DecisionReply:
    path = f"{run_path(run)}/gates/{segment(gate)}"
    try:
        return gateway.post(DecisionReply, path, body)
    except InputInvalidError as error:
        given = next((file for file in files.values() if file), None)
        problems = given.locate(error.problems) if given else error.problems
        raise InputInvalidError(str(error), problems) from error


def _read(path: Path | None) -> WrittenFile | None:
    return read_mapping(path) if path else None


def _budget(gateway: Gateway, run: str, written: str) -> JsonValue:
    if not written:
        return None
    return plain_data(raised(gateway.get(RunView, run_path(run)).budget, written))
