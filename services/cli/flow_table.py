"""Flows as tables for a person."""

from collections.abc import Iterable, Sequence

from rich.console import RenderableType

from contracts.compiled import CompiledEntry
from services.cli.tables import pairs, table
from services.gateway.replies import FlowGate, FlowList, FlowRead, FlowStep, FlowView, FlowWay
from workflows.checking.worst_case import WorstCase


def flows(found: FlowList) -> list[RenderableType]:
    """List the flows on offer, and the files that are not, each with the reason."""
    made = table("FLOW", "INPUT", "SUMMARY")
    for each in found.flows:
        inputs = ", ".join(f"{slot}: {kind}" for slot, kind in each.input.items())
        made.add_row(f"{each.name}@{each.version}", inputs, each.summary)
    refused = [f"\n{name} is not offered:\n{why}" for name, why in found.refused.items()]
    return [made, *refused]


def flow(view: FlowView) -> list[RenderableType]:
    """Show a flow: who reads and writes what, and where each step leads."""
    budget = view.budget
    head = pairs(
        [
            ("flow", f"{view.name}@{view.version}"),
            ("summary", view.summary),
            ("input", ", ".join(f"{slot}: {kind}" for slot, kind in view.input.items())),
            ("memory", ", ".join(_entry(slot, kept) for slot, kept in view.memory.items())),
            ("start", view.start),
            (
                "budget",
                f"{budget.model_calls:,} model calls, {budget.tokens:,} tokens,"
                f" ${budget.microusd / 1_000_000:.2f}, {budget.working_seconds // 60} minutes",
            ),
            ("at worst", _at_worst(view.worst_case)),
        ]
    )
    made = table("STEP", "AGENT OR ROLE", "READS", "WRITES", "NEXT")
    for name, step in view.steps.items():
        made.add_row(name, _agent(step), _reads(step.reads), step.writes, _ways(step.next))
    for name, gate in view.gates.items():
        made.add_row(name, f"gate: {gate.role}", _shows(gate), gate.writes or "", _gate_ways(gate))
    ends = table("END", "OUTCOME", "REASON")
    for name, end in view.ends.items():
        ends.add_row(name, end.outcome, end.reason or (f"gives {end.output}" if end.output else ""))
    return [head, "", made, "", ends, *_dearest(view.worst_case)]


def _entry(slot: str, kept: CompiledEntry) -> str:
    return f"{slot}: {kept.entry} ({kept.contract}{', if there' if kept.optional else ''})"


def _at_worst(worst: WorstCase) -> str:
    """What no run can need more of; a budget below it is what stops a run."""
    unknown = f"an unknown amount: nobody knows the price of {', '.join(worst.unpriced)}"
    money = unknown if worst.unpriced else f"${worst.microusd / 1_000_000:,.2f}"
    return f"{worst.calls:,} model calls, {worst.tokens:,} tokens, {money}"


def _dearest(worst: WorstCase) -> list[RenderableType]:
    if not worst.steps:
        return []
    made = table("AT WORST", "VISITS", "ITEMS", "MODEL CALLS", "TOKENS", "COST")
    for name, each in worst.steps.items():
        money = (
            "unknown" if each.usage.unpriced_calls else f"${each.usage.cost_microusd / 1e6:,.2f}"
        )
        counts = (each.visits, each.items, each.usage.calls, each.usage.tokens)
        made.add_row(name, *(f"{count:,}" for count in counts), money)
    return ["", made]


def _agent(step: FlowStep) -> str:
    asks = f", asks {step.model}" if step.model else ""
    each = f"\neach {step.each}" if step.each else ""
    return f"{step.agent}@{step.agent_version}{asks}{each}"


def _reads(reads: Iterable[FlowRead]) -> str:
    return "\n".join(f"{read.slot}{'?' if read.is_optional else ''}" for read in reads)


def _shows(gate: FlowGate) -> str:
    return "a failure" if gate.answers_failure else "\n".join(gate.shows)


def _ways(ways: Sequence[FlowWay]) -> str:
    if len(ways) == 1:
        return ways[0].to
    return "\n".join(
        f"{way.to} if {way.rule}{f' (at most {way.at_most})' if way.at_most else ''}"
        if way.rule != "else"
        else f"else {way.to}"
        for way in ways
    )


def _gate_ways(gate: FlowGate) -> str:
    if gate.answers_failure:
        return ", ".join(gate.allow)
    return f"{_ways(gate.next)}\nafter {gate.deadline_seconds // 3600} h {gate.on_deadline}"
