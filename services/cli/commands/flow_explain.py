"""`orchestra flows explain`: a flow in sentences, as a page to review beside it."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.flow_argument import FlowArgument, compiled_flow
from services.cli.output import clean, write_file
from services.settings import Settings


def explain_flow(
    flow: FlowArgument,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file to write it to, instead of showing it."),
    ] = None,
) -> None:
    """Tell in sentences who hands what to whom, what breaks if that fails, and what happens then.

    Writes Markdown that is the same for the same flow, so that it can live beside the flow and be
    reviewed. Needs no stack. Ends with 1 when the flow has findings, with 4 when there is none.
    """
    # Loads all agents, which the other commands do not need.
    from services.catalogue import catalogue  # noqa: PLC0415
    from services.flows.explaining.page import explain  # noqa: PLC0415

    settings = Settings.from_environ(os.environ)
    resolved = catalogue(settings)
    page = clean(explain(compiled_flow(flow, settings, resolved), resolved), lines=True)
    if output is None:
        sys.stdout.write(page)
        return
    write_file(output, page)
