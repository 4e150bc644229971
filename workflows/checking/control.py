"""Everywhere a run can be: locations, regions of the fields that rules still read, counters.

No rule looks at presence, so which slots hold a value never changes the way; the explored graph is
exact for control, and questions about slots are one pass each over it. What keeps it small:
fields and counters are dropped where nothing later looks at them, and regions that no later rule
tells apart are one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final, NamedTuple

from contracts.compiled import CompiledGate, CompiledRule, Condition
from contracts.reference import FactValue
from contracts.registry import Registry
from workflows.checking.domains import Domains, Field
from workflows.checking.liveness import Liveness
from workflows.checking.terrain import (
    Terrain,
    failed_at,
    may_retry,
    name_of,
)
from workflows.routing import choose, last_resort
from workflows.rules import evaluate
from workflows.vouching import APPROVE, can_vouch, vouching_condition

MOST_STATES: Final = 100_000
"""Measured: the shipped flows need some hundred, a hard flow of 60 steps some ten thousand."""

MOST_ANSWERS: Final = 5_000
"""How many combinations of regions one answer may have."""

Values = tuple[FactValue, ...]
Counts = tuple[int, ...]
Taken = tuple[str, int, str]
"""Where a rule leads, which it is, and the counter that it uses up."""


class NotDecidedError(Exception):
    """The flow has more states than are explored; the message says what makes them."""


class State(NamedTuple):
    """Where a run is, as far as it matters for where it can go."""

    location: str
    values: Values
    """One for each field alive here; None while its slot holds nothing."""

    counters: Counts


class Label(NamedTuple):
    """What a way does to the context."""

    writes: bool = False
    edits: bool = False
    vouches: bool = False


class Move(NamedTuple):
    """What happened at the location for the run to take a way."""

    kind: str
    """`answered`, `failed`, `decided`, `expired`, `stopped`, `retried` or `went`."""

    answer: int = -1
    """Which of the location's answers, failure ways or ways to go; -1 for a plan's last resort."""

    ordinal: int = -1
    """Which rule was taken."""

    endless: bool = True
    """Whether nothing counts this way, so that a cycle of such ways has no end."""


class Edge(NamedTuple):
    """One way from a state to the next."""

    target: int
    label: Label
    move: Move


@dataclass(frozen=True)
class Answer:
    """What may be written at a location: the regions of the facts that matter."""

    facts: dict[Field, FactValue]
    label: Label


class Decision(NamedTuple):
    """Where the rules of a location lead after one answer."""

    target: str
    values: Values
    counter: str
    label: Label
    answer: int
    ordinal: int


_NOTHING: Final = Label()


@dataclass
class Control:
    """The explored graph. States are numbered in the order of discovery, breadth first."""

    terrain: Terrain
    liveness: Liveness
    states: list[State] = field(default_factory=list)
    edges: list[list[Edge]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    answers: dict[str, tuple[Answer, ...]] = field(default_factory=dict)
    taken: set[tuple[str, int]] = field(default_factory=set)
    """Location's name and ordinal of every rule that some run takes."""

    follows: bool = True
    """Whether it was counted how often each failure way was taken."""


def explore(
    terrain: Terrain, registry: Registry, *, follow: bool, most: int = MOST_STATES
) -> Control:
    """Explore all of a flow's control.

    Without `follow` failures may come as often as they like: far fewer states, and every real run
    is among them; but whether a way is a real run's has to be counted along it.

    Raises:
        NotDecidedError: it has over `most` states.
    """
    return _Explorer(terrain, registry, follow, most).explore()


