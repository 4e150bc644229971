"""`orchestra flows`: look at the declared flows, and check flow files on this machine."""

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from services.cli import connection, flow_table
from services.cli.client import segment
from services.cli.exit_code import ExitCode
from services.cli.output import AsJson, say, show, show_json
from services.errors import FlowInvalidError
from services.gateway.replies import FlowList, FlowView
from services.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_flows(as_json: AsJson = False) -> None:
    """List the flows that can be run."""
    with connection.gateway() as gateway:
        found = gateway.get(FlowList, "/flows")
    if as_json:
        show_json(found)
    else:
        show(*flow_table.flows(found))


@app.command("show")
def show_flow(
    flow: Annotated[str, typer.Argument(help="Name of the flow.")], as_json: AsJson = False
) -> None:
    """Show one flow: its steps, who reads and writes what, and where each leads."""
    with connection.gateway() as gateway:
        found = gateway.get(FlowView, f"/flows/{segment(flow)}")
    if as_json:
        show_json(found)
    else:
        show(*flow_table.flow(found))


@app.command("check")
def check_flows(
    files: Annotated[list[Path], typer.Argument(help="Flow files.")], as_json: AsJson = False
) -> None:
    """Check flow files against this installation's agents; needs no stack.

    Ends with 1 when there are findings.
    """
    findings = {str(path): _findings(path) for path in files}
    if as_json:
        report: dict[str, JsonValue] = {
            name: {"ok": not found, "findings": found} for name, found in findings.items()
        }
        show_json(report)
    else:
        for name, found in findings.items():
            typer.echo(found or f"{name}: ok")
    if any(findings.values()):
        refused = sum(map(bool, findings.values()))
        say(f"{refused} of {len(files)} cannot be run")
        raise typer.Exit(ExitCode.FINDINGS)


def _findings(path: Path) -> str:
    """Say what is wrong with a file, as a compiler does; empty when nothing is."""
    # Loads all agents, which the other commands do not need.
    from services import composition  # noqa: PLC0415
    from services.flows.compile import compile_flow  # noqa: PLC0415
    from services.flows.document import read_file  # noqa: PLC0415

    catalogue = composition.catalogue(Settings.from_environ(os.environ))
    try:
        compile_flow(read_file(path), catalogue)
    except FlowInvalidError as error:
        return str(error)
    return ""
