"""Who speaks for a value before it is published: a verifier's good report, or a person's approval.

A value that a person made or gave (trust `operator`) needs nobody. Any other is vouched for while
some slot holds a fresh report about that very version, and the report is good: the agent that wrote
it verifies and its own condition holds, or it is a gate's decision with the verdict `approve`.
"""

from collections.abc import Mapping

from contracts.compiled import (
    Both,
    Compare,
    CompiledAgent,
    CompiledFlow,
    CompiledStep,
    Condition,
    Either,
    Negation,
)
from contracts.reference import FactValue, Trust
from contracts.work import SlotVersion
from workflows.rules import comparisons, evaluate

APPROVE = "approve"


def vouching_condition(agent: CompiledAgent, slot: str) -> Condition | None:
    """The condition under which an agent's report vouches, on the slot that holds the report."""
    return _on_slot(agent.vouches_when, slot) if agent.vouches_when else None


def can_vouch(flow: CompiledFlow, step: CompiledStep) -> bool:
    """Whether a step's product may vouch: a list of reports has no one verdict to look at."""
    agent = flow.agents[step.agent]
    return agent.verifies and not (step.each and agent.vouches_when)


def published(flow: CompiledFlow, step: CompiledStep) -> tuple[str, ...]:
    """The slots whose values a publishing step sends out: what its product is about, or all."""
    slots = slots_by_input(step)
    inputs = flow.agents[step.agent].about or tuple(slots)
    return tuple(dict.fromkeys(slots[each] for each in inputs if each in slots))


def slots_by_input(step: CompiledStep) -> dict[str, str]:
    """The slot that each input of a step comes from."""
    slots = {read.input: read.slot for read in step.reads}
    if step.each:
        slots[step.each.variable] = step.each.slot
    return slots


def is_vouched_for(flow: CompiledFlow, slot: str, slots: Mapping[str, SlotVersion]) -> bool:
    """Whether a slot's current value may be published."""
    held = slots[slot]
    if all(reference.trust is Trust.OPERATOR for reference in held.references):
        return True
    version = held.references[0].version
    return any(
        version in report.references[0].about and _is_good(flow, report) and not report.passed_by
        for report in slots.values()
    )


def _is_good(flow: CompiledFlow, report: SlotVersion) -> bool:
    reference = report.references[0]
    if reference.produced_by in flow.steps:
        step = flow.steps[reference.produced_by]
        condition = vouching_condition(flow.agents[step.agent], reference.slot)
        return can_vouch(flow, step) and _holds(condition, reference.slot, report.facts)
    gate = flow.gates.get(reference.produced_by)
    return gate is not None and gate.writes == reference.slot and _approves(report.facts)


def _holds(condition: Condition | None, slot: str, facts: Mapping[str, FactValue]) -> bool:
    if condition is None:
        return True
    known = all(each.fact in facts for each in comparisons(condition))
    return known and evaluate(condition, {slot: facts})


def _approves(facts: Mapping[str, FactValue]) -> bool:
    return facts.get("verdict") == APPROVE


def _on_slot(condition: Condition, slot: str) -> Condition:
    match condition:
        case Both(parts=parts):
            return Both(parts=tuple(_on_slot(part, slot) for part in parts))
        case Either(parts=parts):
            return Either(parts=tuple(_on_slot(part, slot) for part in parts))
        case Negation(part=part):
            return Negation(part=_on_slot(part, slot))
        case Compare():
            return condition.model_copy(update={"slot": slot})
