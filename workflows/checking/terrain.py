"""The places of a flow and every way between them, people and failures included.

A gate that answers failures is one location for each step that can fail into it, because what may
follow (retry, supply, where the next rules lead) depends on which step failed: `help@research`.
What a person supplies goes the step's own ways with more trust than the step's product would have,
so it can do nothing that the step's own answer cannot; those ways are not drawn again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.agent import planned_kinds
from contracts.compiled import CompiledFlow, CompiledGate, CompiledStep
from contracts.failure import FailureKind
from workflows.checking.bits import members
from workflows.routing import last_resort, plan_line


@dataclass(frozen=True)
class FailureWay:
    """Where some kinds of failure of one step lead."""

    source: str
    target: str
    kinds: tuple[FailureKind, ...]
    """Counted ones in the order in which a witness uses them up, the smallest limit first."""

    limits: tuple[int, ...] = ()
    """How often each kind may go this way in one run; empty when nothing counts it."""

    asks: bool = False
    """It leads to a person, who may let the step be tried again, and to nowhere else."""

    @property
    def counter(self) -> str:
        """The name of its counter; empty when it need not be followed.

        A person's retry brings the run back to exactly where it was, so how often that was done
        changes nothing that can happen later.
        """
        return f"{self.source} fails to {self.target}" if self.limits and not self.asks else ""

    def kind(self, used: int) -> FailureKind | None:
        """The kind that is not used up when the way was taken so often; None when all are."""
        if not self.limits:
            return self.kinds[0]
        for kind, limit in zip(self.kinds, self.limits, strict=True):
            if used < limit:
                return kind
            used -= limit
        return None

    @property
    def capacity(self) -> int:
        """How often the way may be taken in one run, over all its kinds."""
        return sum(self.limits)


@dataclass
class Terrain:
    """Locations, the ways between them, and what can still be reached from each."""

    flow: CompiledFlow
    failures: dict[str, tuple[FailureWay, ...]] = field(default_factory=dict)
    """By step."""

    last_resorts: dict[str, str] = field(default_factory=dict)
    """Where a step's failures lead once all counted ways of its plan are used up, if only then."""

    ruled: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By location: where its rules lead, once it has written."""

    silent: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By location: where failures, deadlines and people's answers to failures lead."""

    targets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By location: both together; ends have none."""

    reach: dict[str, frozenset[str]] = field(default_factory=dict)
    """Locations that some path leads to from each, itself included."""

    @property
    def locations(self) -> tuple[str, ...]:
        """Every location that some path leads to, in the order of discovery."""
        return tuple(self.targets)


def survey(flow: CompiledFlow) -> Terrain:
    """Find every location that is reachable from the start, rules left aside."""
    terrain = Terrain(flow)
    waiting = [flow.start]
    while waiting:
        location = waiting.pop(0)
        if location in terrain.targets:
            continue
        if location in flow.steps:
            terrain.failures[location] = _failure_ways(flow, location)
        terrain.ruled[location] = tuple(dict.fromkeys(_by_rules(flow, location)))
        terrain.silent[location] = tuple(dict.fromkeys(_silently(terrain, location)))
        found = tuple(dict.fromkeys((*terrain.ruled[location], *terrain.silent[location])))
        terrain.targets[location] = found
        waiting.extend(found)
    terrain.reach = _reach(terrain.targets)
    _tell_asking_from_going(terrain)
    return terrain


def name_of(location: str) -> str:
    """The name in the file of a location: `help` of `help@research`."""
    return location.partition("@")[0]


def failed_at(location: str) -> str:
    """The step that failed into a location: `research` of `help@research`; else empty."""
    return location.partition("@")[2]


def may_retry(gate: CompiledGate, step: CompiledStep) -> bool:
    """Whether a person at a gate can send the run back to the step that failed."""
    supplies_items = "supply" in gate.allow and step.each is not None
    return bool({"retry", "raise_budget"} & set(gate.allow)) or supplies_items


def _by_rules(flow: CompiledFlow, location: str) -> Iterator[str]:
    node = flow.steps.get(location) or flow.gates.get(location)
    yield from (rule.to for rule in node.next) if node else ()


def _silently(terrain: Terrain, location: str) -> Iterator[str]:
    flow = terrain.flow
    if location in flow.steps:
        yield from (way.target for way in terrain.failures[location])
        if used_up := _only_when_used_up(flow, location):
            terrain.last_resorts[location] = used_up
            yield used_up
    elif name_of(location) in flow.gates:
        gate = flow.gates[name_of(location)]
        failed = failed_at(location)
        if failed and may_retry(gate, flow.steps[failed]):
            yield failed
        yield from _exits_without_answer(flow, gate)


def _exits_without_answer(flow: CompiledFlow, gate: CompiledGate) -> Iterator[str]:
    if gate.stop:
        yield gate.stop
    yield from gate.go
    yield gate.on_deadline.to
    if gate.on_deadline.at_most and last_resort(flow):
        yield last_resort(flow)


def failure_location(flow: CompiledFlow, failed: str, then: str) -> str:
    """Where a step's failure leads: `help@research` when a gate there answers failures."""
    gate = flow.gates.get(then)
    return f"{then}@{failed}" if gate and gate.answers_failure else then


