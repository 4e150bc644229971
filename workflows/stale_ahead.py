"""What a run would trip over further on because something was changed under it.

Over all ways that the flow has, whatever its rules will say: who begins early enough to make anew
what was made from the change meets none of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.compiled import CompiledFlow, CompiledGate, CompiledRule, CompiledStep
from workflows.rules import comparisons

Stale = frozenset[str]


@dataclass(frozen=True)
class StaleUse:
    """A place that would be given a stale value."""

    place: str
    slot: str


def stale_uses(flow: CompiledFlow, place: str, stale: Stale) -> tuple[StaleUse, ...]:
    """List the uses of stale slots that a run from a place may come to, nearest first."""
    seen: set[tuple[str, Stale]] = set()
    waiting, found = [(place, stale)], dict[StaleUse, None]()
    while waiting:
        here = waiting.pop(0)
        if here in seen or not here[1]:
            continue
        seen.add(here)
        name, still = here
        for slot in _used(flow, name):
            if slot in still:
                found[StaleUse(name, slot)] = None
        waiting += _ways(flow, name, still)
    return tuple(found)


def _used(flow: CompiledFlow, name: str) -> Iterator[str]:
    """The slots that have to be fresh at a place."""
    if name in flow.steps:
        step = flow.steps[name]
        yield from (r.slot for r in step.reads if not (r.optional or r.stale_allowed))
        if step.each:
            yield step.each.slot
        yield from looked_at(step.next, step.writes)
    elif name in flow.gates:
        gate = flow.gates[name]
        yield from (
            each for each in gate.shows if each not in (*gate.optional, *gate.stale_allowed)
        )
        yield from looked_at(gate.next, gate.writes or "")
    elif output := flow.ends[name].output:
        yield output


def looked_at(rules: tuple[CompiledRule, ...], own: str) -> Iterator[str]:
    """The slots that rules look at besides the one that was just written."""
    for rule in rules:
        for each in comparisons(rule.when) if rule.when else ():
            if each.slot != own:
                yield each.slot


def _ways(flow: CompiledFlow, name: str, stale: Stale) -> list[tuple[str, Stale]]:
    if name in flow.steps:
        return _from_step(flow.steps[name], stale)
    if name in flow.gates:
        return _from_gate(flow.gates[name], stale)
    return []


def _from_step(step: CompiledStep, stale: Stale) -> list[tuple[str, Stale]]:
    done = [(rule.to, stale - {step.writes}) for rule in step.next]
    return done + [(line.then, stale) for line in step.on_failure.values()]


def _from_gate(gate: CompiledGate, stale: Stale) -> list[tuple[str, Stale]]:
    """A gate sends a failed step back to where it failed, and whoever came from there was asked."""
    decided = [(rule.to, stale - {gate.writes or ""}) for rule in gate.next]
    elsewhere = [gate.on_deadline.to, *gate.go, *([gate.stop] if gate.stop else [])]
    return decided + [(to, stale) for to in elsewhere]
