"""Contracts as tables for a person: which there are, and what one of them asks for."""

import json
from collections.abc import Iterable, Iterator, Mapping

from rich.table import Table

from contracts.evolution.json_schema import Schema, alternatives, listed, part
from contracts.evolution.words import type_of
from services.cli.tables import table


def contracts(rows: Iterable[Mapping[str, str]]) -> Table:
    """List contracts: their state, what they lead to, who makes them and which slots hold them."""
    made = table("CONTRACT", "STATE", "LEADS TO", "PRODUCED BY", "SLOTS")
    for row in rows:
        made.add_row(*row.values())
    return made


def fields(schema: Schema) -> Table:
    """List the fields of a contract with what each asks for, parts in place."""
    made = table("FIELD", "WHAT FITS", "DEFAULT")
    for path, node, default in _fields("", schema, schema, ()):
        made.add_row(path, type_of(node, schema), default)
    return made


def _fields(
    path: str, node: Schema, root: Schema, entered: tuple[str, ...]
) -> Iterator[tuple[str, Schema, str]]:
    """Walk through an object's fields and those of its parts; a part that holds itself once."""
    for shape in alternatives(node, root):
        if shape.name in entered:
            continue
        inside = (*entered, shape.name) if shape.name else entered
        for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
            if inner := part(shape.node, keyword):
                yield from _fields(f"{path}{mark}", inner, root, inside)
        for name, field in shape.fields.items():
            here = f"{path}.{name}" if path else name
            is_required = name in listed(shape.node, "required")
            yield here, field, "" if is_required else _default(field)
            yield from _fields(here, field, root, inside)


def _default(field: Schema) -> str:
    if "default" not in field:
        return "made anew"
    match field["default"]:
        case None:
            return "none"
        case [] | {} | "":
            return "empty"
        case stated:
            return json.dumps(stated)
