"""What still matters at each location: comparisons that some later rule makes, counters in reach.

Ordinary backward data flow over the locations, to a fixed point. A field is dropped once its slot
is written anew before any rule reads it, or no rule does.
"""

from collections.abc import Iterable, Iterator, Mapping

from contracts.compiled import Compare, CompiledFlow, Condition
from contracts.reference import FactValue
from workflows.checking.domains import Domains, Field
from workflows.checking.terrain import Terrain, failed_at, name_of
from workflows.rules import comparisons
from workflows.vouching import APPROVE, can_vouch, vouching_condition


class Liveness:
    """By location: the fields and counters that a state there consists of."""

    def __init__(self, terrain: Terrain, domains: Domains, *, follow: bool) -> None:
        self._terrain = terrain
        self._follow = follow
        self._domains = domains
        self._own = {
            each: 0 if failed_at(each) else self._mask_of(each) for each in terrain.locations
        }
        self.atoms: dict[str, int] = dict.fromkeys(terrain.locations, 0)
        """Comparisons that a rule may yet make on the values at hand when a location is entered."""

        self.after: dict[str, int] = {}
        """The same, once the location has written."""

        self._settle()
        self.fields: dict[str, tuple[Field, ...]] = {}
        self.folds: dict[str, tuple[Mapping[FactValue, FactValue], ...]] = {}
        for location, live in self.atoms.items():
            fields = tuple(f for f in domains.fields if domains.looked_at(f) & live)
            self.fields[location] = fields
            self.folds[location] = tuple(domains.fold(each, live) for each in fields)
        self.ruled = {each: _ruled(terrain.flow, each) for each in terrain.locations}
        """The fields that a location's own rules read."""

        self.counters = {each: tuple(self._counters(each)) for each in terrain.locations}
        """Counters whose rule, deadline or followed failure way is still in reach."""

    @staticmethod
    def conditions(flow: CompiledFlow, name: str) -> Iterator[Condition]:
        """Every condition that is decided at a node once it has written."""
        if name in flow.steps:
            step = flow.steps[name]
            yield from (rule.when for rule in step.next if rule.when is not None)
            vouches = vouching_condition(flow.agents[step.agent], step.writes)
            if vouches is not None and can_vouch(flow, step):
                yield vouches
        elif name in flow.gates and not flow.gates[name].answers_failure:
            gate = flow.gates[name]
            assert gate.writes is not None
            yield from (rule.when for rule in gate.next if rule.when is not None)
            for verdict in (APPROVE, "edited"):
                yield Compare(slot=gate.writes, fact="verdict", op="==", value=verdict)

    def _mask_of(self, name: str) -> int:
        mask = 0
        for condition in Liveness.conditions(self._terrain.flow, name):
            mask |= self._domains.mask(condition)
        return mask

    def _settle(self) -> None:
        written = {each: self._written(each) for each in self._terrain.locations}
        changed = True
        while changed:
            changed = False
            for location in reversed(self._terrain.locations):
                self.after[location] = self._own[location] | self._later(
                    self._terrain.ruled[location]
                )
                entered = self.after[location] & ~written[location]
                entered |= self._later(self._terrain.silent[location])
                changed |= entered != self.atoms[location]
                self.atoms[location] = entered

    def _later(self, targets: Iterable[str]) -> int:
        mask = 0
        for target in targets:
            mask |= self.atoms[target]
        return mask

    def _written(self, location: str) -> int:
        """Comparisons on what the location always writes before its rules look."""
        flow = self._terrain.flow
        name = name_of(location)
        node = flow.steps.get(name) or flow.gates.get(name)
        slot = node.writes if node and not failed_at(location) else None
        mask = 0
        for field in self._domains.fields:
            if field[0] == slot:
                mask |= self._domains.looked_at(field)
        return mask

    def _counters(self, location: str) -> Iterator[str]:
        flow, reach = self._terrain.flow, self._terrain.reach[location]
        for name in (*flow.steps, *flow.gates):
            if name in reach:
                yield from _rule_counters(flow, name)
        late = dict.fromkeys(name_of(each) for each in reach if name_of(each) in flow.gates)
        for name in sorted(late):
            if flow.gates[name].on_deadline.at_most:
                yield f"{name}.on_deadline"
        for name, ways in self._terrain.failures.items():
            if self._follow and name in reach:
                yield from (way.counter for way in ways if way.counter)


def _rule_counters(flow: CompiledFlow, name: str) -> Iterator[str]:
    node = flow.steps.get(name) or flow.gates[name]
    for ordinal, rule in enumerate(node.next):
        if rule.at_most:
            yield f"{name}.next.{ordinal}"


def _ruled(flow: CompiledFlow, location: str) -> tuple[Field, ...]:
    name = name_of(location)
    node = flow.steps.get(name) or flow.gates.get(name)
    if node is None or failed_at(location):
        return ()
    found = (each for rule in node.next if rule.when for each in comparisons(rule.when))
    return tuple(dict.fromkeys((each.slot, each.fact) for each in found))
