"""The hand-offs of a flow, in its order: who gives what to whom, by which rule, and what if not."""

from collections.abc import Iterator, Sequence
from typing import Final

from contracts.long_term import Merge
from contracts.reference import Trust
from services.flows.explaining.chart import Chart
from services.flows.explaining.conditions import in_words, said
from services.flows.explaining.deciding import after_gate
from services.flows.explaining.failures import HEADING, differences
from services.flows.explaining.plans import Plans
from services.flows.explaining.receiving import (
    failing,
    handed,
    needing,
    origins,
    outdated,
    passed_by,
)
from services.flows.explaining.routes import after_that
from services.flows.explaining.words import code, listing, names, paragraph, sentence, times
from workflows.context_map.parts import (
    EndNode,
    GateNode,
    MapEntry,
    MapVoucher,
    MapWay,
    MapWrite,
    StepNode,
    WayKind,
)


def handoffs(chart: Chart, plans: Plans) -> str:
    """Write a section for each place that hands something over."""
    told = ["## Hand-offs", _introduction(), f"### 1. {_beginning(chart)}"]
    number = 1
    for node in chart.map.nodes:
        if isinstance(node, StepNode):
            number += 1
            told.append(f"### {number}. {_after_step(chart, plans, node)}")
        elif isinstance(node, GateNode) and not node.answers_failure:
            number += 1
            told.append(f"### {number}. {after_gate(chart, node)}")
    return "\n\n".join(told)


_MERGES: Final = {
    None: "the step fails as `conflict` and nothing is written",
    Merge.UNION: "the two are united, and where both changed the same it fails as `conflict`",
    Merge.REPLACE: "the last writer wins",
}


def _introduction() -> str:
    return paragraph(
        "each hand-off ends with what would be missing without it",
        f"what is done about that stands above, under “{HEADING}”, unless the step has a plan of"
        " its own",
    )


def _beginning(chart: Chart) -> str:
    [way] = chart.leaving(chart.start.name)
    given = {each.slot for each in chart.start.writes}
    told = listing(f"{code(each.slot)} ({_shape(each)})" for each in chart.start.writes)
    is_step = isinstance(chart.node(way.target), StepNode)
    if is_step and {each.slot for each in way.context} == given:
        gets = f" and {'gets it' if len(given) == 1 else 'gets all of it'}"
    else:
        gets = f", {handed(chart, way)}"
    return "\n\n".join(
        [
            f"A run begins with {code(way.target)}",
            paragraph(
                f"the run is given {told}",
                f"{chart.follows(way.target)}{gets}",
                "an input that does not fit its contract is refused before there is a run",
                *(_remembered(each) for each in chart.start.entries),
            ),
        ]
    )


def _remembered(kept: MapEntry) -> str:
    """Say what a run finds in long-term memory, and what when there is nothing."""
    less = "a run starts without" if kept.optional else "without one no run starts"
    return (
        f"{code(kept.slot)} is what long-term memory has as {code(kept.entry)} at the start,"
        f" whatever is written later; {less}{' it when there is none' if kept.optional else ''}"
    )


def _shape(write: MapWrite) -> str:
    """Show contract and fields: "`Brief@1`: `title`, `goal` and `audience`"."""
    kind = code(write.contract.strip("[]"))
    return f"{kind}: {names(write.fields)}" if write.fields else kind


def _after_step(chart: Chart, plans: Plans, step: StepNode) -> str:
    ways = chart.leaving(step.name, WayKind.RULE)
    told = [_title(chart, step, ways)]
    if len(ways) == 1:
        told.append(paragraph(*_makes(chart, step), *_single(chart, step, ways[0])))
    else:
        decides = "the first of these rules that holds decides what follows:"
        told += [paragraph(*_makes(chart, step), decides), "\n".join(_ruled(chart, step, ways))]
    told.append(
        paragraph(
            f"if {failing(step)}, {needing(chart, step)}",
            _kept(chart, step),
            differences(chart, plans, step),
        )
    )
    return "\n\n".join(told)


def _title(chart: Chart, step: StepNode, ways: Sequence[MapWay]) -> str:
    targets = dict.fromkeys(way.target for way in ways)
    onward = [each for each in targets if not isinstance(chart.node(each), EndNode)]
    if not onward:
        return f"{code(step.name)} ends the run"
    return f"{code(step.name)} hands over to {names(onward, 'or')}"


