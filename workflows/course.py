"""What a run does next, from what it knows: no clock, no Temporal, no I/O.

The interpreter schedules, waits and tells; everything it decides is decided here, so that a proof
can drive the very same code without a server.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from contracts.compiled import (
    Compare,
    CompiledFlow,
    CompiledGate,
    CompiledRead,
    CompiledRule,
    CompiledStep,
)
from contracts.failure import UNPLANNED, Failure, FailureKind
from contracts.reference import FactValue, Reference, Trust, Value, least_trust
from contracts.work import FinishedItem, GateDecision, StepResult
from workflows.authorship import barred, credit
from workflows.context import Context
from workflows.failures import StepFailed
from workflows.freshness import was_stale
from workflows.gates import may_supply
from workflows.routing import Way, after_deadline, after_failure, choose, last_resort, plan_line
from workflows.rules import comparisons
from workflows.state import RunState, reference_to
from workflows.visits import Visit
from workflows.vouching import is_vouched_for, published

GUARDED: Final = 2
"""From this level on every border is guarded; see `CompiledFlow.borders`."""


class Course:
    """The course of one run through its flow."""

    def __init__(self, flow: CompiledFlow, state: RunState, context: Context | None = None) -> None:
        """Follow a flow.

        Args:
            flow: the compiled flow.
            state: what the run knows.
            context: what its slots hold, for a branch that works ahead; else the state's own.
        """
        self.flow = flow
        self.state = state
        self.context = context or state.context
        self.guards = flow.borders >= GUARDED
        """Whether every border is guarded; runs of flows compiled before guard inputs only."""

    # Steps

    def enter(self, name: str) -> Visit:
        """Count a visit of a step and find what it works on.

        Raises:
            StepFailed: as a bug; an input is unset or stale, or would be published unvouched.
        """
        return self._visit(name, self.state.enter(name))

    def reference(self, visit: Visit, item: str, value: Value) -> Reference:
        """Point at what a visit produced."""
        sources = [held.trust for references in visit.inputs.values() for held in references]
        return reference_to(
            value,
            visit.step.writes,
            visit.ordinal,
            contract=visit.agent.produces,
            trust=least_trust(visit.agent.trust, *sources),
            produced_by=visit.name,
            visit=visit.number,
            item=item,
            made_from=visit.parents(),
            about=visit.about(),
        )

    def makes_no_progress(self, visit: Visit, made: Reference) -> bool:
        """Whether a step that reads what it writes returned what it was given."""
        before = self.context.slots.get(visit.step.writes)
        read = any(read.slot == visit.step.writes for read in visit.step.reads)
        return bool(read and before and before.references[0].digest == made.digest)

    def stand_in(self, visit: Visit, failure: Failure, tried: Sequence[str]) -> str:
        """Who does a failed step's work next; empty when its plan names nobody who has not tried.

        A visit ends: each agent or model of a plan tries at most once in it.
        """
        if failure.kind in UNPLANNED:
            return ""
        named = plan_line(visit.step, failure.kind).fall_back
        return next((each for each in named if each not in tried), "")

    def accept(
        self, visit: Visit, references: Sequence[Reference], facts: dict[str, FactValue]
    ) -> None:
        """Make what a visit produced its slot's current value."""
        self.context.put(visit.step.writes, references, facts)
        self.credit_suppliers(visit.name, references)

    def credit_suppliers(self, name: str, references: Sequence[Reference]) -> None:
        """Name who supplied items of a list by hand, while they are still kept."""
        for reference in references:
            kept = self.state.finished_items.get(f"{name}/{reference.item}")
            if kept and kept.supplied_by and reference.produced_by == kept.supplied_at:
                credit(self.state.authors, reference, kept.supplied_by, is_edit=False)

    def way_on(self, name: str) -> Way:
        """Let a step's rules choose, once it has written.

        Raises:
            StepFailed: as a bug; a rule looks at a slot that is unset or stale.
        """
        step = self.flow.steps[name]
        self.state.failure = None
        return self._by_rules(name, step.next, step.writes)

    def way_after(self, name: str, failure: Failure) -> Way:
        """Follow a step's failure plan.

        Raises:
            StepFailed: the kind takes no plan.
        """
        if failure.kind in UNPLANNED:
            raise StepFailed(failure)
        self.state.ask_about(name, self.state.visits[name], failure)
        return after_failure(name, self.flow.steps[name], failure.kind, self.state.used)

    # Gates and ends

    def shown(self, name: str) -> tuple[Reference, ...]:
        """What a gate shows now.

        Raises:
            StepFailed: as a bug; a slot that has to be shown is unset or stale.
        """
        slots = self._slots_shown(name, self.flow.gates[name])
        return tuple(held for slot in slots for held in self.context.slots[slot].references)

    def authors(self, name: str) -> frozenset[str]:
        """Who wrote by hand what a gate shows, or started the run, as `person` writes them.

        Empty where the gate does not ask for it.
        """
        approvers = self.flow.gates[name].approvers
        if approvers is None or not approvers.not_author:
            return frozenset()
        return barred(self.state.authors, self.flow.input, self.shown(name))

    def way_decided(self, name: str, visit: int, decision: GateDecision) -> Way:
        """Take over what a person decided, and say where it leads.

        Raises:
            StepFailed: as a bug; a rule looks at a slot that is unset or stale.
        """
        gate = self.flow.gates[name]
        if gate.answers_failure:
            return self._answer(name, visit, decision)
        assert decision.decision is not None
        assert gate.writes is not None
        sources = tuple(dict.fromkeys(held.version for held in self.shown(name)))
        if decision.edited and gate.edits:
            self._put_by_person(name, visit, gate.edits, decision.edited, sources, ())
            self._credit(gate.edits, decision.who, is_edit=True)
        # Else what was revised on an older decision and edited now would rest on a replaced one.
        knows_edit = gate.revises and decision.edited is not None and gate.edits is not None
        edited = (self.state.slots[gate.edits or ""].references[0].version,) if knows_edit else ()
        made_from = (*sources, *edited)
        self._put_by_person(name, visit, gate.writes, decision.decision, made_from, sources)
        return self._by_rules(name, gate.next, gate.writes)

    def way_expired(self, name: str) -> Way:
        """Leave a gate that nobody answered in time.

        Raises:
            StepFailed: as a bug; the deadline is used up and no end has the outcome `failed`.
        """
        late = self.flow.gates[name].on_deadline
        way = after_deadline(name, late, self.last_resort(), self.state.used)
        if not way.to:
            raise self._bug(name, "its deadline is used up and no end has the outcome failed")
        return way

    def may_supply(self, name: str) -> bool:
        """Whether a person may make by hand what a failed step did not."""
        asked = self.state.failure
        return may_supply(self.flow, name, asked.failure.item if asked else "")

    def last_resort(self) -> str:
        """See `routing.last_resort`."""
        return last_resort(self.flow)

    def output(self, end: str) -> Reference | None:
        """What a run that reached an end has made.

        Raises:
            StepFailed: as a bug; the output is unset or stale.
        """
        slot = self.flow.ends[end].output
        if slot is None:
            return None
        if self.guards and not self._is_fit(slot):
            self._refuse(end, [slot])
        return self.context.slots[slot].references[0]

    def _visit(self, name: str, number: int) -> Visit:
        step = self.flow.steps[name]
        agent = self.flow.agents[step.agent]
        self._refuse(name, self._unfit_inputs(step))
        inputs = {read.input: self._read(read) for read in step.reads}
        if step.each:
            inputs[step.each.variable] = self.context.slots[step.each.slot].references
        if agent.publishes and self.guards:
            handed_over = {held.slot for references in inputs.values() for held in references}
            going_out = (each for each in published(self.flow, step) if each in handed_over)
            self._refuse_unvouched(name, going_out)
        ordinal = self.context.next_ordinal(step.writes)
        return Visit(name, step, agent, step.agent, number, ordinal, inputs)

    def _unfit_inputs(self, step: CompiledStep) -> Iterator[str]:
        for read in step.reads:
            if not read.optional and not self._is_fit(read.slot, read.stale_allowed):
                yield read.slot
        if step.each and self.guards and not self._is_fit(step.each.slot):
            yield step.each.slot

    def _read(self, read: CompiledRead) -> tuple[Reference, ...]:
        """Find what an input holds now: nothing for an optional one without a fresh value."""
        fit = self._is_fit(read.slot, read.stale_allowed)
        return self.context.slots[read.slot].references if fit else ()

    def _slots_shown(self, name: str, gate: CompiledGate) -> tuple[str, ...]:
        if not self.guards:
            return tuple(slot for slot in gate.shows if slot in self.context.slots)
        fit = {slot: self._is_fit(slot, slot in gate.stale_allowed) for slot in gate.shows}
        self._refuse(
            name, (slot for slot in gate.shows if not fit[slot] and slot not in gate.optional)
        )
        return tuple(slot for slot in gate.shows if fit[slot])

    def _by_rules(self, name: str, rules: Sequence[CompiledRule], own: str) -> Way:
        if self.guards:
            # What was written just now speaks for this moment, whatever its lineage.
            self._refuse(name, (slot for slot in _looked_at(rules, own) if not self._is_fit(slot)))
            self._refuse_unknown(name, rules)
        return choose(name, rules, self.context.facts(), self.state.used)

    def _refuse_unknown(self, name: str, rules: Sequence[CompiledRule]) -> None:
        for each in _compared(rules):
            if each.fact not in self.context.slots[each.slot].facts:
                raise self._bug(name, f"{each.slot} came without its fact {each.fact}")

    def _refuse_unvouched(self, name: str, going_out: Iterable[str]) -> None:
        slots = self.context.slots
        for slot in going_out:
            if not is_vouched_for(self.flow, slot, slots):
                version = slots[slot].references[0].version
                raise self._bug(name, f"nobody vouches for {version}, which {name} would publish")

    def _is_fit(self, slot: str, stale_allowed: bool = False) -> bool:
        return slot in self.context.slots and (stale_allowed or not self._is_stale(slot))

    def _is_stale(self, slot: str) -> bool:
        if self.guards:
            return self.context.slots[slot].passed_by
        return was_stale(slot, self.context.slots, self.context.parents)

    def _refuse(self, name: str, unfit: Iterable[str]) -> None:
        told = [
            f"{slot} has {'only a stale value' if slot in self.context.slots else 'no value'} here"
            for slot in unfit
        ]
        if told:
            raise self._bug(name, " and ".join(told))

    def _bug(self, name: str, what: str) -> StepFailed:
        message = f"at {name}: {what}, which the flow's check should have refused"
        return StepFailed(Failure(kind=FailureKind.BUG, step=name, message=message))

    def _answer(self, name: str, visit: int, decision: GateDecision) -> Way:
        asked = self.state.failure
        assert asked is not None
        match decision.action:
            case "retry":
                return Way(asked.step, "retry")
            case "raise_budget":
                assert decision.budget is not None
                self.state.raise_budget(decision.budget)
                return Way(asked.step, "raise_budget")
            case "supply":
                assert decision.supplied is not None
                return self._supply(name, visit, asked.step, decision.supplied, decision.who)
            case "go":
                return Way(decision.to, "go")
            case _:
                return Way(self.flow.gates[name].stop or self.last_resort(), "stop")

    def _supply(self, name: str, visit: int, failed: str, supplied: Value, who: str) -> Way:
        """Take a person's value for a failed step and go on as if the step had made it."""
        step = self.flow.steps[failed]
        asked = self.state.failure
        if step.each and asked and asked.failure.item:
            self._supply_item(failed, asked.failure.item, supplied, name, who)
            return Way(failed, "supply")
        sources, about = self._lineage_of_supplied(failed)
        self._put_by_person(name, visit, step.writes, supplied, sources, about)
        self._credit(step.writes, who, is_edit=False)
        return self.way_on(failed)

    def _lineage_of_supplied(self, failed: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What a supplied value is made from and about: as the step's own product would be."""
        if self.guards:
            meant = self._visit(failed, self.state.visits[failed])
            return meant.parents(), meant.about()
        reads = self.flow.steps[failed].reads
        slots = [read.slot for read in reads if read.slot in self.context.slots]
        return tuple(self.context.slots[slot].references[0].version for slot in slots), ()

    def _supply_item(self, failed: str, item: str, value: Value, gate: str, who: str) -> None:
        """Put a person's value in the place of a failed item; the next visit takes it up."""
        visit = self._visit(failed, self.state.visits[failed])
        supplied = FinishedItem(
            inputs=visit.digests(),
            result=StepResult(value=value),
            seq=self.state.seq,
            supplied_at=gate,
            supplied_by=who,
        )
        self.state.remember_items(failed, {item: supplied})

    def _credit(self, slot: str, who: str, *, is_edit: bool) -> None:
        credit(self.state.authors, self.state.slots[slot].references[0], who, is_edit=is_edit)

    def _put_by_person(
        self,
        name: str,
        visit: int,
        slot: str,
        value: Value,
        made_from: tuple[str, ...],
        about: tuple[str, ...],
    ) -> None:
        reference = reference_to(
            value,
            slot,
            self.context.next_ordinal(slot),
            contract=self.flow.slots[slot],
            trust=Trust.OPERATOR,
            produced_by=name,
            visit=visit,
            made_from=made_from,
            about=about,
        )
        self.context.put(slot, (reference,), value.facts)


def _looked_at(rules: Sequence[CompiledRule], own: str) -> Iterator[str]:
    """The slots that rules look at besides the one that was just written, each once."""
    slots = dict.fromkeys(each.slot for each in _compared(rules))
    yield from (slot for slot in slots if slot != own)


def _compared(rules: Sequence[CompiledRule]) -> Iterator[Compare]:
    return (each for rule in rules if rule.when for each in comparisons(rule.when))
