"""The lock of published schemas: what it notices and what it leaves alone."""

from typing import Annotated

import pytest
from pydantic import Field

from contracts import schema_lock
from contracts.base import Contract
from contracts.registry import CONTRACTS, Registry
from contracts.schema_lock import differences, read_lock, schema_digest


class Leaflet(Contract, version=1):
    """A leaflet."""

    title: str
    """What it is called."""


class Reworded(Contract, name="Leaflet", version=1):
    """A leaflet, described in other words."""

    title: str
    """How readers know it."""


class Tightened(Contract, name="Leaflet", version=1):
    """A leaflet."""

    title: Annotated[str, Field(min_length=1)]
    """What it is called."""


class Titled(Contract, name="Leaflet", version=1):
    """A leaflet."""

    description: str
    """A field whose name is a keyword of JSON Schema."""


def _digest(contract: type[Contract]) -> str:
    return schema_digest(Registry.of([contract]), contract.key())


def test_the_lock_in_the_repository_is_current() -> None:
    """No published contract has changed, none is gone, and none is waiting to be published."""
    assert schema_lock.main([]) == 0


def test_every_contract_of_the_flows_is_locked() -> None:
    """Nothing that flows use is left out of the lock."""
    assert set(CONTRACTS.contracts) <= set(read_lock())


@pytest.mark.parametrize(
    ("locked", "current", "told"),
    [
        ({"Draft@1": "a"}, {"Draft@1": "a"}, ()),
        (
            {"Draft@1": "a"},
            {"Draft@1": "b"},
            (
                "Draft@1 has changed since it was published; restore it, and put the change into"
                " a new version with a migration from this one",
            ),
        ),
        (
            {},
            {"Draft@1": "a"},
            ("Draft@1 is new; publish it with `python -m contracts.schema_lock --write`",),
        ),
        (
            {"Draft@1": "a"},
            {},
            ("Draft@1 was published and is gone; old runs need it: bring it back",),
        ),
    ],
    ids=["unchanged", "changed", "new", "gone"],
)
def test_every_difference_says_what_to_do(
    locked: dict[str, str], current: dict[str, str], told: tuple[str, ...]
) -> None:
    """A contract that is not as it was published comes with what somebody has to do about it."""
    assert differences(locked, current) == told


def test_words_may_change() -> None:
    """Rewording descriptions is no change of a contract."""
    assert _digest(Leaflet) == _digest(Reworded)


@pytest.mark.parametrize("changed", [Tightened, Titled])
def test_meaning_may_not_change(changed: type[Contract]) -> None:
    """A new constraint or a field renamed is a change, whatever the field is called."""
    assert _digest(Leaflet) != _digest(changed)


def test_a_field_called_description_counts() -> None:
    """A field is no prose, even when JSON Schema has a keyword of that name."""

    class Undescribed(Contract, name="Leaflet", version=1):
        """A leaflet."""

        title: str

    class Described(Contract, name="Leaflet", version=1):
        """A leaflet."""

        title: str
        description: str

    assert _digest(Undescribed) != _digest(Described)
