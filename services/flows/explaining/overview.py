"""The beginning of the page: what a flow takes, who works on it, who is asked, how it can end."""

from collections.abc import Iterator

from contracts.agent import SUB_FLOW, AgentKind
from services.flows.explaining.chart import Chart
from services.flows.explaining.words import (
    code,
    counted,
    duration,
    listing,
    names,
    paragraph,
    role,
    sentence,
)
from workflows.context_map.parts import StepNode


def overview(chart: Chart) -> str:
    """Write title and overview."""
    drawn = chart.map
    return "\n\n".join(
        [
            f"# The flow {code(drawn.flow)}: who hands what to whom",
            paragraph(
                drawn.summary,
                f"this page was written by `orchestra flows explain` from version {drawn.version}"
                " of the flow; change the flow, not the page",
            ),
            "## In short",
            _purpose(chart),
            "\n".join(
                f"{number}. {_agent(chart, step)}"
                for number, step in enumerate(chart.steps, start=1)
            ),
            paragraph(*_people(chart)),
            paragraph(*_limits(chart)),
        ]
    )


def _purpose(chart: Chart) -> str:
    given = names(each.slot for each in chart.start.writes)
    gained = dict.fromkeys(end.output.slot for end in chart.ends if end.output)
    comes_out = f" and, when all goes well, gives out {names(gained, 'or')}" if gained else ""
    work = counted(len(chart.steps), "step")
    lead = "leads" if len(chart.steps) == 1 else "lead"
    return paragraph(f"a run is given {given}{comes_out}", f"{work} {lead} from one to the other:")


def _agent(chart: Chart, step: StepNode) -> str:
    if step.remembers:
        entry = code(step.remembers.entry)
        return f"{code(step.name)} (long-term memory): Writes a version of {entry}."
    who = f"agent {code(step.agent)}"
    asks = f", asks the model {code(step.model_alias)}" if step.model_alias else ", code"
    match step.agent_kind:
        case AgentKind.MODEL:
            kind = asks
        case AgentKind.FLOW:
            who, kind = f"flow {code(step.agent.removeprefix(SUB_FLOW))}", ", in a run of its own"
        case AgentKind.MEMORY:
            who, kind = "writes to long-term memory", ""
        case _:
            kind = ", code"
    told = f"{code(step.name)} ({who}{kind})"
    summary = sentence(chart.summaries.get(step.agent, ""))
    return f"{told}: {summary}" if summary else f"{told}."


def _people(chart: Chart) -> Iterator[str]:
    if not chart.gates:
        yield "no person is asked on the way"
    for gate in chart.deciding:
        does = [f"decides at {code(gate.name)}", f"has {duration(gate.deadline)} for it"]
        does += [f"may change {code(gate.edits.slot)}"] if gate.edits else []
        yield f"{role(gate.role)} {listing(does)}"
    for gate in chart.helping:
        yield (
            f"{role(gate.role)} is asked at {code(gate.name)} when a step has failed, and has"
            f" {duration(gate.deadline)} to answer"
        )


def _limits(chart: Chart) -> Iterator[str]:
    good = [end.name for end in chart.ends if end.outcome == "succeeded"]
    bad = [end.name for end in chart.ends if end.outcome != "succeeded"]
    other = f"; it stops short as {names(bad, 'or')}" if bad else ""
    yield f"a run that succeeds ends as {names(good, 'or')}{other}"
    budget = chart.map.budget
    yield (
        f"a run may spend {budget.model_calls:,} model calls, {budget.tokens:,} tokens,"
        f" ${budget.microusd / 1_000_000:.2f} and {duration(budget.working_seconds)} of work;"
        " waiting for people is not work"
    )
