"""`orchestra flows explain`: a flow in sentences, as a page to review beside it."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.output import clean, say
from services.errors import StorageError
from services.settings import Settings

if TYPE_CHECKING:
    from contracts.compiled import CompiledFlow
    from services.flows.compile import Catalogue

_ENDINGS: Final = (".yaml", ".yml")


def explain_flow(
    flow: Annotated[str, typer.Argument(help="Name of a flow, or a flow file.", metavar="FLOW")],
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
    page = clean(explain(_compiled(flow, settings, resolved), resolved), lines=True)
    if output is None:
        sys.stdout.write(page)
        return
    try:
        output.write_text(page, "utf-8")
    except OSError as error:
        raise StorageError(f"{output} cannot be written: {error.strerror}") from error
    say(f"wrote {output}")


def _compiled(flow: str, settings: Settings, catalogue: "Catalogue") -> "CompiledFlow":
    """Find a shipped or mounted flow by its name, or compile a file.

    Raises:
        FlowInvalidError: the file cannot be read or has findings.
        NotFoundError: no flow has that name.
    """
    from services.flows import shelf  # noqa: PLC0415
    from services.flows.compile import compile_flow  # noqa: PLC0415
    from services.flows.document import read_file  # noqa: PLC0415

    path = Path(flow)
    if path.suffix in _ENDINGS or len(path.parts) > 1:
        return compile_flow(read_file(path), catalogue)
    return shelf.load(catalogue, settings.flows_dir).get(flow)
