"""Random rules on random contracts, and random values for rules to look at."""

from collections.abc import Mapping, Sequence
from random import Random

from pydantic import BaseModel

from contracts.reference import FactValue
from contracts.registry import Registry
from workflows.checking.types import ListType, ScalarType, list_at, scalar_at


def random_condition(
    random: Random, registry: Registry, types: Mapping[str, str], slots: Sequence[str]
) -> str:
    """Write a condition on one or two fields of some slots; empty when there is nothing to read."""
    readable = [slot for slot in slots if slot in types and not types[slot].startswith("[")]
    if not readable:
        return ""
    parts = []
    for _ in range(random.choice((1, 1, 1, 2))):
        slot = random.choice(readable)
        parts.append(f"{slot}.{_comparison(random, registry.get(types[slot]))}")
    text = random.choice((" and ", " or ")).join(_as_path(each) for each in parts)
    return f"not ({text})" if random.random() < 0.1 else text


def random_verdict(random: Random, model: type[BaseModel]) -> str:
    """Write when a report vouches; empty when every report does."""
    return "" if random.random() < 0.4 else _as_path(_comparison(random, model))


def random_fact(random: Random, model: type[BaseModel], fact: str) -> FactValue:
    """A value that the field can hold, near its bounds and the constants of rules."""
    if fact.startswith("keys("):
        return _keys(random, list_at(model, fact[5:-1].rpartition(".")[0]))
    if fact.startswith("len("):
        found = list_at(model, fact[4:-1])
        return random.randint(found.at_least, found.at_most or found.at_least + 5)
    kind = scalar_at(model, fact)
    if kind.kind is bool:
        return random.random() < 0.5
    if kind.kind is int:
        low, high = _range(kind)
        return random.randint(low, high)
    return random.choice(kind.values or ("a", "b", "zz"))


def _keys(random: Random, found: ListType) -> tuple[str, ...]:
    return tuple(f"k{at}" for at in range(random.randint(1, found.at_most or 3)))


def _range(kind: ScalarType) -> tuple[int, int]:
    low = kind.low if kind.low is not None else -20
    return low, kind.high if kind.high is not None else low + 20


def _comparison(random: Random, model: type[BaseModel]) -> str:
    name = random.choice(list(model.model_fields))
    if name == "pieces":
        number = random.randint(1, list_at(model, name).at_most or 3)
        return f"len({name}) {random.choice(('==', '>', '<=', '!='))} {number}"
    if name in ("comment", "comments", "who", "decided_by", "shown"):
        name = "verdict"
    kind = scalar_at(model, name)
    if kind.kind is bool:
        return f"{name} {random.choice(('==', '!='))} True"
    if kind.kind is int:
        low, high = _range(kind)
        number = random.randint(low, high)
        return f"{name} {random.choice(('==', '!=', '<', '<=', '>', '>='))} {number}"
    known = kind.values or ("a", "b")
    if random.random() < 0.2:
        return f"{name} in {list(random.sample(known, min(2, len(known))))}"
    return f"{name} {random.choice(('==', '!='))} {random.choice(known)!r}"


def _as_path(comparison: str) -> str:
    """Put `slot.len(x)` as the rule language writes it, `len(slot.x)`."""
    slot, dot, rest = comparison.partition(".len(")
    return f"len({slot}.{rest}" if dot else comparison
