"""The control graph of a flow: every way from one place to the next, failures and people included.

A gate that answers failures is one node for each step that can fail into it, because what may
follow (retry, supply) depends on which step failed: `help@research`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.flow import FlowDocument, Gate, PlanLine, Step
from workflows.checking.finding import Place


@dataclass(frozen=True)
class Edge:
    """One way from a node to the next."""

    source: str
    target: str
    place: Place
    """Where the file says so."""

    counted: bool = False
    """Whether the run may take it only so often."""

    sets: tuple[str, ...] = ()
    """Slots that hold a new value once this way is taken."""


@dataclass(frozen=True)
class Graph:
    """Nodes and edges; ends have no way on."""

    start: str
    edges: tuple[Edge, ...]
    ways: dict[str, tuple[Edge, ...]] = field(default_factory=dict)

    def reachable(self) -> frozenset[str]:
        """Every node that some path from the start leads to."""
        found, waiting = {self.start}, [self.start]
        while waiting:
            for edge in self.ways.get(waiting.pop(), ()):
                if edge.target not in found:
                    found.add(edge.target)
                    waiting.append(edge.target)
        return frozenset(found)


def place_of(node: str) -> str:
    """The name in the file of a node: `help` of `help@research`."""
    return node.partition("@")[0]


def plan_of(document: FlowDocument, step: Step) -> dict[str, PlanLine]:
    """The failure plan of a step: its own lines over the flow's."""
    return {**document.on_failure, **step.on_failure}


def build(document: FlowDocument) -> Graph:
    """Build the graph of a document whose names are all known."""
    edges = [
        edge
        for name, node in document.steps.items()
        if isinstance(node, Step)
        for edge in _step_edges(document, name, node)
    ]
    edges += [
        edge
        for name, node in document.steps.items()
        if isinstance(node, Gate)
        for edge in _gate_edges(document, name, node, edges)
    ]
    ways: dict[str, list[Edge]] = {}
    for edge in edges:
        ways.setdefault(edge.source, []).append(edge)
    return Graph(document.start, tuple(edges), {source: tuple(out) for source, out in ways.items()})


def _step_edges(document: FlowDocument, name: str, step: Step) -> Iterator[Edge]:
    for ordinal, rule in enumerate(step.next):
        place = ("steps", name, "next", ordinal)
        yield Edge(name, rule.target, place, rule.at_most is not None, (step.writes,))
    plan = plan_of(document, step)
    for key, line in plan.items():
        if line.then is None:
            continue
        home: Place = ("steps", name, "on_failure") if key in step.on_failure else ("on_failure",)
        target = _failure_target(document, name, line.then)
        yield Edge(name, target, (*home, key), line.at_most is not None)


def _failure_target(document: FlowDocument, failed: str, then: str) -> str:
    node = document.steps.get(then)
    return f"{then}@{failed}" if isinstance(node, Gate) and node.answers else then


def _gate_edges(document: FlowDocument, name: str, gate: Gate, steps: list[Edge]) -> Iterator[Edge]:
    if not gate.answers:
        yield from _editor_edges(name, gate)
        return
    into = sorted({edge.target for edge in steps if place_of(edge.target) == name})
    for node in into:
        failed = node.partition("@")[2]
        yield from _answer_edges(document, name, gate, node, failed)


def _editor_edges(name: str, gate: Gate) -> Iterator[Edge]:
    for ordinal, rule in enumerate(gate.next):
        place = ("steps", name, "next", ordinal)
        sets = tuple(slot for slot in (gate.writes, gate.edits) if slot)
        yield Edge(name, rule.target, place, rule.at_most is not None, sets)
    late = gate.on_deadline
    yield Edge(name, late.to, ("steps", name, "on_deadline"), late.at_most is not None)


def _answer_edges(
    document: FlowDocument, name: str, gate: Gate, node: str, failed: str
) -> Iterator[Edge]:
    step = document.steps.get(failed)
    allow: Place = ("steps", name, "allow")
    if isinstance(step, Step):
        if {"retry", "raise_budget"} & set(gate.allow):
            yield Edge(node, failed, allow)
        if "supply" in gate.allow:
            for rule in step.next:
                yield Edge(node, rule.target, allow, rule.at_most is not None, (step.writes,))
    if gate.stop:
        yield Edge(node, gate.stop, ("steps", name, "stop"))
    late = gate.on_deadline
    yield Edge(node, late.to, ("steps", name, "on_deadline"), late.at_most is not None)
