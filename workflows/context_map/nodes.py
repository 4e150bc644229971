"""The nodes of a context map: what each is given and what it makes."""

from collections.abc import Mapping, Sequence

from contracts.compiled import CompiledEnd, CompiledFlow, CompiledGate, CompiledStep
from contracts.reference import Trust
from workflows.context_map.parts import (
    INPUT,
    EndNode,
    GateNode,
    InputNode,
    MapBranch,
    MapEach,
    MapEntry,
    MapNode,
    MapRead,
    MapRemembered,
    MapWrite,
    StepNode,
)
from workflows.context_map.vouchers import vouchers
from workflows.context_map.ways import asked_by, may_supply

Fields = Mapping[str, tuple[str, ...]]
"""Field names by contract: `Draft@1`, or `Outline@1.sections[]` for an element."""


class Reader:
    """Looks up what slots hold."""

    def __init__(self, flow: CompiledFlow, fields: Fields) -> None:
        self._flow = flow
        self._fields = fields

    def fields(self, kind: str) -> tuple[str, ...]:
        """List the field names of a value, an item or an element; empty when unknown."""
        return self._fields.get(kind) or self._fields.get(kind.strip("[]"), ())

    def read(
        self, slot: str, given: str = "", *, optional: bool = False, stale_allowed: bool = False
    ) -> MapRead:
        """Describe what a node reads; at gates and ends the slot's name is the input's."""
        kind = self._flow.slots[slot]
        return MapRead(
            input=given or slot,
            slot=slot,
            contract=kind,
            fields=self.fields(kind),
            optional=optional,
            stale_allowed=stale_allowed,
        )

    def element(self, step: CompiledStep) -> tuple[MapRead, ...]:
        """Describe the one element that an instance of a fan-out gets; empty without one."""
        if step.each is None:
            return ()
        kind = self._flow.agents[step.agent].receives[step.each.variable]
        return (
            MapRead(
                input=step.each.variable,
                slot=step.each.slot,
                contract=kind,
                fields=self.fields(kind),
            ),
        )

    def write(self, slot: str) -> MapWrite:
        """Describe what a node writes."""
        kind = self._flow.slots[slot]
        return MapWrite(slot=slot, contract=kind, fields=self.fields(kind))


def build_nodes(
    flow: CompiledFlow, fields: Fields, places: Sequence[str], trust: Mapping[str, Trust]
) -> tuple[MapNode, ...]:
    """Build the node of every place, in the order given."""
    reader = Reader(flow, fields)
    nodes: list[MapNode] = []
    for place in places:
        if place == INPUT:
            nodes.append(_input(flow, reader))
        elif place in flow.steps:
            nodes.append(_step(flow, reader, place, trust[place]))
        elif place in flow.gates:
            nodes.append(_gate(flow, reader, place, flow.gates[place]))
        else:
            nodes.append(_end(reader, place, flow.ends[place]))
    return tuple(nodes)


def reads_of(node: MapNode) -> tuple[MapRead, ...]:
    """List what a node is given."""
    match node:
        case StepNode(reads=reads) | GateNode(shows=reads):
            return reads
        case EndNode(output=MapRead() as output):
            return (output,)
        case _:
            return ()


def _input(flow: CompiledFlow, reader: Reader) -> InputNode:
    return InputNode(
        writes=tuple(reader.write(slot) for slot in (*flow.input, *flow.memory)),
        entries=tuple(
            MapEntry(slot=slot, entry=each.entry, optional=each.optional)
            for slot, each in flow.memory.items()
        ),
    )


def _step(flow: CompiledFlow, reader: Reader, name: str, trust: Trust) -> StepNode:
    step = flow.steps[name]
    agent = flow.agents[step.agent]
    each = step.each
    reads = [
        reader.read(read.slot, read.input, optional=read.optional, stale_allowed=read.stale_allowed)
        for read in step.reads
    ]
    reads += reader.element(step)
    return StepNode(
        name=name,
        agent=step.agent,
        agent_version=agent.version,
        agent_kind=agent.kind,
        model=agent.model.name if agent.model else "",
        model_alias=agent.model.alias if agent.model else "",
        pure=agent.pure,
        publishes=agent.publishes,
        verifies=agent.verifies,
        trust=trust,
        reads=tuple(reads),
        writes=reader.write(step.writes),
        remembers=(
            MapRemembered(entry=step.remember.entry, merge=step.remember.merge)
            if step.remember
            else None
        ),
        each=MapEach(variable=each.variable, slot=each.slot, path=each.path) if each else None,
        parallel=step.parallel,
        branch=_branch(flow, name),
        about=tuple(read.slot for read in reads if read.input in agent.about),
        vouched_by=tuple(vouchers(flow, step)) if agent.publishes else (),
    )


def _branch(flow: CompiledFlow, step: str) -> MapBranch | None:
    for block, each in flow.blocks.items():
        for branch, steps in each.branches.items():
            if step in steps:
                others = (own for name, own in each.branches.items() if name != branch)
                beside = tuple(other for own in others for other in own)
                return MapBranch(block=block, branch=branch, beside=beside)
    return None


def _gate(flow: CompiledFlow, reader: Reader, name: str, gate: CompiledGate) -> GateNode:
    failing = asked_by(flow, name) if gate.answers_failure else ()
    return GateNode(
        name=name,
        role=gate.role,
        shows=tuple(
            reader.read(
                slot, optional=slot in gate.optional, stale_allowed=slot in gate.stale_allowed
            )
            for slot in gate.shows
        ),
        writes=reader.write(gate.writes) if gate.writes else None,
        edits=reader.write(gate.edits) if gate.edits else None,
        deadline=gate.deadline,
        remind=gate.remind,
        escalate=gate.escalate,
        approvers=gate.approvers,
        answers_failure=gate.answers_failure,
        allow=gate.allow,
        asked_by=failing,
        supplies=tuple(step for step in failing if may_supply(flow, gate, step)),
    )


def _end(reader: Reader, name: str, end: CompiledEnd) -> EndNode:
    return EndNode(
        name=name,
        outcome=end.outcome,
        output=reader.read(end.output) if end.output else None,
        reason=end.reason,
    )
