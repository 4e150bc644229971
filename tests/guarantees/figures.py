"""Figures: what a test that proves a promise measured on the way, for the page of guarantees."""

from dataclasses import dataclass
from typing import Final

PROPERTY: Final = "guarantee_figure"
"""Under which a test's report carries each of its figures."""


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: float | str
    """A number, or what a report says in a few words."""

    unit: str

    def __str__(self) -> str:
        """Write it for people: `history of a run: 12,345 bytes`."""
        if isinstance(self.value, str):
            return f"{self.name}: {self.value}"
        exact = isinstance(self.value, int) or self.value.is_integer()
        number = f"{int(self.value):,}" if exact else f"{self.value:,.2f}"
        return f"{self.name}: {number} {self.unit}".rstrip()


class Figures:
    """Collects the figures of one test; see the fixture `figures`."""

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties

    def add(self, name: str, value: float, unit: str = "") -> None:
        """Keep a number under a name that says what was measured, in a unit."""
        self._properties.append((PROPERTY, (name, value, unit)))
