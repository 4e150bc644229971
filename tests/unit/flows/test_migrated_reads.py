"""A slot may feed an agent that has moved on to a newer version, where a migration leads there."""

import pytest

from contracts.base import Contract
from contracts.registry import MissingMigrationError, Registry
from services.flows.compile import compile_flow
from services.flows.document import read_text
from tests.toys import HEAD, Note, toy, toy_catalogue, toy_errors


class NoteTwo(Contract, name="Note", version=2):
    """A note that has got a title."""

    title: str
    text: str = ""


def _with_title(note: Note) -> NoteTwo:
    return NoteTwo(title="untitled", text=note.text)


MIGRATING = Registry.of([Note, NoteTwo], {"Note@1": _with_title})
NEWER = toy("one", lambda given: Note(), start="Note@2").declaration
TEXT = f"""{HEAD}
slots: {{first: Note@1}}
start: one
steps:
  one: {{agent: one, reads: [start], writes: first, next: done}}
ends:
  done: {{outcome: succeeded, output: first}}
  failed: {{outcome: failed}}
"""


def test_a_newer_reader_is_fed_through_its_migration() -> None:
    """The check accepts it, and the compiled flow pins the schema of both versions."""
    catalogue = toy_catalogue(NEWER, registry=MIGRATING)

    flow = compile_flow(read_text("toy.yaml", TEXT), catalogue)

    assert sorted(flow.contracts) == ["Note@1", "Note@2"]


def test_without_a_migration_versions_have_to_be_equal() -> None:
    """A reader of another version that nothing leads to is told what the slot holds."""
    complaint = toy_errors(TEXT, NEWER, registry=Registry.of([Note, NoteTwo]))

    assert "FO207" in complaint
    assert "one receives 'start' as Note@2, and start is Note@1" in complaint


def test_an_older_reader_is_not_fed_a_newer_value() -> None:
    """Migrations lead forward only."""
    text = TEXT.replace("input: {start: Note@1}", "input: {start: Note@2}")
    older = toy("one", lambda given: Note(), start="Note@1").declaration

    assert "FO207" in toy_errors(text, older, registry=MIGRATING)


def test_a_migration_that_leads_nowhere_is_an_error_not_a_hang() -> None:
    """A migration that returns the version it was given ends the read with its name."""
    stuck = Registry.of([Note, NoteTwo], {"Note@1": lambda note: note})

    with pytest.raises(MissingMigrationError, match="Note@1 leads no further"):
        stuck.read(Note(text="x").encode(), "Note@1", "Note@2")