class _Explorer:
    """Explores breadth first."""

    def __init__(self, terrain: Terrain, registry: Registry, follow: bool, most: int) -> None:
        self._terrain = terrain
        self._flow = terrain.flow
        self._follow = follow
        self._most = most
        self._domains = Domains(self._flow, registry, _conditions(terrain))
        self._live = Liveness(terrain, self._domains, follow=follow)
        self._control = Control(terrain, self._live, follows=follow)
        self._numbers: dict[State, int] = {}
        self._ways: dict[tuple[str, Values, tuple[bool, ...]], Taken] = {}
        self._decisions: dict[tuple[str, Values, tuple[bool, ...]], tuple[Decision, ...]] = {}
        self._carried: dict[tuple[str, Values, str], Values] = {}
        self._counted: dict[tuple[str, Counts, str, str], Counts] = {}

    def explore(self) -> Control:
        control = self._control
        for location in self._terrain.locations:
            control.answers[location] = tuple(self._answers(location))
        start = self._flow.start
        for given in self._inputs():
            counters = (0,) * len(self._live.counters[start])
            state = State(start, self._fold(given, start), counters)
            control.starts.append(self._number(state))
        at = 0
        while at < len(control.states):
            control.edges.append(self._expand(control.states[at]))
            at += 1
        return control

    def _inputs(self) -> Iterator[dict[Field, FactValue]]:
        fields = self._live.fields[self._flow.start]
        given = [each for each in fields if each[0] in self._flow.given]
        live = self._live.atoms[self._flow.start]
        for values in product(*(self._domains.regions(each, live) for each in given)):
            yield dict(zip(given, values, strict=True))

    def _number(self, state: State) -> int:
        number = self._numbers.setdefault(state, len(self._control.states))
        if number == len(self._control.states):
            if number == self._most:
                raise NotDecidedError(f"it has over {self._most:,} states")
            self._control.states.append(state)
        return number

    def _fold(self, env: Mapping[Field, FactValue], location: str) -> Values:
        """What is known on entering a location: for each field alive there, its region."""
        live = self._live
        return tuple(
            fold[env[each]] if env.get(each) is not None else None
            for each, fold in zip(live.fields[location], live.folds[location], strict=True)
        )

    def _enter(self, source: State, target: str, values: Values, counter: str = "") -> int:
        """The state in which a run enters a location after a way that uses up a counter."""
        key = (source.location, source.counters, counter, target)
        if key not in self._counted:
            counters = _used(self._counters(source), counter)
            names = self._live.counters[target]
            self._counted[key] = tuple(counters.get(name, 0) for name in names)
        return self._number(State(target, values, self._counted[key]))

    def _pass_on(self, source: State, target: str, counter: str = "") -> int:
        """The state in which a run enters a location when nothing was written."""
        key = (source.location, source.values, target)
        if key not in self._carried:
            self._carried[key] = self._fold(self._env(source), target)
        return self._enter(source, target, self._carried[key], counter)

    def _env(self, state: State) -> dict[Field, FactValue]:
        return dict(zip(self._live.fields[state.location], state.values, strict=True))

    def _counters(self, state: State) -> dict[str, int]:
        return dict(zip(self._live.counters[state.location], state.counters, strict=True))

    def _expand(self, state: State) -> list[Edge]:
        found: dict[tuple[int, Label, bool], Edge] = {}
        for edge in self._edges(state):
            found.setdefault((edge.target, edge.label, edge.move.endless), edge)
        return list(found.values())

    def _edges(self, state: State) -> Iterator[Edge]:
        name = name_of(state.location)
        if name in self._flow.steps:
            yield from self._by_rules(state, self._flow.steps[name].next)
            yield from self._by_failure(state)
        elif name in self._flow.gates:
            gate = self._flow.gates[name]
            if failed_at(state.location):
                yield from self._by_person(state, gate)
            else:
                yield from self._by_rules(state, gate.next)
            yield from self._by_deadline(state, gate)

    def _by_rules(self, state: State, rules: Sequence[CompiledRule]) -> Iterator[Edge]:
        location = state.location
        counters = self._counters(state)
        exhausted = tuple(
            rule.at_most is not None
            and counters.get(f"{location}.next.{ordinal}", 0) >= rule.at_most
            for ordinal, rule in enumerate(rules)
        )
        key = (location, state.values, exhausted)
        if key not in self._decisions:
            self._decisions[key] = tuple(self._decide(state, rules, exhausted))
        kind = "answered" if location in self._flow.steps else "decided"
        for each in self._decisions[key]:
            target = self._enter(state, each.target, each.values, each.counter)
            yield Edge(target, each.label, Move(kind, each.answer, each.ordinal))

    def _decide(
        self, state: State, rules: Sequence[CompiledRule], exhausted: tuple[bool, ...]
    ) -> Iterator[Decision]:
        """Every different outcome of the rules, over all answers of a location."""
        location = state.location
        told: set[tuple[str, Values, str, Label]] = set()
        for number, answer in enumerate(self._control.answers[location]):
            after = {**self._env(state), **answer.facts}
            to, ordinal, counter = self._way(location, rules, after, exhausted)
            self._control.taken.add((location, ordinal))
            values = self._fold(after, to)
            if (to, values, counter, answer.label) not in told:
                told.add((to, values, counter, answer.label))
                yield Decision(to, values, counter, answer.label, number, ordinal)

    def _way(
        self,
        location: str,
        rules: Sequence[CompiledRule],
        env: Mapping[Field, FactValue],
        exhausted: tuple[bool, ...],
    ) -> Taken:
        """Let the interpreter's routing choose; what is unset is told, and counts as anything."""
        read = self._live.ruled[location]
        values = tuple(
            self._domains.any_value(each) if env.get(each) is None else env[each] for each in read
        )
        key = (location, values, exhausted)
        if key not in self._ways:
            self._ways[key] = _choose(location, rules, read, values, exhausted)
        return self._ways[key]

    def _by_failure(self, state: State) -> Iterator[Edge]:
        name = state.location
        counters = self._counters(state)
        for number, way in enumerate(self._terrain.failures[name]):
            counter = way.counter if self._follow else ""
            if counter and counters.get(counter, 0) >= way.capacity:
                continue
            endless = bool(counter) or not way.limits
            target = self._pass_on(state, way.target, counter)
            yield Edge(target, _NOTHING, Move("failed", number, endless=endless))
        if name in self._terrain.last_resorts and self._is_used_up(name, counters):
            target = self._pass_on(state, self._terrain.last_resorts[name])
            yield Edge(target, _NOTHING, Move("failed"))

    def _is_used_up(self, name: str, counters: dict[str, int]) -> bool:
        """Whether some kind of failure may have used up its line, so that `otherwise` applies."""
        return not self._follow or any(
            way.counter and counters.get(way.counter, 0) >= way.limits[0]
            for way in self._terrain.failures[name]
        )

    def _by_person(self, state: State, gate: CompiledGate) -> Iterator[Edge]:
        failed = failed_at(state.location)
        ways = [way for way in self._terrain.failures[failed] if way.target == state.location]
        comes_back = any((self._follow and way.counter) or not way.limits for way in ways)
        if comes_back and may_retry(gate, self._flow.steps[failed]):
            # An item that a person supplied is not made again, and a fan-out has so many.
            endless = bool({"retry", "raise_budget"} & set(gate.allow))
            again = Move("retried", endless=endless)
            yield Edge(self._pass_on(state, failed), _NOTHING, again)
        if gate.stop:
            yield Edge(self._pass_on(state, gate.stop), _NOTHING, Move("stopped"))
        for number, target in enumerate(gate.go):
            yield Edge(self._pass_on(state, target), _NOTHING, Move("went", number))

    def _by_deadline(self, state: State, gate: CompiledGate) -> Iterator[Edge]:
        late = gate.on_deadline
        counter = f"{name_of(state.location)}.on_deadline" if late.at_most else ""
        if late.at_most and self._counters(state).get(counter, 0) >= late.at_most:
            target = self._pass_on(state, last_resort(self._flow))
        else:
            target = self._pass_on(state, late.to, counter)
        yield Edge(target, _NOTHING, Move("expired"))

    def _answers(self, location: str) -> Iterator[Answer]:
        name = name_of(location)
        if name in self._flow.steps:
            yield from self._of_step(name)
        elif name in self._flow.gates and not failed_at(location):
            yield from self._of_gate(name, self._flow.gates[name])

    def _of_step(self, name: str) -> Iterator[Answer]:
        step = self._flow.steps[name]
        agent = self._flow.agents[step.agent]
        able = can_vouch(self._flow, step)
        condition = vouching_condition(agent, step.writes) if able else None
        for facts in self._regions(name, (step.writes,)):
            vouches = able and _holds(condition, step.writes, facts)
            yield Answer(facts, Label(writes=True, vouches=vouches))

    def _of_gate(self, name: str, gate: CompiledGate) -> Iterator[Answer]:
        assert gate.writes is not None
        verdict = (gate.writes, "verdict")
        for facts in self._regions(name, (gate.writes,)):
            label = Label(writes=True, vouches=facts[verdict] == APPROVE)
            if facts[verdict] == "revise" and not gate.revises:
                continue
            if facts[verdict] != "edited":
                yield Answer(facts, label)
            elif gate.edits:
                for edited in self._regions(name, (gate.edits,)):
                    yield Answer({**facts, **edited}, label._replace(edits=True))

    def _regions(self, name: str, slots: tuple[str, ...]) -> Iterator[dict[Field, FactValue]]:
        """Every combination of regions of what is written here, as far as it matters later."""
        live = self._live.after[name]
        fields = [each for each in self._domains.fields if each[0] in slots]
        regions = [self._domains.regions(each, live) for each in fields]
        many = 1
        for each in regions:
            many *= len(each)
        if many > MOST_ANSWERS:
            raise NotDecidedError(f"rules tell {many:,} answers of {name} apart")
        for values in product(*regions):
            yield dict(zip(fields, values, strict=True))


