"""The section on failures: the plan that steps share, and what a person may do about a failure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contracts.failure import FailureKind
from contracts.flow import GateAction
from services.flows.explaining.asking import asking
from services.flows.explaining.chart import Chart
from services.flows.explaining.plans import Line, Plans
from services.flows.explaining.words import (
    code,
    counted,
    duration,
    listing,
    names,
    paragraph,
    role,
    sentence,
    table,
    times,
)
from workflows.context_map.parts import EndNode, GateNode, StepNode, WayKind

HEADING: Final = "When a step fails"

_HAPPENS: Final[Mapping[str, str]] = {
    FailureKind.UNAVAILABLE: "something that the step needs does not answer",
    FailureKind.RATE_LIMITED: "the model's provider asks to slow down",
    FailureKind.TIMED_OUT: "the step takes too long",
    FailureKind.DENIED: "the model's endpoint denies access",
    FailureKind.QUOTA: "the model's account has no quota left",
    FailureKind.REFUSED: "the model refuses",
    FailureKind.TRUNCATED: "the answer is cut off",
    FailureKind.EMPTY: "the answer says nothing",
    FailureKind.MALFORMED: "the answer does not fit its contract",
    FailureKind.RULE_BROKEN: "a rule on meaning is broken",
    FailureKind.TOO_LARGE: "a prompt or an answer is too large for the model",
    FailureKind.UNREADABLE: "a stored value cannot be read",
    FailureKind.MEMORY_LOST: "a stored value is lost and cannot be restored",
    FailureKind.OVER_BUDGET: "the run has spent its budget",
    FailureKind.NO_PROGRESS: "the step returns what it was given",
    FailureKind.CONFLICT: "somebody else has changed the entry of long-term memory",
    FailureKind.REJECTED: "a person rejects the sub-flow's run",
    FailureKind.EXPIRED: "nobody decides in time in the sub-flow's run",
    FailureKind.UNFINISHED: "the sub-flow's run fails or is cancelled",
}


def failures(chart: Chart, plans: Plans) -> str:
    """Write the section."""
    rows = plans.rows()
    told = [f"## {HEADING}", _introduction(chart, plans)]
    told.append(
        table(
            ("what goes wrong", "what is tried first", "what follows if that does not help"),
            (_row(chart, plans, line, kinds) for line, kinds in rows.items()),
        )
    )
    told.append(_terms(chart, tuple(rows)))
    told += [_helping(chart, gate) for gate in chart.helping]
    return "\n\n".join(part for part in told if part)


def differences(chart: Chart, plans: Plans, step: StepNode) -> str:
    """Say in one sentence what a step does otherwise about failures; empty when nothing."""
    said = [
        f"{_when(kinds)}, {_outcome(chart, line)}"
        for line, kinds in plans.differences(step).items()
    ]
    return f"It fails by the plan above, but for this: {'; '.join(said)}" if said else ""


def _introduction(chart: Chart, plans: Plans) -> str:
    apart = [step.name for step in chart.steps if plans.differences(step)]
    one = len(apart) == 1
    told = (
        f"one plan covers every step; where {names(apart)} {'differs' if one else 'differ'} from"
        f" it, {'its hand-off says' if one else 'their hand-offs say'} so"
        if apart
        else "one plan covers every step"
    )
    return paragraph("a step that fails hands nothing on, not even a part", told)


def _row(chart: Chart, plans: Plans, line: Line, kinds: Sequence[str]) -> tuple[str, str, str]:
    if line == plans.rest:
        happens = f"Anything else: {names(kinds, 'or')}"
    else:
        happens = sentence("; ".join(f"{_HAPPENS[kind]} ({code(kind)})" for kind in kinds))[:-1]
    return happens, _remedies(line) or "nothing", _then(chart, line)


def _remedies(line: Line) -> str:
    tried = [counted(line.repair, "repair")] if line.repair else []
    tried += [f"{counted(line.retry, 'more attempt')}"] if line.retry else []
    tried += [f"more attempts for {duration(line.retry_for)}"] if line.retry_for else []
    tried += [f"one attempt each with {listing(line.fall_back)} instead"] if line.fall_back else []
    return listing(tried, "then") if tried else ""


def _then(chart: Chart, line: Line) -> str:
    how_often = f", {times(line.at_most)} at most" if line.at_most else ""
    return f"{chart.follows(line.then)}{how_often}"


def _terms(chart: Chart, lines: Sequence[Line]) -> str:
    told = []
    if any(line.repair for line in lines):
        asking = [step.name for step in chart.steps if step.model]
        told.append(
            "A repair shows the model its rejected answer with the reasons and asks again, so only"
            f" steps that ask a model have repairs: {names(asking)}"
        )
    if any(line.at_most for line in lines):
        told.append(
            "what is “at most” counts for each step and each kind of failure by itself"
            + _afterwards(chart, lines)
        )
    return paragraph(*told)


def _afterwards(chart: Chart, lines: Sequence[Line]) -> str:
    """Say what follows once a counted way is used up."""
    lasts = dict.fromkeys((line.then, line.last) for line in lines if line.last)
    if len({last for _, last in lasts}) == 1:
        [(_, last), *_] = lasts
        return f"; after that, {chart.follows(last)}"
    return "".join(f"; after {code(then)}, {chart.follows(last)}" for then, last in lasts)


def _when(kinds: Sequence[str]) -> str:
    return "when " + listing((f"{_HAPPENS[kind]} ({code(kind)})" for kind in kinds), "or")


def _outcome(chart: Chart, line: Line) -> str:
    tried = _remedies(line)
    then = _then(chart, line)
    last = f", and after that {chart.follows(line.last)}" if line.last else ""
    at_once = " at once" if isinstance(chart.node(line.then), EndNode) else ""
    if tried:
        return f"there {'is' if tried.startswith('one') else 'are'} {tried}, and then {then}{last}"
    return f"{then}{at_once}{last}"


def _helping(chart: Chart, gate: GateNode) -> str:
    """Say what a person may do about a failure, how long they have, and where each leads."""
    if not gate.asked_by:
        return ""
    whose = "" if len(gate.asked_by) == len(chart.steps) else f" of {names(gate.asked_by, 'or')}"
    opening = paragraph(
        f"at {code(gate.name)}, {role(gate.role)} sees the failure{whose}: which agent, what kind,"
        " the answer that was rejected and why",
        f"they have {duration(gate.deadline)} to choose one of these:",
    )
    offered = "\n".join(f"- {told}" for told in _offers(chart, gate))
    late = [
        f"If nobody answers in that time, {chart.follows(way.target)}"
        for way in chart.leaving(gate.name, WayKind.DEADLINE)
        if not way.rule
    ]
    return "\n\n".join([opening, offered, paragraph(*asking(gate), *late)])


def _offers(chart: Chart, gate: GateNode) -> Iterator[str]:
    for action in gate.allow:
        yield f"**{action}**: {_offer(chart, gate, action)}"


def _offer(chart: Chart, gate: GateNode, action: GateAction) -> str:
    match action:
        case "retry":
            return "the step is begun anew with the same context."
        case "raise_budget":
            return "the run gets a larger budget and the step is begun anew."
        case "supply":
            return _supply(chart, gate)
        case "go":
            return f"the run goes another way: {listing(_places_to_go(chart, gate), 'or')}."
        case "stop":
            [target] = [
                way.target for way in chart.leaving(gate.name, WayKind.ANSWER) if way.rule == "stop"
            ]
            return f"{chart.follows(target)}."


def _places_to_go(chart: Chart, gate: GateNode) -> list[str]:
    ways = chart.leaving(gate.name, WayKind.ANSWER)
    return [chart.follows(way.target) for way in ways if way.rule == "go"]


def _supply(chart: Chart, gate: GateNode) -> str:
    fans = [
        step.name for step in chart.steps if step.each is not None and step.name in gate.supplies
    ]
    whole = (
        "they write what the step did not make; it is checked like any other value, and the run"
        " goes on as if the step had made it"
    )
    items = (
        f" ({names(fans)} {'takes' if len(fans) == 1 else 'take'} the one item that is missing)"
        if fans
        else ""
    )
    barred = [step for step in chart.steps if step.name in gate.asked_by]
    barred = [step for step in barred if step.name not in gate.supplies]
    if not barred:
        return f"{whole}{items}."
    return f"{whole}{items}. {_barred(barred)}"


def _barred(steps: Sequence[StepNode]) -> str:
    verifying = [step.name for step in steps if step.verifies]
    publishing = [step.name for step in steps if step.publishes and not step.verifies]
    kinds = ((verifying, "verifies", "verify"), (publishing, "publishes", "publish"))
    why = [
        f"{names(group)}, which {one if len(group) == 1 else many}"
        for group, one, many in kinds
        if group
    ]
    return f"Not for {', nor for '.join(why)}: nobody does that by hand."
