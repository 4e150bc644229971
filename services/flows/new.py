"""A flow to start from: small, sound, with a comment on each part."""

import re
from importlib import resources
from pathlib import Path
from typing import Final

from contracts.notation import NAME
from services.errors import ConflictError, InputInvalidError, StorageError
from services.flows.shelf import shipped

_NOT_TEXT: Final = frozenset({"null", "true", "false"})
"""Valid names that YAML takes for something else unless they are quoted."""


def new_flow(name: str) -> str:
    """Write the text of a flow file.

    Raises:
        InputInvalidError: that is no name for a flow.
        ConflictError: a shipped flow has that name.
    """
    if re.fullmatch(NAME, name) is None:
        raise InputInvalidError(
            f"{name!r} is no name for a flow; use lower-case letters, digits and underscores, a"
            " letter first, 48 characters at most"
        )
    if name in {file.document.flow for file in shipped()}:
        raise ConflictError(f"a flow {name!r} comes with the program; choose another name")
    template = resources.files("services.flows").joinpath("new_flow.yaml").read_text("utf-8")
    declared = f'"{name}"' if name in _NOT_TEXT else name
    return template.replace("flow: new_flow\n", f"flow: {declared}\n").replace(
        "orchestra run new_flow ", f"orchestra run {name} "
    )


def write_new(path: Path, text: str) -> None:
    """Write a flow file that is not there yet.

    Raises:
        InputInvalidError: nobody would take that file for a flow.
        ConflictError: it is there; it stays as it is.
        StorageError: it cannot be written.
    """
    if path.suffix not in (".yaml", ".yml"):
        raise InputInvalidError(f"{path} is no name for a flow file; let it end in .yaml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConflictError(
            f"{path} is there already and stays as it is; move it away, or name another file with"
            " -o"
        ) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error
