"""References: how a run points at a value without carrying it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.base import Part

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of the stored bytes, hexadecimal."""

FactValue = bool | int | str | tuple[str, ...] | None
"""What the interpreter may hold of a value: a scalar, a length, or the keys of a list."""


class Trust(StrEnum):
    """How far a value may be believed before somebody vouches for it."""

    OPERATOR = "operator"
    MODEL = "model"
    UNTRUSTED = "untrusted"


_LEAST_FIRST = (Trust.UNTRUSTED, Trust.MODEL, Trust.OPERATOR)


def least_trust(*labels: Trust) -> Trust:
    """Trust flows with derivation: a value is trusted no more than the least of its sources."""
    return min(labels, key=_LEAST_FIRST.index, default=Trust.OPERATOR)


class Reference(Part):
    """A pointer to one immutable value of a slot, with its lineage."""

    slot: str
    ordinal: int = Field(ge=1)
    """Which value of the slot in this run, from 1. All items of one fan-out share it."""

    item: str = ""
    """The item's key when the slot holds a list, else empty."""

    contract: str
    """For example `Draft@1`."""

    digest: Digest
    size: int = Field(ge=0)
    """Bytes as stored."""

    trust: Trust
    produced_by: str
    """The step or gate that made it, or `input`."""

    visit: int = Field(default=1, ge=1)
    made_from: tuple[str, ...] = ()
    """Versions it was made from, as `slot:ordinal`."""

    about: tuple[str, ...] = ()
    """Versions it reports on, as `slot:ordinal`; a subset of `made_from`."""

    @property
    def version(self) -> str:
        """Identify the value within its run: `draft:2`."""
        return f"{self.slot}:{self.ordinal}"


class Value(Part):
    """A stored value on its way through Temporal: address, facts and, when small, itself."""

    digest: Digest
    size: int = Field(ge=0)
    facts: dict[str, FactValue] = Field(default_factory=dict)
    body: str | None = None
    """The stored bytes as text when they are within the inline limit; the history's copy."""
