"""A rehearsal as tables for a terminal, one a step."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from rich.console import RenderableType
from rich.table import Table

from services.rehearsal.report import Rehearsal, Row, legend
from services.rehearsal.wording import calls, did, garbage, mode, remark, summary, where

_WHOLE: Final = ("fault", "mode", "calls", "outcome", "word")
"""Columns whose words are not broken over lines."""


def table(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    """Write what was found: step by step, then what the words mean, then the sum of it."""
    for step, rows in groupby(rehearsal.rows, key=lambda row: row.step):
        held = list(rows)
        yield f"{step}  ({where(held)})"
        yield _step(held)
        yield ""
    yield _legend()
    yield ""
    yield from (f"to look at: {remark(row)}" for row in rehearsal.noteworthy)
    yield from summary(rehearsal)


def faults(rows: list[Row]) -> RenderableType:
    """List faults with what each does."""
    made = _grid("fault", "mode", "what is injected", "code can tell")
    for row in {row.fault: row for row in rows}.values():
        made.add_row(row.fault, row.mode, row.does, "yes" if row.recognisable else "no")
    return made


def _step(rows: list[Row]) -> Table:
    made = _grid("  fault", "mode", "what the run did", "calls", "outcome", "garbage")
    for row in rows:
        made.add_row(f"  {row.fault}", mode(row), did(row), calls(row), row.outcome, garbage(row))
    return made


def _legend() -> Table:
    made = _grid("word", "what it means")
    for word, told in legend():
        made.add_row(word, told)
    return made


def _grid(*heads: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in heads:
        is_number = head == "calls"
        made.add_column(
            head, justify="right" if is_number else "left", no_wrap=head.strip() in _WHOLE
        )
    return made
