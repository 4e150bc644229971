"""The flow that a command is about, by its name or as a file, resolved without a stack."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.settings import Settings

if TYPE_CHECKING:
    from contracts.compiled import CompiledFlow
    from services.flows.compile import Catalogue

FLOW_FILES: Final = (".yaml", ".yml")

FlowArgument = Annotated[
    str, typer.Argument(help="Name of a flow, or a flow file.", metavar="FLOW")
]


def compiled_flow(flow: str, settings: Settings, catalogue: "Catalogue") -> "CompiledFlow":
    """Find a shipped or mounted flow by its name, or compile a file.

    Raises:
        FlowInvalidError: the file cannot be read or has findings.
        NotFoundError: no flow has that name.
    """
    # Loads the checker, which commands that ask the gateway do not need.
    from services.flows import shelf  # noqa: PLC0415
    from services.flows.compile import compile_flow  # noqa: PLC0415
    from services.flows.document import read_file  # noqa: PLC0415

    path = Path(flow)
    if path.suffix in FLOW_FILES or len(path.parts) > 1:
        return compile_flow(read_file(path), catalogue)
    return shelf.load(catalogue, settings.flows_dir).get(flow)
