"""What no run of a flow can exceed: model calls, tokens and money, in each step and in total.

With every cycle counted the explored control has none, so the dearest way is a longest path. A
person's retries come back to where they began and are added once for each step.
"""

from collections.abc import Callable, Iterator, Sequence

from contracts.base import Part
from contracts.compiled import CompiledFlow
from contracts.registry import Registry
from contracts.usage import Usage
from workflows.checking.control import Control, Edge
from workflows.checking.types import list_at
from workflows.ledger import NOTHING, doers, with_stand_ins


class StepAtWorst(Part):
    """One step that asks a model."""

    visits: int
    """How often a run may come here at most, people's retries included."""

    items: int
    """How many pieces of work one visit has at most; 1 without a fan-out."""

    usage: Usage
    """All visits together."""


class WorstCase(Part):
    """Bounds that hold for every run; the budget is a harder one."""

    steps: dict[str, StepAtWorst]
    """Steps that ask a model, dearest first."""

    calls: int
    tokens: int
    microusd: int
    """Money for the calls whose price is known."""

    unpriced: tuple[str, ...] = ()
    """Models whose price nobody knows, so that no bound on money exists."""


def bound(control: Control, registry: Registry) -> WorstCase:
    """Bound what a run may spend. Only for flows in which every cycle is counted."""
    flow = control.terrain.flow
    graph = _Graph(control)
    once = {name: _visit(flow, registry, name) for name in control.terrain.failures}
    asking = {name: usage for name, usage in once.items() if usage != NOTHING}
    steps = {name: _step(graph, registry, name, usage) for name, usage in asking.items()}

    def total(measure: Callable[[Usage], int]) -> int:
        cost = {name: measure(usage) for name, usage in asking.items()}
        again = sum(cost[name] * retries(control, name) for name in cost)
        return again + graph.dearest(cost)

    dearest = sorted(steps, key=lambda name: (-steps[name].usage.calls, name))
    return WorstCase(
        steps={name: steps[name] for name in dearest},
        calls=total(lambda usage: usage.calls),
        tokens=total(lambda usage: usage.tokens),
        microusd=total(lambda usage: usage.cost_microusd),
        unpriced=tuple(dict.fromkeys(_unpriced(flow, dearest))),
    )


def _step(graph: "_Graph", registry: Registry, name: str, usage: Usage) -> StepAtWorst:
    visits = graph.visits(name) + retries(graph.control, name)
    items = _items(graph.control.terrain.flow, registry, name)
    return StepAtWorst(visits=visits, items=items, usage=_times(usage, visits))


def retries(control: Control, step: str) -> int:
    """How often people may send a run back to a step that failed."""
    ways = control.terrain.failures[step]
    return sum(way.capacity for way in ways if way.asks)


def _unpriced(flow: CompiledFlow, steps: Sequence[str]) -> Iterator[str]:
    for name in steps:
        for agent in doers(flow.steps[name]):
            model = flow.agents[agent].model
            if model is not None and model.price is None:
                yield model.name


def _items(flow: CompiledFlow, registry: Registry, name: str) -> int:
    each = flow.steps[name].each
    if each is None:
        return 1
    return list_at(registry.get(flow.slots[each.slot]), each.path).at_most or 1


def _visit(flow: CompiledFlow, registry: Registry, name: str) -> Usage:
    step = flow.steps[name]
    return _times(with_stand_ins(flow, step), _items(flow, registry, name))


def _times(usage: Usage, many: int) -> Usage:
    return Usage.model_validate({name: value * many for name, value in usage})


class _Graph:
    """The explored ways without those that only a counted failure takes back.

    Where failures were counted there are none of these, and the bound is the dearest way itself.
    Otherwise a run is at most so many ways, one after another, as failures can send it back.
    """

    def __init__(self, control: Control) -> None:
        self.control = control
        self._back = _ways_back(control)
        self._ways = [
            tuple(edge.target for edge in edges if not self._is_back(state, edge))
            for state, edges in enumerate(control.edges)
        ]
        self._order = self._ends_first()
        self._starts_over = 1 + sum(self._back.values())

    def dearest(self, cost: dict[str, int]) -> int:
        """The cost of the dearest run, each entry of a step at its price."""
        states = self.control.states
        dearest = [0] * len(states)
        for state in self._order:
            ahead = max((dearest[target] for target in self._ways[state]), default=0)
            dearest[state] = ahead + cost.get(states[state].location, 0)
        if self._back:
            return max(dearest) * self._starts_over
        return max(dearest[start] for start in self.control.starts)

    def visits(self, step: str) -> int:
        """How often a run may enter a step; only inside a loop more than once."""
        terrain = self.control.terrain
        if all(step not in terrain.reach[target] for target in terrain.targets[step]):
            return 1
        around = {each for each in terrain.reach[step] if step in terrain.reach[each]}
        most: dict[int, int] = {}
        for state in self._order:
            location = self.control.states[state].location
            if location in around:
                ahead = max((most.get(target, 0) for target in self._ways[state]), default=0)
                most[state] = ahead + (location == step)
        return max(most.values(), default=0) * self._starts_over

    def _is_back(self, state: int, edge: Edge) -> bool:
        source = self.control.states[state].location
        return edge.move.kind == "failed" and (source, edge.move.answer) in self._back

    def _ends_first(self) -> list[int]:
        """States in an order in which every way leads to an earlier one."""
        order: list[int] = []
        seen = bytearray(len(self._ways))
        for start in range(len(self._ways)):
            calls = [] if seen[start] else [(start, iter(self._ways[start]))]
            seen[start] = 1
            while calls:
                state, targets = calls[-1]
                target = next((each for each in targets if not seen[each]), None)
                if target is None:
                    order.append(state)
                    calls.pop()
                else:
                    seen[target] = 1
                    calls.append((target, iter(self._ways[target])))
        return order


def _ways_back(control: Control) -> dict[tuple[str, int], int]:
    """Failure ways that were not counted and lead back, with how often they can be taken."""
    terrain = control.terrain
    return {
        (name, number): way.capacity
        for name, ways in terrain.failures.items()
        for number, way in enumerate(ways)
        if not control.follows and way.counter and name in terrain.reach[way.target]
    }
