"""Standard output: JSON alone, or text for a person. What comes from elsewhere is made harmless."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer
from pydantic import BaseModel, JsonValue
from rich.console import Console, RenderableType

from services.errors import StorageError

WIDTH: Final = 100
"""Columns where there is no terminal to ask."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but the newline, and those that show text in another order than it has."""


def clean(text: str, *, lines: bool = False) -> str:
    """Take out what could steer a terminal; newlines as well, unless lines are kept."""
    shown = _CONTROL.sub(" ", text)
    return shown if lines else shown.replace("\n", " ")


def console(file: TextIO | None = None) -> Console:
    """Open a console: as wide as the terminal, else `WIDTH`; colours on a terminal only."""
    stream = file or sys.stdout
    width = None if stream.isatty() else WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def show(*parts: RenderableType) -> None:
    """Print text or tables for a person; without the spaces that fill up the lines of tables."""
    shown = console()
    with shown.capture() as captured:
        for part in parts:
            shown.print(part, soft_wrap=isinstance(part, str))
    lines = (line.rstrip() for line in captured.get().splitlines())
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def say(text: str) -> None:
    """Print a remark that is no result: on standard error."""
    sys.stderr.write(f"{text}\n")


def write_file(path: Path, text: str) -> None:
    """Write a file that was asked for, over what it held before, and say so.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error
    say(f"wrote {path}")


def show_json(value: BaseModel | Sequence[BaseModel] | JsonValue) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(plain_data(value), indent=2, ensure_ascii=False) + "\n")


def plain_data(value: BaseModel | Sequence[BaseModel] | JsonValue) -> JsonValue:
    """Turn models into plain data."""
    if isinstance(value, BaseModel):
        plain: JsonValue = value.model_dump(mode="json")
        return plain
    if isinstance(value, list | tuple):
        return [plain_data(each) for each in value]
    assert not isinstance(value, Sequence) or isinstance(value, str)
    return value
