"""Facts for a value that nobody made: what a witness says, else what its type allows."""

from collections.abc import Mapping

from contracts.compiled import CompiledFlow
from contracts.reference import FactValue
from contracts.registry import Registry
from workflows.checking.types import list_at, scalar_at

ONE_KEY = ("k1",)


def facts_of(
    flow: CompiledFlow, registry: Registry, slot: str, said: Mapping[str, FactValue]
) -> dict[str, FactValue]:
    """Every fact that the flow needs of a slot's value, those said first."""
    if flow.list_slot(slot):
        return {"len()": 1}
    model = registry.get(flow.slots[slot])
    facts: dict[str, FactValue] = {}
    for fact in flow.facts.get(slot, ()):
        if fact in said:
            facts[fact] = said[fact]
        elif fact.startswith("keys("):
            facts[fact] = _keys(said, fact[5:-1].rpartition(".")[0])
        elif fact.startswith("len("):
            facts[fact] = list_at(model, fact[4:-1]).at_least
        else:
            kind = scalar_at(model, fact)
            facts[fact] = _least(kind.kind, kind.values, kind.low)
    return facts


def _keys(said: Mapping[str, FactValue], path: str) -> FactValue:
    many = said.get(f"len({path})")
    return tuple(f"k{at}" for at in range(1, many + 1)) if isinstance(many, int) else ONE_KEY


def _least(kind: type, values: tuple[str, ...], low: int | None) -> FactValue:
    if kind is bool:
        return False
    if kind is int:
        return low or 0
    return values[0] if values else "something else"
