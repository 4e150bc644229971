"""The sections on the context as a whole: who reads each slot, what loops there are, the ends."""

from collections.abc import Iterator

from contracts.reference import Trust
from services.flows.explaining.chart import Chart
from services.flows.explaining.conditions import in_words
from services.flows.explaining.receiving import makers
from services.flows.explaining.routes import by_verdict, verdicts
from services.flows.explaining.words import (
    code,
    duration,
    listing,
    names,
    paragraph,
    role,
    sentence,
    table,
    times,
)
from workflows.context_map.parts import (
    EndNode,
    GateNode,
    MapBound,
    MapLoop,
    MapSlot,
    MapWay,
    ReadAs,
    WayKind,
)


def slots(chart: Chart) -> str:
    """Tell for each slot who makes it and who reads it."""
    rows = [
        (
            code(slot.name),
            code(slot.contract),
            makers(chart, slot.name) if chart.makers(slot.name) else "nobody",
            _readers(slot),
            slot.trust.value,
        )
        for slot in chart.map.slots
    ]
    head = ("slot", "contract", "made by", "read by", "trust at the least")
    return "\n\n".join(["## Who reads what", table(head, rows), paragraph(*_notes(chart))])


def loops(chart: Chart) -> str:
    """Tell what a run can come back to, and how often at most; empty when nothing."""
    if not chart.map.loops:
        return ""
    return "\n\n".join(["## Loops", *(_loop(chart, loop) for loop in chart.map.loops)])


def ends(chart: Chart) -> str:
    """Tell how a run can end, and what leads to each end."""
    told = [f"- {_end(chart, end)}" for end in chart.ends]
    besides = paragraph(
        "two more endings take no plan: somebody cancels the run, or a bug in a program ends it"
        " as failed"
    )
    return "\n\n".join(["## How a run ends", "\n".join(told), besides])


def _readers(slot: MapSlot) -> str:
    told = []
    steps = [each.node for each in slot.read_by if each.read_as is ReadAs.STEP]
    told += [names(steps)] if steps else []
    gates = [each.node for each in slot.read_by if each.read_as is ReadAs.GATE]
    told += [f"shown at {names(gates)}"] if gates else []
    told += [
        f"rules after {code(each.node)} ({names(each.facts)})"
        for each in slot.read_by
        if each.read_as is ReadAs.RULE
    ]
    given = [each.node for each in slot.read_by if each.read_as is ReadAs.END]
    told += [f"given out at {names(given)}"] if given else []
    return "; ".join(told) or "nobody"


def _notes(chart: Chart) -> Iterator[str]:
    helping = [gate for gate in chart.helping if gate.supplies]
    if helping:
        who = listing(f"{role(gate.role)} at {code(gate.name)}" for gate in helping)
        yield f"{who} may have supplied a value in the place of a step that failed"
    for slot in chart.map.slots:
        reports = [each.name for each in chart.map.slots if slot.name in each.about]
        if len(chart.makers(slot.name)) > 1 and reports:
            verb = "speaks" if len(reports) == 1 else "speak"
            yield (
                f"{names(reports)} {verb} of one version of {code(slot.name)}, and a new one makes"
                f" {'it' if len(reports) == 1 else 'them'} stale"
            )
    believed = [slot.name for slot in chart.map.slots if slot.trust is Trust.OPERATOR]
    if len(believed) < len(chart.map.slots):
        yield (
            "a value is trusted no more than the least trusted thing it is made from;"
            f" only {names(believed)}"
            f" {'come' if len(believed) > 1 else 'comes'} from people and code alone"
        )


def _loop(chart: Chart, loop: MapLoop) -> str:
    if len(loop.nodes) == 1:
        told = f"{code(loop.nodes[0])} can be followed by itself"
    else:
        told = f"{names(loop.nodes)} form a loop"
    most = times(1 + sum(bound.at_most for bound in loop.bounds))
    again = (
        f"so none of them is begun more than {most} in a run"
        if len(loop.nodes) > 1
        else f"so it is begun {most} in a run at most"
    )
    helped = ", not counting what a person has tried again" if chart.helping else ""
    bounds = listing(_bound(bound) for bound in loop.bounds)
    ways = "one of these counted ways:" if len(loop.bounds) > 1 else "this counted way:"
    counted = f"every round takes {ways} {bounds}"
    return paragraph(told, counted, f"{again}{helped}")


def _bound(bound: MapBound) -> str:
    return f"{code(bound.source)} to {code(bound.target)} ({times(bound.at_most)} in a run at most)"


def _end(chart: Chart, end: EndNode) -> str:
    outcome = "" if end.name == end.outcome else f", which counts as {end.outcome}"
    gives = f" and gives out {code(end.output.slot)}" if end.output else ""
    causes = sentence("; ".join(_causes(chart, end)) or "nothing leads here")
    reason = f" The run then says: “{sentence(end.reason)}”" if end.reason else ""
    return f"**{end.name}**{outcome}{gives}: {causes[0].lower()}{causes[1:]}{reason}"


def _causes(chart: Chart, end: EndNode) -> Iterator[str]:
    arriving = chart.arriving(end.name)
    for way in arriving:
        if way.kind is WayKind.RULE:
            rule = f" if {in_words(way.rule)}" if way.rule not in ("", "else") else ""
            yield f"after {code(way.source)}{rule}"
    failing = [way.source for way in arriving if way.kind is WayKind.FAILURE]
    if failing:
        who = "any step" if len(failing) == len(chart.steps) > 1 else names(failing, "or")
        yield f"when {who} fails and its plan leads here"
    for gate in chart.gates:
        ways = [way for way in arriving if way.source == gate.name and not way.answers]
        if not gate.answers_failure:
            # A rule that no verdict can take ends nothing.
            ways = [way for way in ways if way.verdicts or way.kind is WayKind.DEADLINE]
        if ways:
            told = listing(dict.fromkeys(_person(chart, gate, way) for way in ways), "or")
            yield f"when {role(gate.role)} at {code(gate.name)} {told}"


def _person(chart: Chart, gate: GateNode, way: MapWay) -> str:
    if way.kind is WayKind.DEADLINE:
        return f"does not answer within {duration(gate.deadline)}"
    if way.rule == "stop":
        return "stops the run"
    ways = chart.leaving(gate.name, WayKind.ANSWER)
    number = ways.index(way)
    if by_verdict(ways, gate):
        return f"says {verdicts(ways)[number]}"
    rule = "otherwise" if way.rule == "else" else f"if {in_words(way.rule)}"
    return f"answers so that rule {number + 1} there ({rule}) decides"
