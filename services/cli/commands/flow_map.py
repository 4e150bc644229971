"""`orchestra flows map`: draw who hands what to whom in a flow."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.flow_argument import FlowArgument, compiled_flow
from services.cli.output import clean, write_file
from services.errors import InputInvalidError
from services.settings import Settings

if TYPE_CHECKING:
    from services.drawing.formats import MapFormat


def draw_map(
    flow: FlowArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A file to draw into: .svg, .html, .mmd (Mermaid) or .json."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of Mermaid; not with a file.")
    ] = False,
) -> None:
    """Draw agents, what crosses each border, who reads it later, gates, loops and failures.

    Without a file the map is printed as Mermaid. It is the same for the same flow, so that it can
    live beside the flow and be reviewed. Needs no stack. Ends with 1 when the flow has findings,
    with 4 when there is none.
    """
    # Loads all agents, which the other commands do not need.
    from services import catalogue  # noqa: PLC0415
    from services.drawing.formats import MapFormat, drawn  # noqa: PLC0415
    from workflows.context_map.build import context_map  # noqa: PLC0415
    from workflows.context_map.fields import field_names  # noqa: PLC0415

    if output and as_json:
        raise typer.BadParameter("print JSON, or name a file that ends with .json", param_hint="-o")
    printed = MapFormat.JSON if as_json else MapFormat.MERMAID
    form = _form(output, MapFormat) if output else printed
    settings = Settings.from_environ(os.environ)
    known = catalogue.catalogue(settings)
    compiled = compiled_flow(flow, settings, known)
    text = drawn(context_map(compiled, field_names(compiled, known.registry)), form)
    if output is None:
        sys.stdout.write(clean(text, lines=True))
    else:
        write_file(output, text)


def _form(output: Path, forms: "type[MapFormat]") -> "MapFormat":
    """Tell from a file's ending what to draw.

    Raises:
        InputInvalidError: it is none of the four.
    """
    for form in forms:
        if output.suffix.lower() == form.ending:
            return form
    endings = ", ".join(form.ending for form in forms)
    raise InputInvalidError(f"{output} does not say what to draw; let it end with one of {endings}")
