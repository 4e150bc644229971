"""Runs a compiled flow without a server: the interpreter's own course, driven by an oracle."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol

from contracts.agent import planned_kinds
from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.failure import Failure, FailureKind
from contracts.reference import FactValue, Value
from contracts.registry import Registry
from contracts.usage import Usage
from contracts.work import GateDecision, RunStart
from tests.prove.conditions import random_fact
from workflows.checking.answering import facts_of
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
from workflows.course import Course
from workflows.failures import StepFailed
from workflows.gates import OpenGate
from workflows.ledger import at_most, with_stand_ins
from workflows.routing import Way
from workflows.state import RunState
from workflows.visits import Visit

LONGEST_RUN: Final = 3_000
"""Moves after which a run counts as stuck; every counted loop of a drawn flow is far shorter."""


class Oracle(Protocol):
    """Who answers for agents and people."""

    def given(self, slot: str) -> FactsGiven:
        """Facts of an input."""

    def at_step(self, visit: Visit) -> Answered | Failed | None:
        """What a step does; None when the oracle has nothing more to say."""

    def at_gate(self, name: str) -> Decided | Handled | Expired | None:
        """What a person does, or nobody."""

    def spends(self, limit: Usage) -> Usage:
        """What one piece of work costs."""


@dataclass
class Ended:
    """How a simulated run ended."""

    how: str
    """`ended`, `bug`, `stuck` or `out of answers`."""

    at: str
    message: str = ""
    spent: Usage = field(default_factory=Usage)
    visits: dict[str, int] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)


class Simulation:
    """One run."""

    def __init__(self, flow: CompiledFlow, registry: Registry, oracle: Oracle) -> None:
        self._flow = flow
        self._registry = registry
        self._oracle = oracle
        self._made = 0
        given = {slot: self._value(slot, oracle.given(slot)) for slot in flow.input}
        start = RunStart(tenant="prove", run="run", flow=self._value("", {}), input=given)
        self._course = Course(flow, RunState.begin(start, flow, 0))
        self._spent = Usage()
        self._moves: list[Move] = []
        self.rules_taken: set[tuple[str, int]] = set()
        """Step or gate, and which of its rules."""

    def run(self) -> Ended:
        """Go on until an end, a bug, or for too long."""
        state = self._course.state
        try:
            while state.place not in self._flow.ends:
                way = self._way(state.place)
                if way is None:
                    return self._ended("out of answers", state.place)
                if len(self._moves) > LONGEST_RUN or not way.to:
                    return self._ended("stuck", state.place)
                if way.ordinal >= 0 and not self._answers_failure(state.place):
                    self.rules_taken.add((state.place, way.ordinal))
                state.place = state.take(way)
            self._course.output(state.place)
        except StepFailed as failed:
            return self._ended("bug", failed.failure.step, failed.failure.message)
        return self._ended("ended", state.place)

    def _answers_failure(self, place: str) -> bool:
        return place in self._flow.gates and self._flow.gates[place].answers_failure

    def _ended(self, how: str, at: str, message: str = "") -> Ended:
        visits = dict(self._course.state.visits)
        return Ended(how, at, message, self._spent, visits, self._moves)

    def _way(self, place: str) -> Way | None:
        if place in self._flow.gates:
            return self._pass(place)
        visit = self._course.enter(place)
        move = self._oracle.at_step(visit)
        if move is None:
            return None
        self._moves.append(move)
        keys = self._keys(visit)
        limit = with_stand_ins(self._flow, visit.step)
        for _ in keys:
            self._spent = self._spent + at_most(self._oracle.spends(limit), limit)
        if isinstance(move, Failed):
            failure = Failure(kind=move.failure, step=place, item=keys[-1], message="drawn")
            return self._course.way_after(place, failure)
        values = [self._value(visit.step.writes, move.facts) for _ in keys]
        references = [
            self._course.reference(visit, key, value)
            for key, value in zip(keys, values, strict=True)
        ]
        self._course.accept(visit, references, dict(values[0].facts))
        return self._course.way_on(place)

    def _keys(self, visit: Visit) -> Sequence[str]:
        each = visit.step.each
        if each is None:
            return ("",)
        keys = self._course.state.slots[each.slot].facts[each.fact]
        assert isinstance(keys, tuple)
        return keys

    def _pass(self, place: str) -> Way | None:
        course, gate = self._course, self._flow.gates[place]
        visit = course.state.enter(place)
        if not gate.answers_failure:
            course.shown(place)
        move = self._oracle.at_gate(place)
        if move is None:
            return None
        self._moves.append(move)
        if isinstance(move, Expired):
            return course.way_expired(place)
        decision = self._decision(place, visit, move)
        asked = course.state.failure
        supplies = asked is None or course.may_supply(asked.step)
        open_gate = OpenGate(place, visit, gate, decision.shown, supplies=supplies)
        objection = open_gate.objection(decision)
        assert not objection, objection
        return course.way_decided(place, visit, decision)

    def _decision(self, place: str, visit: int, move: Decided | Handled) -> GateDecision:
        gate = self._flow.gates[place]
        common = {"id": "d", "gate": place, "visit": visit, "shown": "0" * 64, "who": "w"}
        if isinstance(move, Handled):
            supplied = None
            if move.action == "supply":
                asked = self._course.state.failure
                assert asked is not None
                slot = self._flow.steps[asked.step].writes
                supplied = self._value(slot, move.facts)
            budget = self._flow.budget if move.action == "raise_budget" else None
            handled = {"action": move.action, "supplied": supplied, "to": move.to, "budget": budget}
            return GateDecision.model_validate({**common, **handled})
        assert gate.writes is not None
        said = {**move.facts, "verdict": move.verdict}
        values = {"decision": self._value(gate.writes, said)}
        if move.edited is not None and gate.edits:
            values["edited"] = self._value(gate.edits, move.edited)
        return GateDecision.model_validate({**common, **values})

    def _value(self, slot: str, said: FactsGiven) -> Value:
        self._made += 1
        facts = facts_of(self._flow, self._registry, slot, said) if slot else {}
        return Value(digest=digest(str(self._made).encode()), size=1, facts=facts)


class WitnessOracle:
    """Answers as a witness says, and costs nothing."""

    def __init__(self, witness: Witness, rounds: int = 1) -> None:
        moves = list(witness.moves)
        if witness.repeats_from is not None:
            moves += list(witness.moves[witness.repeats_from :]) * (rounds - 1)
        self._given = witness.given
        self._moves = iter(moves)

    def given(self, slot: str) -> FactsGiven:
        """Facts as the witness says."""
        return self._given.get(slot, {})

    def at_step(self, visit: Visit) -> Answered | Failed | None:
        """The next move, which has to be this step's."""
        move = next(self._moves, None)
        if move is None:
            return None
        assert isinstance(move, Answered | Failed)
        assert move.node == visit.name
        return move

    def at_gate(self, name: str) -> Decided | Handled | Expired | None:
        """The next move, which has to be this gate's."""
        move = next(self._moves, None)
        if move is None:
            return None
        assert isinstance(move, Decided | Handled | Expired)
        assert move.node == name
        return move

    def spends(self, limit: Usage) -> Usage:
        """Nothing."""
        return Usage()


