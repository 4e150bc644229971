"""Random contracts: what the random flows hand over."""

from enum import Enum
from random import Random
from types import new_class
from typing import Annotated, Any

from pydantic import Field

from contracts.base import Contract, Part
from contracts.content.decision import Decision
from contracts.registry import Registry


class Piece(Part):
    """An element of a list that a fan-out may walk."""

    id: str


class Mood(Enum):
    """A closed set, for rules to look at."""

    BRIGHT = "bright"
    GREY = "grey"
    DARK = "dark"


def random_registry(random: Random, size: int) -> Registry:
    """Make contracts `C0` and on; every one can be routed on, most can be walked."""
    made = [_contract(random, f"C{number}") for number in range(size)]
    return Registry.of([*made, Decision])


def _contract(random: Random, name: str) -> type[Contract]:
    fields: dict[str, Any] = {}
    for number in range(random.randint(1, 3)):
        fields[f"f{number}"] = _field(random)
    if random.random() < 0.7:
        most = random.randint(1, 4)
        fields["pieces"] = Annotated[tuple[Piece, ...], Field(min_length=1, max_length=most)]

    def body(namespace: dict[str, Any]) -> None:
        namespace["__annotations__"] = fields
        namespace["__module__"] = __name__

    made: type[Contract] = new_class(name, (Contract,), {"version": 1}, body)
    return made


def _field(random: Random) -> Any:
    low = random.randint(-2, 2)
    bounded = Annotated[int, Field(ge=low, le=low + random.randint(0, 9))]
    half = Annotated[int, Field(ge=0)]
    text = Annotated[str, Field(min_length=1, max_length=12)]
    return random.choice([bool, Mood, bounded, half, text])
