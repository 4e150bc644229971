"""The regions of every field that some rule looks at, each told by one value in it.

The constants that rules compare a field with, and the field's own type, cut its values into
finitely many regions; within one region no rule can tell two values apart.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import BaseModel

from contracts.compiled import MISSING, Compare, CompiledFlow, Condition
from contracts.reference import FactValue
from contracts.registry import Registry
from workflows.checking.types import ScalarType, list_at, scalar_at, text_judge
from workflows.rules import comparisons, evaluate, literals

Field = tuple[str, str]
"""Slot and fact: `("review", "verdict")`, `("evidence", "len(items)")`."""

_OTHER_TEXTS: Final = ("something else", "else", "other", "x", "e9", "0" * 64)
"""Tried in order for a text that no rule names; the field's own pattern decides."""


_MISSING_ITEMS: Final[tuple[FactValue, ...]] = (0, 1)
"""How many items of a fan-out may be missing, as far as its own rule tells apart."""


class Domains:
    """Values that stand for regions, and which comparisons hold in each."""

    def __init__(
        self, flow: CompiledFlow, registry: Registry, conditions: Iterable[Condition]
    ) -> None:
        atoms = dict.fromkeys(atom for each in conditions for atom in comparisons(each))
        self._masks: dict[Compare, int] = {atom: 1 << at for at, atom in enumerate(atoms)}
        self._truths: dict[Field, dict[FactValue, int]] = {}
        self._looked_at: dict[Field, int] = {}
        self._folds: dict[tuple[Field, int], dict[FactValue, FactValue]] = {}
        for field, mine in _by_field(atoms).items():
            values = (
                _MISSING_ITEMS
                if field[1] == MISSING
                else _candidates(registry.get(flow.slots[field[0]]), field[1], mine)
            )
            self._looked_at[field] = self._mask(mine)
            self._truths[field] = {
                value: self._mask(atom for atom in mine if _holds(atom, value)) for value in values
            }

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field that some rule looks at."""
        return tuple(self._truths)

    def mask(self, condition: Condition) -> int:
        """The comparisons that a condition makes."""
        return self._mask(comparisons(condition))

    def looked_at(self, field: Field) -> int:
        """The comparisons that look at a field."""
        return self._looked_at[field]

    def fold(self, field: Field, live: int) -> Mapping[FactValue, FactValue]:
        """Map each value to the one that stands for its region, as far as live comparisons tell."""
        key = (field, live & self._looked_at[field])
        if key not in self._folds:
            first: dict[int, FactValue] = {}
            self._folds[key] = {
                value: first.setdefault(truth & live, value)
                for value, truth in self._truths[field].items()
            }
        return self._folds[key]

    def regions(self, field: Field, live: int) -> tuple[FactValue, ...]:
        """One value of each region, as far as live comparisons tell them apart."""
        return tuple(dict.fromkeys(self.fold(field, live).values()))

    def any_value(self, field: Field) -> FactValue:
        """Some value that the field can hold."""
        return next(iter(self._truths[field]))

    def _mask(self, atoms: Iterable[Compare]) -> int:
        mask = 0
        for atom in atoms:
            mask |= self._masks[atom]
        return mask


def _by_field(atoms: Iterable[Compare]) -> dict[Field, list[Compare]]:
    found: dict[Field, list[Compare]] = {}
    for atom in atoms:
        found.setdefault((atom.slot, atom.fact), []).append(atom)
    return found


def _holds(atom: Compare, value: FactValue) -> bool:
    return evaluate(atom, {atom.slot: {atom.fact: value}})


def _candidates(model: type[BaseModel], fact: str, atoms: Iterable[Compare]) -> list[FactValue]:
    """Values that between them lie in every region of a field, each one that the field can hold."""
    constants = dict.fromkeys(literal for atom in atoms for literal in literals(atom))
    kind = _type_of(model, fact)
    if kind.kind is bool:
        return [False, True]
    if kind.kind is int:
        return list(_numbers(kind, [each for each in constants if isinstance(each, int)]))
    if kind.values:
        return list(kind.values)
    texts = tuple(each for each in constants if isinstance(each, str))
    return list(_texts(model, fact, texts))


def _type_of(model: type[BaseModel], fact: str) -> ScalarType:
    if fact.startswith("len("):
        found = list_at(model, fact[4:-1])
        return ScalarType(int, (), found.at_least, found.at_most)
    return scalar_at(model, fact)


def _numbers(kind: ScalarType, constants: list[int]) -> list[int]:
    """Each constant with its neighbours and the bounds: one number at least in every region."""
    near = {each + step for each in constants for step in (-1, 0, 1)}
    near |= {bound for bound in (kind.low, kind.high) if bound is not None}
    return sorted(
        number
        for number in near
        if (kind.low is None or number >= kind.low) and (kind.high is None or number <= kind.high)
    )


def _texts(model: type[BaseModel], path: str, constants: tuple[str, ...]) -> tuple[str, ...]:
    """The constants that the field can hold, and one text that no rule names."""
    accepts = text_judge(model, path)
    held = tuple(text for text in constants if accepts(text))
    free = (text for text in _OTHER_TEXTS if text not in constants)
    return (*held, next((text for text in free if accepts(text)), _OTHER_TEXTS[0]))
