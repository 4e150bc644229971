"""What holds on every path: steps are reached, inputs are set, loops are counted, runs end."""

from collections.abc import Iterator, Mapping

from contracts.flow import OTHERWISE, FlowDocument, PlanLine, Step
from workflows.checking.finding import Finding, Place
from workflows.checking.graph import Edge, Graph, place_of, plan_of
from workflows.checking.names import each_of
from workflows.rules import comparisons, parse

Known = dict[str, frozenset[str]]
"""Slots that surely hold a value when a node is entered."""


def check_plans(document: FlowDocument) -> Iterator[Finding]:
    """Find failures that no plan covers and lines that lead nowhere."""
    for name, node in document.steps.items():
        if not isinstance(node, Step):
            continue
        plan = plan_of(document, node)
        if OTHERWISE not in plan:
            yield Finding(
                code="FO213",
                place=("steps", name),
                message="its failure plan has a hole: no line covers the kinds it does not name",
                remedy="Add `otherwise: {then: an end or a gate}` to on_failure.",
            )
        yield from _plan_lines(document, ("steps", name, "on_failure"), node.on_failure)
    yield from _plan_lines(document, ("on_failure",), document.on_failure)


def _plan_lines(
    document: FlowDocument, place: Place, plan: Mapping[str, PlanLine]
) -> Iterator[Finding]:
    for key, line in plan.items():
        if line.then is None:
            yield _nowhere((*place, key))
    otherwise = plan.get(OTHERWISE)
    if otherwise and otherwise.then and isinstance(document.steps.get(otherwise.then), Step):
        yield Finding(
            code="FO214",
            place=(*place, OTHERWISE),
            message="otherwise leads onward, to a step; a failure nobody foresaw must not go on",
            remedy="Let it lead to an end or a gate.",
        )


def check_paths(document: FlowDocument, graph: Graph) -> Iterator[Finding]:
    """Find what goes wrong on some path, by reachability and one forward pass."""
    reached = graph.reachable()
    places = {place_of(node) for node in reached}
    for name in (*document.steps, *document.ends):
        if name not in places:
            section = "steps" if name in document.steps else "ends"
            yield Finding(
                code="FO301",
                place=(section, name),
                message="no path leads here",
                remedy="Let a rule or a failure plan lead to it, or remove it.",
            )
    yield from _dead_ends(document, graph, reached)
    known = surely_set(document, graph)
    yield from _unset_inputs(document, known)
    yield from _unset_in_rules(document, known)
    yield from _unset_outputs(document, known)
    yield from _uncounted_loops(graph, reached)


def surely_set(document: FlowDocument, graph: Graph) -> Known:
    """For each reachable node, the slots that hold a value on every path that leads there."""
    known: Known = {graph.start: frozenset(document.input)}
    waiting = [graph.start]
    while waiting:
        node = waiting.pop()
        for edge in graph.ways.get(node, ()):
            brought = known[node] | _always(document, edge)
            before = known.get(edge.target)
            after = brought if before is None else before & brought
            if after != before:
                known[edge.target] = after
                waiting.append(edge.target)
    return known


def _always(document: FlowDocument, edge: Edge) -> frozenset[str]:
    """An edit at a gate is optional, and only replaces what was shown; it sets nothing new."""
    gate = document.steps.get(place_of(edge.source))
    edited = getattr(gate, "edits", None)
    return frozenset(slot for slot in edge.sets if slot != edited)


def _unset_inputs(document: FlowDocument, known: Known) -> Iterator[Finding]:
    for name, node in document.steps.items():
        if not isinstance(node, Step) or name not in known:
            continue
        for ordinal, read in enumerate(node.reads):
            if not read.optional and read.slot not in known[name]:
                yield _unset(("steps", name, "reads", ordinal), read.slot, f"step {name}")
        parsed = each_of(node)
        if parsed and parsed[1] not in known[name]:
            yield _unset(("steps", name, "each"), parsed[1], f"step {name}")


def _unset_in_rules(document: FlowDocument, known: Known) -> Iterator[Finding]:
    for name, node in document.steps.items():
        if name not in known:
            continue
        here = known[name] | {slot for slot in (node.writes,) if slot}
        for ordinal, rule in enumerate(node.next):
            for found in comparisons(parse(rule.when)) if rule.when else ():
                if found.slot not in here:
                    place = ("steps", name, "next", ordinal, "when")
                    yield _unset(place, found.slot, "this rule")


def _unset_outputs(document: FlowDocument, known: Known) -> Iterator[Finding]:
    for name, end in document.ends.items():
        if end.output and name in known and end.output not in known[name]:
            yield _unset(("ends", name, "output"), end.output, f"end {name}")


def _unset(place: Place, slot: str, reader: str) -> Finding:
    return Finding(
        code="FO302",
        place=place,
        message=f"{slot} holds no value on some path that reaches {reader}",
        remedy=f"Write {slot} on every path before, or read it as `{slot}?` where that will do.",
    )


def _nowhere(place: Place) -> Finding:
    return Finding(
        code="FO214",
        place=place,
        message="this line leads nowhere once its remedies are used up",
        remedy="Add `then:` with a step, a gate or an end.",
    )


def _dead_ends(document: FlowDocument, graph: Graph, reached: frozenset[str]) -> Iterator[Finding]:
    alive = set(document.ends)
    changed = True
    while changed:
        grown = alive | {edge.source for edge in graph.edges if edge.target in alive}
        changed = grown != alive
        alive = grown
    for node in sorted(reached - alive):
        yield Finding(
            code="FO304",
            place=("steps", place_of(node)),
            message="no path from here leads to an end",
            remedy="Let some rule lead towards an end.",
        )


def _uncounted_loops(graph: Graph, reached: frozenset[str]) -> Iterator[Finding]:
    """A cycle made only of ways that may be taken for ever."""
    free: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if not edge.counted and edge.source in reached:
            free.setdefault(edge.source, []).append(edge)
    for edge in _closing(free):
        target = place_of(edge.target)
        yield Finding(
            code="FO303",
            place=edge.place,
            message=f"this closes a loop back to {target} that nothing bounds",
            remedy="Give one rule or failure line of the loop `at_most: N`.",
        )


def _closing(ways: Mapping[str, list[Edge]]) -> Iterator[Edge]:
    """Walk depth first, without recursion for long flows; yield one edge a place and cycle."""
    done: set[str] = set()
    told: set[Place] = set()
    for start in sorted(ways):
        path = {start: iter(ways[start])} if start not in done else {}
        while path:
            node = next(reversed(path))
            edge = next(path[node], None)
            if edge is None:
                done.add(node)
                del path[node]
            elif edge.target in path:
                if edge.place not in told:
                    told.add(edge.place)
                    yield edge
            elif edge.target not in done:
                path[edge.target] = iter(ways.get(edge.target, ()))
