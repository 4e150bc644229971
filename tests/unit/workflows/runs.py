"""Small compiled flows and references that tests of the interpreter's parts share."""

from typing import Any

from contracts.compiled import CompiledBudget, CompiledFlow
from contracts.reference import Reference, Trust, Value
from contracts.work import RunStart
from services.agents.base import Given
from tests.toys import Note, toy, toy_flow

BUDGET = CompiledBudget(model_calls=10, tokens=1000, microusd=5000, working_seconds=60)

ASKING = """
slots: {first: Note@1, second: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: two}
  two: {agent: one, reads: [start], writes: second, next: ask}
  ask:
    gate: editor
    shows: [first, second]
    writes: decision
    edits: second
    deadline: 1h
    on_deadline: {to: failed}
    next: done
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def _make(given: Given) -> Note:
    return Note()


def asking_flow() -> CompiledFlow:
    """Two steps and an editor's gate."""
    return toy_flow(ASKING, toy("one", _make)).flow


def a_value(letter: str = "a", **changes: Any) -> Value:
    """A stored value whose digest is one letter."""
    return Value.model_validate({"digest": letter * 64, "size": 10, **changes})


def a_reference(slot: str = "first", letter: str = "a", **changes: Any) -> Reference:
    """The first value of a slot, made by a model."""
    given = {
        "slot": slot,
        "ordinal": 1,
        "contract": "Note@1",
        "digest": letter * 64,
        "size": 10,
        "trust": Trust.MODEL,
        "produced_by": "one",
    }
    return Reference.model_validate({**given, **changes})


def a_start(flow: CompiledFlow, **changes: Any) -> RunStart:
    """A run of a flow with one input."""
    body = flow.encode().decode()
    given = {
        "tenant": "default",
        "run": "01RUN",
        "flow": Value(digest="f" * 64, size=len(body), body=body),
        "input": {"start": a_value("a", facts={"score": 7})},
    }
    return RunStart.model_validate({**given, **changes})
