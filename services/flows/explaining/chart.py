"""A context map to look things up in: places, ways, slots, and how to speak of each."""

from collections.abc import Mapping

from services.flows.explaining.words import code, role
from workflows.context_map.parts import (
    ContextMap,
    EndNode,
    GateNode,
    InputNode,
    MapNode,
    MapSlot,
    MapWay,
    StepNode,
    WayKind,
)


class Chart:
    """One flow's map, with what its agents say about themselves."""

    def __init__(self, drawn: ContextMap, summaries: Mapping[str, str]) -> None:
        self.map = drawn
        self.summaries = summaries
        self._nodes = {node.name: node for node in drawn.nodes}
        self._slots = {slot.name: slot for slot in drawn.slots}
        self.steps = tuple(node for node in drawn.nodes if isinstance(node, StepNode))
        self.gates = tuple(node for node in drawn.nodes if isinstance(node, GateNode))
        self.ends = tuple(node for node in drawn.nodes if isinstance(node, EndNode))

    @property
    def start(self) -> InputNode:
        """Where a run starts."""
        [found] = [node for node in self.map.nodes if isinstance(node, InputNode)]
        return found

    @property
    def deciding(self) -> tuple[GateNode, ...]:
        """The gates at which a person decides about the work."""
        return tuple(gate for gate in self.gates if not gate.answers_failure)

    @property
    def helping(self) -> tuple[GateNode, ...]:
        """The gates at which a person answers a failure."""
        return tuple(gate for gate in self.gates if gate.answers_failure)

    def node(self, name: str) -> MapNode:
        """Find a place."""
        return self._nodes[name]

    def slot(self, name: str) -> MapSlot:
        """Find a slot."""
        return self._slots[name]

    def leaving(self, name: str, *kinds: WayKind) -> tuple[MapWay, ...]:
        """List the ways out of a place, of some kinds or of all."""
        return tuple(
            way for way in self.map.ways if way.source == name and (not kinds or way.kind in kinds)
        )

    def arriving(self, name: str) -> tuple[MapWay, ...]:
        """List the ways into a place."""
        return tuple(way for way in self.map.ways if way.target == name)

    def makers(self, slot: str) -> tuple[str, ...]:
        """List who makes a slot's values in the flow's own course: no failure answered."""
        helping = {gate.name for gate in self.helping}
        return tuple(name for name in self.slot(slot).written_by if name not in helping)

    def leads_to(self, source: str, target: str) -> bool:
        """Whether some path of the flow's own leads from one place to another."""
        found, waiting = {source}, [source]
        while waiting:
            place = waiting.pop()
            for way in self.map.ways:
                if way.source == place and not way.answers and way.target not in found:
                    found.add(way.target)
                    waiting.append(way.target)
        return target in found

    def goes(self, way: MapWay) -> str:
        """Say where a way leads, and whether that is back: a clause."""
        target = self.node(way.target)
        if way.goes_back and isinstance(target, StepNode):
            return f"the run goes back to {code(way.target)}"
        if way.goes_back and isinstance(target, GateNode):
            return f"{role(target.role)} decides again at {code(way.target)}"
        return self.follows(way.target)

    def follows(self, target: str) -> str:
        """Say what happens when a run comes to a place: a clause."""
        match self.node(target):
            case GateNode(answers_failure=True, role=name):
                return f"{role(name)} is asked at {code(target)}"
            case GateNode(role=name):
                return f"{role(name)} decides at {code(target)}"
            case EndNode():
                return f"the run ends as {code(target)}"
            case _:
                return f"{code(target)} follows"
