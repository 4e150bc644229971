"""Reads a list as text into the inputs of runs, and holds each against the flow."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue, TypeAdapter

from contracts.batch import ROWS_LIMIT, ListFormat
from contracts.compiled import CompiledFlow
from contracts.registry import Registry
from services.batches.cells import Schema, field_at, fields_of, value_of
from services.errors import InputInvalidError, Problem
from services.runs.inputs import invalid, read_input

_SCHEMA: Final[TypeAdapter[dict[str, JsonValue]]] = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True)
class Row:
    """One row as read."""

    line: int
    """Where it begins in the list, from 1."""

    given: Mapping[str, JsonValue]
    problems: tuple[Problem, ...] = ()
    """Why it does not fit; each with a pointer into the row's input."""


@dataclass(frozen=True)
class _Column:
    """One column of a CSV: where its cells belong."""

    path: tuple[str, ...]
    root: Schema
    field: Schema


def read_rows(
    text: str, written_as: ListFormat, flow: CompiledFlow, registry: Registry
) -> tuple[Row, ...]:
    """Read a list; rows that do not fit are told of with the others.

    Raises:
        InputInvalidError: it has no rows, too many, or a header that does not fit.
    """
    rows = list(
        _read_csv(text, flow, registry) if written_as is ListFormat.CSV else _read_lines(text)
    )
    if not rows:
        raise invalid("there is nothing to run", [Problem("/rows", "the list has no rows")])
    if len(rows) > ROWS_LIMIT:
        told = f"it has {len(rows)} rows, of at most {ROWS_LIMIT}; send it in parts"
        raise invalid("the list is too long", [Problem("/rows", told)])
    return tuple(_held_against(row, flow, registry) for row in rows)


def _held_against(row: Row, flow: CompiledFlow, registry: Registry) -> Row:
    if row.problems:
        return row
    try:
        read_input(flow, row.given, registry)
    except InputInvalidError as error:
        return Row(row.line, row.given, error.problems)
    return row


def _read_lines(text: str) -> Iterator[Row]:
    for line, written in enumerate(text.splitlines(), start=1):
        if not written.strip():
            continue
        try:
            given: JsonValue = json.loads(written)
        except ValueError as error:
            yield Row(line, {}, (Problem("", f"this is no JSON: {error}"),))
            continue
        if isinstance(given, dict):
            yield Row(line, given)
        else:
            yield Row(line, {}, (Problem("", "this is no JSON object"),))


def _read_csv(text: str, flow: CompiledFlow, registry: Registry) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    columns: Sequence[_Column] = ()
    line = 1
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                pass
            elif columns:
                yield _row(line, cells, columns)
            else:
                columns = _columns(cells, flow, registry)
            line = reader.line_num + 1
    except csv.Error as error:
        told = f"this is no CSV: {error}; put quotes around cells that hold commas or quotes"
        raise invalid("the list cannot be read", [Problem(f"/rows/{line}", told)]) from error


def _row(line: int, cells: Sequence[str], columns: Sequence[_Column]) -> Row:
    if len(cells) > len(columns):
        told = f"it has {len(cells)} cells and the header {len(columns)}; quote cells with commas"
        return Row(line, {}, (Problem("", told),))
    given: dict[str, JsonValue] = {}
    for column, cell in zip(columns, cells, strict=False):
        # An empty cell leaves its field out, so that what the contract says by default holds.
        if cell.strip():
            _put(given, column.path, value_of(cell, column.root, column.field))
    return Row(line, given)


def _put(given: dict[str, JsonValue], path: Sequence[str], value: JsonValue) -> None:
    *outer, last = path
    place = given
    for name in outer:
        inner = place.setdefault(name, {})
        assert isinstance(inner, dict), "the header has no path inside another"
        place = inner
    place[last] = value


def _columns(header: Sequence[str], flow: CompiledFlow, registry: Registry) -> tuple[_Column, ...]:
    """Find where each column's cells belong.

    Raises:
        InputInvalidError: a column is no field, stands twice, or lies inside another.
    """
    schemas = {
        slot: _SCHEMA.validate_python(registry.get(flow.slots[slot]).model_json_schema())
        for slot in flow.input
    }
    paths = [tuple(part.strip() for part in written.split(".")) for written in header]
    by_slot = len(schemas) > 1 or any(path[0] in schemas and len(path) > 1 for path in paths)
    problems: list[Problem] = []
    columns: list[_Column] = []
    for written, path in zip(header, paths, strict=True):
        column = _column_by_slot(path, schemas) if by_slot else _bare_column(path, schemas)
        if column is None:
            told = (
                f"the flow has no field {written!r:.100}; it has {_known(schemas, by_slot=by_slot)}"
            )
            problems.append(Problem("/rows/1", told))
        elif any(_overlap(column.path, each.path) for each in columns):
            told = f"the column {written!r:.100} stands twice, or inside another"
            problems.append(Problem("/rows/1", told))
        else:
            columns.append(column)
    if problems:
        raise invalid("the header does not fit", problems)
    return tuple(columns)


def _column_by_slot(path: tuple[str, ...], schemas: Mapping[str, Schema]) -> _Column | None:
    """Read `brief.title`."""
    root = schemas.get(path[0])
    found = field_at(root, path[1:]) if root is not None and len(path) > 1 else None
    return _Column(path, root, found) if root is not None and found is not None else None


def _bare_column(path: tuple[str, ...], schemas: Mapping[str, Schema]) -> _Column | None:
    """Read `title`, where the flow has one input."""
    [root] = schemas.values()
    found = field_at(root, path)
    return _Column(path, root, found) if found is not None else None


def _overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    shorter = min(len(one), len(other))
    return tuple(one[:shorter]) == tuple(other[:shorter])


def _known(schemas: Mapping[str, Schema], *, by_slot: bool) -> str:
    names = [
        f"{slot}.{name}" if by_slot else name
        for slot, root in schemas.items()
        for name in fields_of(root)
    ]
    return ", ".join(names)
