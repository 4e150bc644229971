"""`orchestra gates`: see what waits for a person, and decide it."""

import re
from pathlib import Path
from typing import Annotated, Final, Literal

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
from services.cli.who import user_name
from services.errors import InputInvalidError
from services.gateway.replies import GateList

app = typer.Typer(no_args_is_help=True)
Run = Annotated[str, typer.Argument(help="Id of the run: `orchestra gates list`.")]
Gate = Annotated[str, typer.Argument(help="Name of the gate.")]
Verdict = Literal["approve", "edited", "reject", "revise"]
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
Ask = Annotated[
    list[str] | None,
    typer.Option(
        help="What has to change, `s2: name the source`, or without a section; again for more."
        " With --verdict revise a reviser answers each."
    ),
]
Suggest = Annotated[
    list[str] | None, typer.Option(help="The same, and it may go out without; again for more.")
]
AsRole = Annotated[
    str, typer.Option("--role", help="As whom you decide, where several have to approve.")
]
_SECTION: Final = re.compile(r"(s[1-9][0-9]*):\s*(.+)", re.DOTALL)
Shown = Annotated[
    str, typer.Option(help="Digest of what you saw; without it, it is shown now and taken.")
]


@app.command("list")
def list_gates(
    run: Annotated[str, typer.Option(help="Only those of this run.")] = "",
    flow: Annotated[str, typer.Option(help="Only those of runs of this flow.")] = "",
    role: Annotated[str, typer.Option(help="Only those that ask this role now.")] = "",
    unseen_by: Annotated[
        str, typer.Option(help="Only those that this person has not looked at as they are now.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most.")] = 50,
    cursor: Annotated[str, typer.Option(help="Where to go on: as the list before said.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the gates that wait for a person, the earliest deadline first."""
    asked = {"flow": flow, "role": role, "unseen_by": unseen_by, "cursor": cursor}
    query: dict[str, str | int | bool] = {name: each for name, each in asked.items() if each}
    with connection.gateway() as gateway:
        if run:
            found = gateway.get(GateList, f"{run_path(run)}/gates")
        else:
            found = gateway.get(GateList, "/gates", {**query, "limit": limit})
    if as_json:
        show_json(found)
        return
    if found.gates:
        show(tables.gates(found.gates))
    else:
        say("nothing waits for a person")
    if found.cursor:
        say(f"{len(found.gates)} of {found.waiting}; go on with --cursor {found.cursor}")


@app.command("show")
def show_gate(
    run: Run,
    gate: Gate,
    who: Annotated[
        str, typer.Option(help="Who looks; your user name if not given. Kept as a hash.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show what a gate asks about, and what changed since you looked last."""
    with connection.gateway() as gateway:
        shown = exhibit(gateway, run, gate, who or user_name())
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
    ask: Ask = None,
    suggest: Suggest = None,
    role: AsRole = "",
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
    given = {"verdict": verdict, "action": action, "to": to, "comment": comment, "role": role}
    with connection.gateway() as gateway:
        body: dict[str, JsonValue] = {
            "shown": shown or _show(gateway, run, gate, who or user_name(), as_json=as_json),
            **given,
            "who": who or user_name(),
            "comments": [*_comments(ask, blocking=True), *_comments(suggest, blocking=False)],
            **{name: file.data for name, file in files.items() if file},
            "budget": _budget(gateway, run, budget),
        }
        sent: JsonValue = {name: value for name, value in body.items() if value}
        reply = _send(gateway, run, gate, sent, files)
    if as_json:
        show_json(reply)
    else:
        typer.echo(_told(reply, run))


def _told(reply: DecisionReply, run: str) -> str:
    """Say what became of a decision."""
    if not reply.delivered:
        return "kept: no worker is up, and the run takes the decision when one is"
    if reply.approvals < reply.needed:
        return f"counted: {reply.approvals} of {reply.needed} have approved; the gate waits on"
    return f"decided; see the run go on with `orchestra runs watch {run}`"


def _comments(written: list[str] | None, *, blocking: bool) -> list[JsonValue]:
    """Read comments, `s2: name the source`; without a section the whole is meant."""
    comments: list[JsonValue] = []
    for each in written or ():
        named = _SECTION.fullmatch(each)
        section, text = (named[1], named[2]) if named else ("", each)
        about: dict[str, JsonValue] = {"section_id": section} if section else {}
        comments.append({**about, "text": text, "blocking": blocking})
    return comments


def _show(gateway: Gateway, run: str, gate: str, who: str, *, as_json: bool) -> str:
    """Show what is decided, beside the JSON where that is asked for, and give its digest."""
    found = exhibit(gateway, run, gate, who)
    told = found.as_text()
    if as_json:
        say("\n".join(told))
    else:
        show(*told)
    return found.gate.shown


def _how_to_decide(gate: GateView) -> str:
    command = f"orchestra gates decide {gate.run} {gate.gate} --shown {gate.shown}"
    if gate.allow:
        told = f"decide with\n  {command} --action {'|'.join(gate.allow)}"
        return f"{told}\nwith --action go, --to {'|'.join(gate.go)}" if gate.go else told
    role = f" --role {'|'.join(gate.roles)}" if gate.needed else ""
    told = f"decide with\n  {command} --verdict {'|'.join(gate.verdicts)}{role}"
    if "revise" in gate.verdicts:
        told += '\nto have it revised, say what to change: --verdict revise --ask "s2: …"'
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
