"""`orchestra flows new`: write a flow to start from."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.commands.flow_schema import write_schema
from services.cli.output import AsJson, show, show_json


def new_flow(
    name: Annotated[
        str, typer.Argument(help="What the flow is run by: lower case, digits and underscores.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write it; NAME.yaml here if not given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a small flow with comments that passes the check; never over a file that is there.

    Beside it goes flow.schema.json, unless there is one: editors complete and check flows by it.
    """
    # Loads the checker, which the other commands do not need.
    from services.flows import new  # noqa: PLC0415
    from services.flows.editor_schema import FILE_NAME  # noqa: PLC0415

    path = output or Path(f"{name}.yaml")
    new.write_new(path, new.new_flow(name))
    schema = path.with_name(FILE_NAME)
    if not schema.exists():
        write_schema(schema)
    if as_json:
        show_json({"flow": name, "file": str(path), "schema": str(schema)})
    else:
        show(
            f"wrote {path}; editors read {schema} beside it",
            f"next: orchestra flows check {path}",
        )
