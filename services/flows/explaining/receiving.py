"""Who gets what at a border, and what becomes of context that is passed by or outdated."""

from collections.abc import Iterable, Sequence

from services.flows.explaining.chart import Chart
from services.flows.explaining.words import code, listing, names, role
from workflows.context_map.parts import (
    INPUT,
    EndNode,
    GateNode,
    MapCrossing,
    MapRead,
    MapReader,
    MapWay,
    ReadAs,
    StepNode,
    WayKind,
)


def handed(chart: Chart, way: MapWay, *written: str) -> str:
    """Say what crosses with a way: "with `draft` and `brief`"; empty when nothing can.

    Args:
        chart: the flow.
        way: the way.
        written: the slots that were just written; they are named first, and are surely there.
    """
    target = chart.node(way.target)
    if isinstance(target, EndNode):
        return f"with {code(target.output.slot)}" if target.output else ""
    order = sorted(way.context, key=lambda each: each.slot not in written)
    told = [read_name(read, surely=read.slot in written) for read in order]
    seen = " to look at" if isinstance(target, GateNode) else ""
    return f"with {listing(told)}{seen}" if told else "without any context"


def origins(chart: Chart, way: MapWay, product: str) -> str:
    """Say what the next step gets and where each thing comes from: a list."""
    whole = [each for each in way.context if not each.contract.endswith("[]")]
    own = [read_name(each) for each in whole if each.slot == product]
    others = [f"{read_name(each)}{_from(chart, each)}" for each in whole if each.slot != product]
    told = [listing(each) for each in (own, others) if each]
    return ", together with ".join(told) or "nothing"


def passed_by(chart: Chart, way: MapWay, product: str) -> str:
    """Say who reads what was just made, when the next step does not; empty when it does."""
    if any(read.slot == product for read in way.context) or not isinstance(
        chart.node(way.target), StepNode
    ):
        return ""
    lacks = f"it does not get {code(product)}"
    readers = chart.slot(product).read_by
    if not readers:
        return f"{lacks}, which nobody ever reads"
    direct = [reader.node for reader in readers if reader.read_as is not ReadAs.RULE]
    rules = [reader for reader in readers if reader.read_as is ReadAs.RULE]
    if direct:
        return f"{lacks}, which {names(direct)} {'reads' if len(direct) == 1 else 'read'} later"
    places = names(reader.node for reader in rules)
    return f"{lacks}: only the rules after {places} look at it ({_facts(product, rules)})"


def needing(chart: Chart, step: StepNode) -> str:
    """Say what is missing when a step fails, and who is left without it: a clause."""
    slot = step.writes.slot
    unless = _made_instead(chart, step)
    if step.publishes:
        # A publication that timed out may have taken effect although nobody was told so.
        return (
            f"there is no {code(slot)}{unless}, and nothing is known to be published: an attempt"
            " that timed out may have gone through all the same"
        )
    if any(read.slot == slot for read in step.reads):
        return f"{code(slot)} stays as it was"
    readers = [each for each in chart.slot(slot).read_by if each.node != step.name]
    direct = [each.node for each in readers if each.read_as is not ReadAs.RULE]
    ruled = [each.node for each in readers if each.node not in direct]
    told = [names(direct)] if direct else []
    told += [f"the rules after {names(ruled)}"] if ruled else []
    about = f" on the current {names(step.about)}" if step.about else ""
    if not told:
        return f"there is no {code(slot)}{about}{unless}, which nobody else needs"
    verb = "is" if len(direct) == 1 and not ruled else "are"
    older = "" if about or not _made_before(chart, step) else ", or with an older one if there is"
    return f"{listing(told)} {verb} left without {code(slot)}{about}{older}{unless}"


def failing(step: StepNode) -> str:
    """Say of whose failure is told: of a fan-out, one item's is enough."""
    if step.each is None:
        return f"{code(step.name)} fails"
    return f"{code(step.name)} fails, even for one of {code(f'{step.each.slot}.{step.each.path}')}"


