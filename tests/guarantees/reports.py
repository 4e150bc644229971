"""Reads the reports that `rehearse`, `modes` and `chaos` leave, as far as they are there.

Each is a JSON object of its own shape: what counts is its numbers, however deep they stand.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from tests.guarantees.figures import Figure

DEEPEST: Final = 3
"""Objects within objects: what stands deeper is detail, as is everything in a list."""

MOST: Final = 60
"""Figures of one report; a page is no place for all of a large one."""


@dataclass(frozen=True)
class Report:
    """One report and its figures."""

    name: str
    figures: tuple[Figure, ...]


def reports(folder: Path) -> tuple[Report, ...]:
    """Read every report in a folder, by name; one that is no JSON object is left out."""
    found = ((path.stem, _object(path)) for path in sorted(folder.glob("*.json")))
    return tuple(Report(name, tuple(_figures(read))[:MOST]) for name, read in found if read)


def _object(path: Path) -> dict[str, JsonValue]:
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _figures(read: dict[str, JsonValue], path: tuple[str, ...] = ()) -> Iterator[Figure]:
    for key, value in read.items():
        name = " ".join([*path, key.replace("_", " ")])
        match value:
            case bool():
                yield Figure(name, int(value), "(1 is yes)")
            case int() | float() | str():
                yield Figure(name, value, "")
            case dict() if len(path) < DEEPEST - 1:
                yield from _figures(value, (*path, key.replace("_", " ")))
            case _:
                continue
