"""Which tests claim to prove which promise, read from the test files without running them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mark:
    """One use of the marker."""

    promise: str
    file: str
    line: int


def marks(folder: Path = TESTS) -> tuple[Mark, ...]:
    """Find every `pytest.mark.guarantee("…")` below a folder, in files called `test_*.py`."""
    return tuple(mark for path in sorted(folder.rglob("test_*.py")) for mark in _of(path, folder))


def _of(path: Path, folder: Path) -> Iterator[Mark]:
    text = path.read_text("utf-8")
    if "mark.guarantee(" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="guarantee", value=ast.Attribute(attr="mark")),
                args=[ast.Constant(value=str() as promise)],
            ):
                yield Mark(promise, path.relative_to(folder).as_posix(), node.lineno)
            case _:
                continue
