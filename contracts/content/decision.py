"""What a person decided at a gate."""

from enum import StrEnum

from pydantic import Field

from contracts.base import Contract
from contracts.content.text import Line
from contracts.reference import Digest


class DecisionVerdict(StrEnum):
    """The three ways out of an editor's gate."""

    APPROVE = "approve"
    EDITED = "edited"
    REJECT = "reject"


class Decision(Contract, version=1):
    """A person's decision on the exact version that was shown."""

    verdict: DecisionVerdict
    comment: str = Field(default="", max_length=4000)
    who: Line
    shown: Digest
    """The digest of what the person saw: over the digests of all values the gate shows."""
