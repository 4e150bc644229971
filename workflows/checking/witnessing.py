"""Turns a way through explored control into a witness: who answers what, in order."""

from collections.abc import Sequence
from typing import Literal

from contracts.compiled import CompiledGate
from contracts.failure import FailureKind
from workflows.checking.control import Answer, Control, Edge
from workflows.checking.terrain import name_of
from workflows.checking.witness import (
    Answered,
    Decided,
    Expired,
    FactsGiven,
    Failed,
    Handled,
    Move,
    Witness,
)


class UnrealError(Exception):
    """A way needs more failures than the plans of its steps allow."""


def witness(
    control: Control,
    start: int,
    way: Sequence[Edge],
    at: str,
    rounds: Sequence[Edge] = (),
    *,
    sparing: bool = False,
) -> Witness:
    """Say what has to be answered for a run to go this way; `rounds` come again for ever.

    With `sparing` the run starts without the entries of memory that it can start without.

    Raises:
        UnrealError: no run goes this way.
    """
    moves = []
    state = start
    failures = _Failures(control)
    for edge in (*way, *rounds):
        moves.append(_move(control, control.states[state].location, edge, failures))
        state = edge.target
    return Witness(
        given=_given(control, start),
        without=_optional(control) if sparing else (),
        moves=tuple(moves),
        at=name_of(at),
        repeats_from=len(way) if rounds else None,
    )


class _Failures:
    """Counts the failures on a way, and names a kind for each that is not used up."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._used: dict[tuple[str, int], int] = {}

    def kind(self, name: str, number: int) -> FailureKind:
        """The kind with which a step fails next to go one of its failure ways."""
        ways = self._control.terrain.failures[name]
        if number < 0:
            return self._used_up(name)
        used = self._used.get((name, number), 0)
        self._used[name, number] = used + 1
        kind = ways[number].kind(used)
        if kind is None:
            raise UnrealError
        return kind

    def _used_up(self, name: str) -> FailureKind:
        for number, way in enumerate(self._control.terrain.failures[name]):
            if way.limits and self._used.get((name, number), 0) >= way.limits[0]:
                return way.kinds[0]
        raise UnrealError


def path(control: Control, start: int, way: Sequence[Edge]) -> tuple[str, ...]:
    """The names along a way, from the first to where it leads."""
    states = (start, *(edge.target for edge in way))
    return tuple(name_of(control.states[state].location) for state in states)


def _given(control: Control, start: int) -> dict[str, FactsGiven]:
    state = control.states[start]
    given: dict[str, FactsGiven] = {}
    fields = control.liveness.fields[state.location]
    for (slot, fact), value in zip(fields, state.values, strict=True):
        if value is not None:
            given.setdefault(slot, {})[fact] = value
    return given


def _optional(control: Control) -> tuple[str, ...]:
    entries = control.terrain.flow.memory.items()
    return tuple(slot for slot, entry in entries if entry.optional)


def _move(control: Control, location: str, edge: Edge, failures: _Failures) -> Move:
    name, move = name_of(location), edge.move
    match move.kind:
        case "answered":
            slot = control.terrain.flow.steps[name].writes
            return Answered(node=name, facts=_facts(control.answers[name][move.answer], slot))
        case "decided":
            return _decided(control, name, control.answers[name][move.answer])
        case "failed":
            return Failed(node=name, failure=failures.kind(name, move.answer))
        case "expired":
            return Expired(node=name)
        case "went":
            to = control.terrain.flow.gates[name].go[move.answer]
            return Handled(node=name, action="go", to=to)
        case "retried":
            return Handled(node=name, action=_again(control.terrain.flow.gates[name]))
        case _:
            return Handled(node=name, action="stop")


def _again(gate: CompiledGate) -> Literal["retry", "raise_budget", "supply"]:
    """What a person answers at a gate for the step to be begun anew."""
    if "retry" in gate.allow:
        return "retry"
    return "raise_budget" if "raise_budget" in gate.allow else "supply"


def _decided(control: Control, name: str, answer: Answer) -> Decided:
    gate = control.terrain.flow.gates[name]
    assert gate.writes is not None
    facts = _facts(answer, gate.writes)
    verdict = str(facts.pop("verdict"))
    edited = _facts(answer, gate.edits) if answer.label.edits and gate.edits else None
    return Decided(node=name, verdict=verdict, facts=facts, edited=edited)


def _facts(answer: Answer, slot: str) -> FactsGiven:
    return {fact: value for (owner, fact), value in answer.facts.items() if owner == slot}
