"""`orchestra flows`: look at flows on offer; check, write and explain flow files here."""

from typing import Annotated

import typer

from services.cli import connection, flow_table
from services.cli.client import segment
from services.cli.commands.flow_check import check_flows
from services.cli.commands.flow_codes import explain_code
from services.cli.commands.flow_explain import explain_flow
from services.cli.commands.flow_map import draw_map
from services.cli.commands.flow_new import new_flow
from services.cli.commands.flow_rehearse import rehearse_flow
from services.cli.commands.flow_schema import flow_schema
from services.cli.output import AsJson, show, show_json
from services.gateway.replies import FlowList, FlowView

app = typer.Typer(no_args_is_help=True)
app.command("check")(check_flows)
app.command("explain-code")(explain_code)
app.command("explain")(explain_flow)
app.command("map")(draw_map)
app.command("new")(new_flow)
app.command("rehearse")(rehearse_flow)
app.command("schema")(flow_schema)


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
