"""Who reads which slot where: steps, gates, rules and ends, each with its place in the file."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.compiled import CompiledFlow, CompiledGate, CompiledRule
from contracts.flow import FlowDocument, Step
from workflows.checking.finding import Place
from workflows.checking.names import each_of
from workflows.checking.terrain import failed_at, name_of
from workflows.rules import comparisons


@dataclass(frozen=True)
class Reading:
    """One slot that is read at one place."""

    slot: str
    place: Place
    reader: str
    """In words: `step publish`, `this rule`, `end done`."""

    optional: bool = False
    stale_allowed: bool = False

    dispensable: bool = False
    """Whether its reader can do without, so that a question mark may stand there."""


@dataclass(frozen=True)
class Readings:
    """What a location reads when it is entered, and what its rules read once it has written."""

    entering: tuple[Reading, ...] = ()
    ruling: tuple[Reading, ...] = ()


def readings_of(flow: CompiledFlow, document: FlowDocument, location: str) -> Readings:
    """List what is read at a location. A gate that answers failures reads no slot."""
    name = name_of(location)
    if failed_at(location):
        return Readings()
    if name in flow.ends:
        return Readings(entering=tuple(_of_end(flow, name)))
    if name in flow.gates:
        gate = flow.gates[name]
        ruling = _of_rules(name, gate.next, gate.writes or "")
        return Readings(tuple(_of_gate(name, gate)), tuple(ruling))
    step, node = flow.steps[name], document.steps[name]
    assert isinstance(node, Step)
    return Readings(
        tuple(_of_step(flow, name, node)), tuple(_of_rules(name, step.next, step.writes))
    )


def _of_step(flow: CompiledFlow, name: str, step: Step) -> Iterator[Reading]:
    parsed, spared = each_of(step), flow.agents[step.agent].optional
    for ordinal, read in enumerate(step.reads):
        if parsed is None or read.input != parsed[0]:
            place: Place = ("steps", name, "reads", ordinal)
            reader = f"step {name}"
            can_spare = read.input in spared
            yield Reading(read.slot, place, reader, read.optional, read.stale_allowed, can_spare)
    if parsed:
        yield Reading(parsed[1], ("steps", name, "each"), f"step {name}")


def _of_gate(name: str, gate: CompiledGate) -> Iterator[Reading]:
    for ordinal, slot in enumerate(gate.shows):
        place: Place = ("steps", name, "shows", ordinal)
        yield Reading(
            slot,
            place,
            f"gate {name}",
            slot in gate.optional,
            slot in gate.stale_allowed,
            # What is edited is always shown.
            dispensable=slot != gate.edits,
        )


def _of_rules(name: str, rules: tuple[CompiledRule, ...], own: str) -> Iterator[Reading]:
    for ordinal, rule in enumerate(rules):
        slots = dict.fromkeys(each.slot for each in comparisons(rule.when)) if rule.when else ()
        for slot in slots:
            if slot != own:
                yield Reading(slot, ("steps", name, "next", ordinal, "when"), "this rule")


def _of_end(flow: CompiledFlow, name: str) -> Iterator[Reading]:
    if output := flow.ends[name].output:
        yield Reading(output, ("ends", name, "output"), f"end {name}")
