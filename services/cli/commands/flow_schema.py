"""`orchestra flows schema`: what a flow file may say, for editors."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from services.errors import StorageError


def flow_schema(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file to write it to, instead of showing it."),
    ] = None,
) -> None:
    """Print the JSON Schema of flow files, with this installation's agents and contracts.

    A flow file names it in a comment: `# yaml-language-server: $schema=flow.schema.json`.
    """
    if output:
        write_schema(output)
    else:
        sys.stdout.write(_schema())


def write_schema(path: Path) -> None:
    """Write the schema to a file, over what it held before.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        path.write_text(_schema(), "utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def _schema() -> str:
    # Loads all agents, which the other commands do not need.
    from contracts.registry import CONTRACTS  # noqa: PLC0415
    from services.agents.catalogue import declarations  # noqa: PLC0415
    from services.flows.editor_schema import flow_schema, written  # noqa: PLC0415

    return written(flow_schema(declarations(), CONTRACTS))