def outdated(chart: Chart, maker: str, slot: str) -> str:
    """Say which reports speak of an older value once a new one is written; empty when none can.

    Only reports that a run can have made before it comes here.
    """
    stale = [
        each.name
        for each in chart.map.slots
        if slot in each.about
        and each.name != slot
        and any(chart.leads_to(writer, maker) for writer in chart.makers(each.name))
    ]
    if not stale:
        return ""
    one = len(stale) == 1
    anyway = _takes_stale(chart, stale)
    but = f"nobody but {listing(anyway)}" if anyway else "nobody"
    return (
        f"{names(stale)} now {'speaks' if one else 'speak'} of an older {code(slot)}: {but} is"
        f" given {'it before it is' if one else 'them before they are'} made anew"
    )


def makers(chart: Chart, slot: str) -> str:
    """Name who makes a slot's values, people by their role."""
    return listing(_maker(chart, name) for name in chart.makers(slot))


def read_name(read: MapRead, *, surely: bool = False) -> str:
    """Name what is read, and on what condition; `surely` when it was just written."""
    name = code(read.slot)
    if read.contract.endswith("[]"):
        path = read.contract.partition(".")[2].removesuffix("[]")
        name = f"one of {code(f'{read.slot}.{path}')}"
    elif read.input != read.slot:
        name = f"{name} (as {code(read.input)})"
    if read.stale_allowed:
        name = f"{name}, even an outdated one"
    if read.optional and not surely:
        name = f"{name} if there is {'one' if read.stale_allowed else 'one that is not stale'}"
    return name


def _takes_stale(chart: Chart, stale: Sequence[str]) -> list[str]:
    readers = [(code(step.name), "which", step.reads) for step in chart.steps]
    readers += [(_maker(chart, gate.name), "who", gate.shows) for gate in chart.gates]
    told = []
    for name, which, reads in readers:
        old = [read.slot for read in reads if read.slot in stale and read.stale_allowed]
        if old:
            told.append(f"{name}, {which} takes an old {names(old)} as well,")
    return told


def _made_instead(chart: Chart, step: StepNode) -> str:
    """Name the steps that a failure can lead to and that make the same from nothing: a clause."""
    slot = step.writes.slot
    targets = {way.target for way in chart.leaving(step.name, WayKind.FAILURE)}
    others = [
        other.name
        for other in chart.steps
        if other.writes.slot == slot
        and other.name != step.name
        and not any(read.slot == slot and not read.optional for read in other.reads)
        and any(chart.leads_to(target, other.name) for target in targets)
    ]
    return f" unless {names(others, 'or')} makes it" if others else ""


def _made_before(chart: Chart, step: StepNode) -> bool:
    """Whether its slot may hold a value when a run comes to a step: by an earlier round, or maker.

    A failure that leads back leaves no value behind, so only what follows a product counts.
    """
    return any(
        chart.leads_to(way.target, step.name)
        for maker in chart.makers(step.writes.slot)
        for way in chart.leaving(maker)
        if way.kind is not WayKind.FAILURE and not way.answers
    )


def _maker(chart: Chart, name: str) -> str:
    node = chart.node(name)
    if name == INPUT:
        return "the start"
    return f"{role(node.role)} at {code(name)}" if isinstance(node, GateNode) else code(name)


def _from(chart: Chart, crossing: MapCrossing) -> str:
    helping = {gate.name for gate in chart.helping}
    by = [name for name in crossing.written_by if name not in helping]
    if not by or by == [crossing.slot]:
        return ""
    return f" from {listing((_maker(chart, name) for name in by), 'or')}"


def _facts(slot: str, readers: Iterable[MapReader]) -> str:
    facts = dict.fromkeys(fact for reader in readers for fact in reader.facts)
    return names(
        f"len({slot}.{fact[4:-1]})" if fact.startswith("len(") else f"{slot}.{fact}"
        for fact in facts
    )
