"""Runs without an end: cycles that nothing counts, and places from which no end can be reached."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workflows.checking.control import Control, Edge


@dataclass(frozen=True)
class Cycle:
    """Ways that a run may take for ever."""

    closing: tuple[str, Edge]
    """The way that closes the cycle, with the location that it leaves."""

    start: int
    way: tuple[Edge, ...]
    """From the start to where the cycle begins."""

    round: tuple[Edge, ...]
    """Once around."""


@dataclass(frozen=True)
class Trap:
    """A location in which a run is caught."""

    location: str
    start: int
    way: tuple[Edge, ...]


def cycles(control: Control) -> Iterator[Cycle]:
    """Find the cycles of ways that nothing counts, one for each way that closes one."""
    component = _components(control)
    inner: dict[str, list[tuple[str, int, Edge]]] = {}
    for state, edges in enumerate(control.edges):
        for edge in edges:
            if edge.move.endless and component[state] == component[edge.target]:
                source, target = _location(control, state), _location(control, edge.target)
                inner.setdefault(source, []).append((target, state, edge))
    for source, state, edge in _closers(inner):
        start, way = _shortest(control, control.starts, edge.target, component=None)
        _, back = _shortest(control, [edge.target], state, component)
        yield Cycle((source, edge), start, way, (*back, edge))


def traps(control: Control) -> Iterator[Trap]:
    """Find the locations where runs are first caught: no end can be reached from there."""
    alive = _reaching_an_end(control)
    told: set[str] = set()
    before = _predecessors(control)
    for state in range(len(control.states)):
        location = _location(control, state)
        enters = state in control.starts or any(each in alive for each in before[state])
        if state in alive or location in told or not enters or not control.edges[state]:
            continue
        told.add(location)
        yield Trap(location, *_shortest(control, control.starts, state, component=None))


def _location(control: Control, state: int) -> str:
    return control.states[state].location


def _reaching_an_end(control: Control) -> set[int]:
    ends = control.terrain.flow.ends
    before = _predecessors(control)
    waiting = [at for at, state in enumerate(control.states) if state.location in ends]
    alive = set(waiting)
    while waiting:
        for state in before[waiting.pop()]:
            if state not in alive:
                alive.add(state)
                waiting.append(state)
    return alive


def _predecessors(control: Control) -> list[list[int]]:
    before: list[list[int]] = [[] for _ in control.states]
    for state, edges in enumerate(control.edges):
        for edge in edges:
            before[edge.target].append(state)
    return before


def _shortest(
    control: Control, starts: Sequence[int], goal: int, component: Sequence[int] | None
) -> tuple[int, tuple[Edge, ...]]:
    """The shortest way from one of some states to another, within a component if one is given."""
    came: dict[int, tuple[int, Edge] | None] = dict.fromkeys(starts)
    waiting = deque(starts)
    while waiting and goal not in came:
        state = waiting.popleft()
        for edge in control.edges[state]:
            inside = component is None or (
                edge.move.endless and component[edge.target] == component[goal]
            )
            if inside and edge.target not in came:
                came[edge.target] = state, edge
                waiting.append(edge.target)
    return _traced(came, goal)


def _traced(came: Mapping[int, tuple[int, Edge] | None], goal: int) -> tuple[int, tuple[Edge, ...]]:
    way: list[Edge] = []
    state, step = goal, came[goal]
    while step is not None:
        state, edge = step
        way.append(edge)
        step = came[state]
    return state, tuple(reversed(way))


def _components(control: Control) -> list[int]:
    """Number the strongly connected components of uncounted ways (Tarjan 1972, no recursion)."""
    size = len(control.states)
    index, low, component = [-1] * size, [0] * size, [-1] * size
    stack: list[int] = []
    counter = 0
    for root in range(size):
        calls = [(root, iter(control.edges[root]))] if index[root] < 0 else []
        while calls:
            state, edges = calls[-1]
            if index[state] < 0:
                index[state] = low[state] = counter
                counter += 1
                stack.append(state)
            edge = next((e for e in edges if e.move.endless and component[e.target] < 0), None)
            if edge is None:
                calls.pop()
                if low[state] == index[state]:
                    _pop(stack, state, component)
                if calls:
                    parent = calls[-1][0]
                    low[parent] = min(low[parent], low[state])
            elif index[edge.target] < 0:
                calls.append((edge.target, iter(control.edges[edge.target])))
            else:
                low[state] = min(low[state], index[edge.target])
    return component


def _pop(stack: list[int], root: int, component: list[int]) -> None:
    while True:
        state = stack.pop()
        component[state] = root
        if state == root:
            return


def _closers(
    ways: Mapping[str, Sequence[tuple[str, int, Edge]]],
) -> Iterator[tuple[str, int, Edge]]:
    """Walk the locations depth first, from the start on, without recursion; yield ways back."""
    done: set[str] = set()
    told: set[tuple[str, str]] = set()
    for first in ways:
        path = {first: iter(ways[first])} if first not in done else {}
        while path:
            source = next(reversed(path))
            target, state, edge = next(path[source], ("", -1, None))
            if edge is None:
                done.add(source)
                del path[source]
            elif target in path:
                if (source, target) not in told:
                    told.add((source, target))
                    yield source, state, edge
            elif target not in done:
                path[target] = iter(ways.get(target, ()))
