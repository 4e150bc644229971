"""Builds the context map of a compiled flow: pure, and the same on every machine."""

from collections.abc import Iterator, Mapping, Sequence

from contracts.compiled import CompiledFlow
from contracts.reference import Trust, least_trust
from workflows.context_map import order
from workflows.context_map.nodes import Fields, Reader, build_nodes, reads_of
from workflows.context_map.parts import (
    INPUT,
    ContextMap,
    MapCrossing,
    MapNode,
    MapRead,
    MapReader,
    MapSlot,
    MapWay,
    ReadAs,
    StepNode,
)
from workflows.context_map.ways import declared_ways
from workflows.context_map.writers import (
    Writers,
    slot_writers,
    step_trust,
    trust_at_start,
    writers_on,
)
from workflows.rules import comparisons


def context_map(flow: CompiledFlow, fields: Fields) -> ContextMap:
    """Draw up who hands what to whom.

    Args:
        flow: the flow, checked and resolved.
        fields: field names by contract; see `field_names`. One that is missing shows no fields.
    """
    ways = declared_ways(flow)
    back = order.goes_back(ways)
    places = (INPUT, *order.in_order((*flow.steps, *flow.gates), ways, back), *flow.ends)
    trust = step_trust(flow)
    nodes = build_nodes(flow, fields, places, trust)
    crossing = _Crossings(flow, nodes, places, trust)
    finished = [
        way.model_copy(update={"goes_back": index in back, "context": crossing.on(way, writers)})
        for index, (way, writers) in enumerate(zip(ways, writers_on(flow, ways), strict=True))
    ]
    return ContextMap(
        flow=flow.name,
        version=flow.version,
        summary=flow.summary,
        budget=flow.budget,
        nodes=nodes,
        ways=tuple(sorted(finished, key=lambda way: places.index(way.source))),
        slots=tuple(_slots(flow, Reader(flow, fields), nodes, trust)),
        loops=order.loops(places, ways),
    )


class _Crossings:
    """Says what crosses a border, and who made it."""

    def __init__(
        self,
        flow: CompiledFlow,
        nodes: Sequence[MapNode],
        places: Sequence[str],
        trust: Mapping[str, Trust],
    ) -> None:
        self._flow = flow
        self._reads = {node.name: reads_of(node) for node in nodes}
        self._places = places
        self._trust = trust

    def on(self, way: MapWay, writers: Writers) -> tuple[MapCrossing, ...]:
        return tuple(self._crossing(read, writers) for read in self._reads[way.target])

    def _crossing(self, read: MapRead, writers: Writers) -> MapCrossing:
        by = sorted(writers.get(read.slot, ()), key=self._places.index)
        return MapCrossing(
            **read.model_dump(),
            written_by=tuple(by),
            trust=_trust_of(self._flow, read.slot, by, self._trust),
        )


def _trust_of(
    flow: CompiledFlow, slot: str, writers: Sequence[str], products: Mapping[str, Trust]
) -> Trust:
    """What comes in, or a person makes, is the operator's; not what memory has."""
    first = trust_at_start(flow, slot) if INPUT in writers else Trust.OPERATOR
    return least_trust(first, *(products.get(name, Trust.OPERATOR) for name in writers))


def _slots(
    flow: CompiledFlow, reader: Reader, nodes: Sequence[MapNode], trust: Mapping[str, Trust]
) -> Iterator[MapSlot]:
    places = [node.name for node in nodes]
    about: dict[str, dict[str, None]] = {}
    for node in nodes:
        if isinstance(node, StepNode):
            about.setdefault(node.writes.slot, {}).update(dict.fromkeys(node.about))
    for gate in flow.gates.values():
        about.setdefault(gate.writes or "", {}).update(dict.fromkeys(gate.shows))
    for slot, writers in slot_writers(flow).items():
        by = sorted(writers, key=places.index)
        yield MapSlot(
            name=slot,
            contract=flow.slots[slot],
            fields=reader.fields(flow.slots[slot]),
            trust=_trust_of(flow, slot, by, trust),
            written_by=tuple(by),
            read_by=tuple(_readers(flow, slot, nodes)),
            about=tuple(about.get(slot, ())),
        )


def _readers(flow: CompiledFlow, slot: str, nodes: Sequence[MapNode]) -> Iterator[MapReader]:
    for node in nodes:
        if any(read.slot == slot for read in reads_of(node)):
            facts = _walked(node, slot)
            yield MapReader(node=node.name, read_as=ReadAs(node.kind), facts=facts)
        facts = _compared(flow, node.name, slot)
        if facts:
            yield MapReader(node=node.name, read_as=ReadAs.RULE, facts=facts)


def _walked(node: MapNode, slot: str) -> tuple[str, ...]:
    each = node.each if isinstance(node, StepNode) else None
    return (each.path,) if each and each.slot == slot else ()


def _compared(flow: CompiledFlow, place: str, slot: str) -> tuple[str, ...]:
    node = flow.steps.get(place) or flow.gates.get(place)
    found = [
        each.fact
        for rule in (node.next if node else ())
        if rule.when is not None
        for each in comparisons(rule.when)
        if each.slot == slot
    ]
    return tuple(dict.fromkeys(found))