def _kinds(flow: CompiledFlow, name: str) -> tuple[FailureKind, ...]:
    """The kinds that a step can fail with; only one that reads what it writes makes no progress."""
    step = flow.steps[name]
    reads_own = any(read.slot == step.writes for read in step.reads)
    planned = planned_kinds(flow.agents[step.agent].kind)
    return tuple(kind for kind in planned if reads_own or kind is not FailureKind.NO_PROGRESS)


def _failure_ways(flow: CompiledFlow, name: str) -> tuple[FailureWay, ...]:
    free: dict[str, list[FailureKind]] = {}
    counted: dict[str, list[tuple[int, FailureKind]]] = {}
    for kind in _kinds(flow, name):
        line = plan_line(flow.steps[name], kind)
        target = failure_location(flow, name, line.then)
        if line.at_most:
            counted.setdefault(target, []).append((line.at_most, kind))
        else:
            free.setdefault(target, []).append(kind)
    ways = [FailureWay(name, target, tuple(kinds)) for target, kinds in free.items()]
    for target, lines in counted.items():
        lines.sort(key=lambda each: each[0])
        kinds, limits = tuple(kind for _, kind in lines), tuple(limit for limit, _ in lines)
        ways.append(FailureWay(name, target, kinds, limits))
    return tuple(ways)


def _only_when_used_up(flow: CompiledFlow, name: str) -> str:
    """Where `otherwise` leads, when the plan names every kind and some of its lines are counted."""
    step = flow.steps[name]
    kinds = _kinds(flow, name)
    counted = any(plan_line(step, kind).at_most for kind in kinds)
    if not counted or any(kind.value not in step.on_failure for kind in kinds):
        return ""
    return failure_location(flow, name, step.on_failure["otherwise"].then)


def _tell_asking_from_going(terrain: Terrain) -> None:
    """Find the failure ways after which a run is back where it was, or will never be again."""
    flow = terrain.flow
    for name, ways in terrain.failures.items():
        asks = {way.target: _only_asks(terrain, name, way.target) for way in ways}
        terrain.failures[name] = tuple(
            FailureWay(way.source, way.target, way.kinds, way.limits, asks[way.target])
            for way in ways
        )
    assert all(name in flow.steps for name in terrain.failures)


def _only_asks(terrain: Terrain, failed: str, target: str) -> bool:
    if not failed_at(target) or failed in terrain.last_resorts:
        return False
    gate = terrain.flow.gates[name_of(target)]
    exits = _exits_without_answer(terrain.flow, gate)
    return all(failed not in terrain.reach[each] for each in exits)


def _reach(targets: dict[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """Close the ways under composition; bits instead of sets, for flows of a hundred locations."""
    order = list(targets)
    place = {location: at for at, location in enumerate(order)}
    masks = [1 << at for at in range(len(order))]
    changed = True
    while changed:
        changed = False
        for at in reversed(range(len(order))):
            grown = masks[at]
            for target in targets[order[at]]:
                grown |= masks[place[target]]
            changed |= grown != masks[at]
            masks[at] = grown
    return {
        location: frozenset(order[other] for other in members(masks[at]))
        for at, location in enumerate(order)
    }
