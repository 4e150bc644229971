"""The hand-offs at a gate where a person decides about the work."""

from collections.abc import Iterator, Sequence

from services.flows.explaining.asking import asking
from services.flows.explaining.chart import Chart
from services.flows.explaining.conditions import in_words
from services.flows.explaining.receiving import handed, outdated, read_name
from services.flows.explaining.routes import after_that, by_verdict, verdicts
from services.flows.explaining.words import (
    code,
    duration,
    listing,
    names,
    paragraph,
    role,
    sentence,
    times,
)
from workflows.context_map.parts import EndNode, GateNode, MapWay, WayKind


def after_gate(chart: Chart, gate: GateNode) -> str:
    """Say what a person sees, may do, how long they have, and where each answer leads."""
    assert gate.writes is not None, "a gate that decides writes its decision"
    shown = listing(read_name(read) for read in gate.shows)
    edits = f", may change {code(gate.edits.slot)}" if gate.edits else ""
    fields = f": {names(gate.writes.fields)}" if gate.writes.fields else ""
    told = [
        f"At {code(gate.name)}, {role(gate.role)} decides",
        paragraph(
            f"{role(gate.role)} is shown {shown}{edits} and has {duration(gate.deadline)}",
            f"what they say is written to {code(gate.writes.slot)}"
            f" ({code(gate.writes.contract)}{fields}) and holds for exactly what they were shown",
            *asking(gate),
        ),
    ]
    ways = chart.leaving(gate.name, WayKind.ANSWER)
    late = _late(chart, gate)
    if by_verdict(ways, gate):
        told.append("\n".join([*_answers(chart, gate, ways), *late]))
    else:
        decides = "the first of these rules that holds decides what follows:"
        ruled = _ruled(chart, gate, ways)
        told += [paragraph(decides), "\n".join(ruled), "\n".join(late)]
    return "\n\n".join(told)


def _answers(chart: Chart, gate: GateNode, ways: Sequence[MapWay]) -> Iterator[str]:
    for way, who in zip(ways, verdicts(ways), strict=True):
        if not way.verdicts:
            continue
        stale = _after_edit(chart, gate, way)
        stale = _if_edited(stale) if len(way.verdicts) > 1 else stale
        told = [f"{who}: {_leads(chart, gate, way)}", stale]
        yield f"- {' '.join(sentence(each) for each in told if each)}"


def _ruled(chart: Chart, gate: GateNode, ways: Sequence[MapWay]) -> Iterator[str]:
    """Tell the rules as they stand, where verdicts alone do not say which of them is taken."""
    for number, way in enumerate(ways):
        when = "otherwise" if way.rule == "else" else f"if {in_words(way.rule)}"
        told = [f"{when}, {_leads(chart, gate, way)}", after_that(chart, ways, number)]
        told.append(_if_edited(_after_edit(chart, gate, way)))
        yield f"{number + 1}. {' '.join(sentence(each) for each in told if each)}"


def _leads(chart: Chart, gate: GateNode, way: MapWay) -> str:
    made = [each.slot for each in (gate.writes, gate.edits) if each]
    given = handed(chart, way, *(made if "edited" in way.verdicts else made[:1]))
    return _taken(chart, way, given)


def _taken(chart: Chart, way: MapWay, given: str) -> str:
    often = f" ({times(way.at_most)} in a run at most)" if way.at_most else ""
    return f"{chart.goes(way)}{often}{f', {given}' if given else ''}"


def _after_edit(chart: Chart, gate: GateNode, way: MapWay) -> str:
    """Say what an edit makes stale; in few words when a step has made the same stale before."""
    is_end = isinstance(chart.node(way.target), EndNode)
    if gate.edits is None or "edited" not in way.verdicts or is_end:
        return ""
    slot = gate.edits.slot
    told = outdated(chart, gate.name, slot)
    before = [
        each.name
        for each in chart.steps
        if each.writes.slot == slot and outdated(chart, each.name, slot) == told
    ]
    if told and before:
        return f"reports on the older {code(slot)} are stale then, as after {names(before)}"
    return told


def _if_edited(stale: str) -> str:
    """Say of what is stale that only an edit makes it so; empty when nothing is."""
    return f"after **edited**, {stale}" if stale else ""


def _late(chart: Chart, gate: GateNode) -> Iterator[str]:
    for way in chart.leaving(gate.name, WayKind.DEADLINE):
        if way.rule:
            yield f"- No answer once more: {chart.follows(way.target)}."
            continue
        when = f"no answer within {duration(gate.deadline)}"
        yield f"- {sentence(f'{when}: {_taken(chart, way, handed(chart, way))}')}"
