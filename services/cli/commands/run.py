"""`orchestra run`: starts a run, and with `--watch` sees it through."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import JsonValue

from contracts.double_start import DoubleStart
from services.cli.attend import attend
from services.cli.client import Gateway
from services.cli.connection import settings
from services.cli.exit_code import of_status
from services.cli.output import AsJson, say, show_json
from services.cli.reading import WrittenFile, read_mapping
from services.errors import InputInvalidError
from services.gateway.replies import RunStarted

Until = Annotated[
    Literal["end", "gate"],
    typer.Option(help="Watch to the end, or until a gate waits for a person (exit code 14)."),
]


def run(
    flow: Annotated[str, typer.Argument(help="Name of the flow: `orchestra flows list`.")],
    given: Annotated[
        Path, typer.Option("--input", "-i", help="YAML or JSON file; - for standard input.")
    ],
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show progress to the end.")] = False,
    until: Until = "end",
    idempotency_key: Annotated[
        str, typer.Option(help="The same key with the same input gives the same run.")
    ] = "",
    by: Annotated[
        str, typer.Option(help="Who starts it; a gate may refuse that its author approves.")
    ] = "",
    subject: Annotated[
        str,
        typer.Option(help="What the run is about: runs of a flow on one subject take turns."),
    ] = "",
    on_conflict: Annotated[
        DoubleStart | None,
        typer.Option(help="What happens when a run on the same subject goes on."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start a run of a flow and, with --watch, see it through.

    Ends with 0 succeeded, 10 rejected, 11 failed, 12 expired, 13 cancelled, 14 waits for a person;
    2 wrong command line, 3 something does not answer, 4 the input does not fit.
    """
    found = settings()
    with Gateway(found.gateway_url) as gateway:
        more = {
            "by": by,
            "subject": subject,
            "on_conflict": on_conflict.value if on_conflict else "",
        }
        accepted = start(gateway, flow, read_mapping(given), idempotency_key, more)
        if accepted.replayed:
            say(f"run {accepted.id} was started by an earlier request with this key")
        if watch:
            view = attend(
                gateway,
                accepted.id,
                found.publish_dir,
                as_json=as_json,
                until_gate=until == "gate",
            )
            raise typer.Exit(of_status(view.status))
    if as_json:
        show_json(accepted)
    else:
        page = accepted.temporal_url or accepted.url
        typer.echo(f"run {accepted.id}   {accepted.flow}   {page}")
        typer.echo(f"see it with `orchestra runs watch {accepted.id}`")


def start(
    gateway: Gateway,
    flow: str,
    written: WrittenFile,
    key: str = "",
    more: Mapping[str, str] | None = None,
) -> RunStarted:
    """Start a run on what a file says.

    Raises:
        ConflictError: a run on the same subject goes on.
        InputInvalidError: the input does not fit; each problem is told with its line.
        NotFoundError: there is no such flow.
        UnavailableError: the gateway does not answer.
    """
    headers = {"Idempotency-Key": key} if key else {}
    body: dict[str, JsonValue] = {"flow": flow, "input": written.data}
    body |= {name: value for name, value in (more or {}).items() if value}
    try:
        return gateway.post(RunStarted, "/runs", body, headers)
    except InputInvalidError as error:
        raise InputInvalidError(str(error), written.locate(error.problems)) from error