class RandomOracle:
    """Answers by lot: any valid value, any kind of failure, any decision, or none in time."""

    def __init__(self, random: Random, flow: CompiledFlow, registry: Registry) -> None:
        self._random = random
        self._flow = flow
        self._registry = registry
        self._fails = random.choice((0.02, 0.15, 0.5))
        self._failed = ""

    def given(self, slot: str) -> FactsGiven:
        """Random facts."""
        return self._facts(slot)

    def at_step(self, visit: Visit) -> Answered | Failed | None:
        """A random answer or a random failure that this step can have."""
        if self._random.random() < self._fails:
            self._failed = visit.name
            reads_own = any(read.slot == visit.step.writes for read in visit.step.reads)
            kinds = list(planned_kinds(visit.agent.kind))
            if not reads_own:
                kinds.remove(FailureKind.NO_PROGRESS)
            named = [kind for kind in kinds if kind.value in visit.step.on_failure]
            chosen = named if named and self._random.random() < 0.6 else kinds
            return Failed(node=visit.name, failure=self._random.choice(chosen))
        return Answered(node=visit.name, facts=self._facts(visit.step.writes))

    def at_gate(self, name: str) -> Decided | Handled | Expired | None:
        """A random decision, or none."""
        gate = self._flow.gates[name]
        if self._random.random() < 0.15:
            return Expired(node=name)
        if gate.answers_failure:
            return self._handles(name)
        verdicts = ["approve", "reject", *(["edited"] if gate.edits else [])]
        verdicts += ["revise"] if gate.revises else []
        verdict = self._random.choice(verdicts)
        assert gate.writes is not None
        edits = verdict == "edited" and gate.edits
        return Decided(
            node=name,
            verdict=verdict,
            facts={},
            edited=self._facts(gate.edits) if edits and gate.edits else None,
        )

    def spends(self, limit: Usage) -> Usage:
        """Often all there is."""
        if self._random.random() < 0.5:
            return limit
        return Usage.model_validate({k: self._random.randint(0, v) for k, v in limit})

    def _handles(self, name: str) -> Handled:
        step = self._flow.steps[self._failed]
        agent = self._flow.agents[step.agent]
        allowed = [each for each in self._flow.gates[name].allow if each != "raise_budget"]
        if agent.verifies or agent.publishes or step.each:
            allowed = [each for each in allowed if each != "supply"]
        action = self._random.choice(allowed)
        facts = self._facts(step.writes) if action == "supply" else {}
        to = self._random.choice(self._flow.gates[name].go) if action == "go" else ""
        return Handled.model_validate({"node": name, "action": action, "facts": facts, "to": to})

    def _facts(self, slot: str) -> dict[str, FactValue]:
        if self._flow.list_slot(slot):
            return {}
        model = self._registry.get(self._flow.slots[slot])
        wanted = self._flow.facts.get(slot, ())
        facts = {
            fact: random_fact(self._random, model, fact)
            for fact in wanted
            if not fact.startswith("keys(")
        }
        for fact in wanted:
            if fact.startswith("keys("):
                many = facts.get(f"len({fact[5:-1].rpartition('.')[0]})")
                facts[fact] = (
                    tuple(f"k{at}" for at in range(many))
                    if isinstance(many, int)
                    else random_fact(self._random, model, fact)
                )
        return facts