def _makes(chart: Chart, step: StepNode) -> Iterator[str]:
    """Say what a step writes, and what is worth knowing about it."""
    slot = step.writes.slot
    again = any(read.slot == slot for read in step.reads)
    about = names(step.about) if step.about else ""
    kind = "a verifier's report" if step.verifies else "a report"
    report = f", {kind} on {about}" if about and not step.publishes else ""
    if step.each:
        yield (
            f"{code(step.name)} writes {code(slot)} ({_shape(step.writes)}), one for each of"
            f" {code(f'{step.each.slot}.{step.each.path}')} and in their order"
        )
    elif again:
        yield f"{code(step.name)} writes {code(slot)} anew{report}"
        yield outdated(chart, step.name, slot)
    else:
        yield f"{code(step.name)} writes {code(slot)} ({_shape(step.writes)}){report}"
    if step.remembers:
        yield (
            f"{code(step.reads[0].slot)} becomes the next version of {code(step.remembers.entry)}"
            f" in long-term memory; when somebody else has changed that since the run began,"
            f" {_MERGES[step.remembers.merge]}"
        )
    if _brings_untrusted(chart, step):
        yield (
            f"{code(slot)} is text from outside: it and all that is made from it count as untrusted"
        )
    if step.publishes:
        yield from _published(step)


def _brings_untrusted(chart: Chart, step: StepNode) -> bool:
    given = [chart.slot(read.slot).trust for read in step.reads]
    return step.trust is Trust.UNTRUSTED and Trust.UNTRUSTED not in given


def _published(step: StepNode) -> Iterator[str]:
    """Say that something goes out, and who speaks for it."""
    yield "this takes effect outside the system"
    for slot in dict.fromkeys(each.of for each in step.vouched_by):
        reports = listing(
            (_voucher(each) for each in step.vouched_by if each.of == slot), last="or"
        )
        yield (
            f"no {code(slot)} goes out unless a person made it, or a report on that very version"
            f" that is not stale vouches for it: {reports}"
        )


def _voucher(voucher: MapVoucher) -> str:
    when = f" if {said(voucher.when)}" if voucher.when else ""
    return f"{code(voucher.report)}{when}"


def _single(chart: Chart, step: StepNode, way: MapWay) -> Iterator[str]:
    target = chart.node(way.target)
    slot = step.writes.slot
    if not isinstance(target, StepNode):
        given = handed(chart, way, slot)
        yield f"{chart.goes(way)}{',' if isinstance(target, GateNode) else ''} {given}".rstrip()
    elif target.each is None:
        gets = ", which gets" if way.goes_back else " and gets"
        yield f"{chart.goes(way)}{gets} {origins(chart, way, slot)}"
        yield passed_by(chart, way, slot)
    else:
        yield f"{chart.goes(way)}, {_instances(target)}"
        besides = origins(chart, way, slot)
        yield (
            f"each time it gets {_element(target)}, besides {besides}, and does not see what it"
            " writes for the others"
        )


def _instances(target: StepNode) -> str:
    assert target.each is not None
    pace = f"up to {target.parallel} at a time" if target.parallel > 1 else "one after another"
    return f"once for each of {code(f'{target.each.slot}.{target.each.path}')}, {pace}"


def _element(target: StepNode) -> str:
    fields = target.reads[-1].fields
    return f"one of them ({names(fields)})" if fields else "one of them"


def _kept(chart: Chart, step: StepNode) -> str:
    """Say what becomes of a fan-out's other items; only where somebody may try it again."""
    again = any(step.name in gate.asked_by for gate in chart.helping)
    return (
        "what is finished for the others is kept and not made again" if step.each and again else ""
    )


def _ruled(chart: Chart, step: StepNode, ways: Sequence[MapWay]) -> Iterator[str]:
    for number, way in enumerate(ways):
        when = "otherwise" if way.rule == "else" else f"if {in_words(way.rule)}"
        given = handed(chart, way, step.writes.slot)
        target = chart.node(way.target)
        fan = f", {_instances(target)}" if isinstance(target, StepNode) and target.each else ""
        often = f" ({times(way.at_most)} in a run at most)" if way.at_most else ""
        told = f"{when}, {chart.goes(way)}{often}{fan}{f', {given}' if given else ''}"
        after = after_that(chart, ways, number)
        yield f"{number + 1}. {' '.join(sentence(each) for each in (told, after) if each)}"