def _choose(
    location: str,
    rules: Sequence[CompiledRule],
    read: Sequence[Field],
    values: Values,
    exhausted: tuple[bool, ...],
) -> Taken:
    facts: dict[str, dict[str, FactValue]] = {}
    for (slot, fact), value in zip(read, values, strict=True):
        facts.setdefault(slot, {})[fact] = value
    used = {
        f"{location}.next.{ordinal}": rule.at_most
        for ordinal, rule in enumerate(rules)
        if rule.at_most and exhausted[ordinal]
    }
    way = choose(location, rules, facts, used)
    return way.to, way.ordinal, way.counter


def _conditions(terrain: Terrain) -> Iterator[Condition]:
    """Every condition that is ever decided: of rules, of verifiers and of people's verdicts."""
    flow = terrain.flow
    for location in terrain.locations:
        yield from Liveness.conditions(flow, name_of(location))


def _holds(condition: Condition | None, slot: str, facts: Mapping[Field, FactValue]) -> bool:
    """Whether a report's facts make it vouch; one without a condition always does."""
    held = {fact: value for (owner, fact), value in facts.items() if owner == slot}
    return condition is None or evaluate(condition, {slot: held})


def _used(counters: dict[str, int], counter: str) -> dict[str, int]:
    return {**counters, counter: counters.get(counter, 0) + 1} if counter else counters
