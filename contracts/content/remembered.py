"""What a run has written to long-term memory."""

from pydantic import Field

from contracts.base import Contract
from contracts.content.text import Line
from contracts.long_term import EntryName
from contracts.reference import Digest


class Remembered(Contract, version=1):
    """A version of an entry of long-term memory that a run has written."""

    entry: EntryName
    version: int = Field(ge=1)
    digest: Digest
    """SHA-256 of the value's stored bytes."""

    contract: Line
    """What the value is, `CoveredTopics@1`."""

    merged: bool
    """Whether somebody else had changed the entry meanwhile, so that the two were united."""

    follows: int = Field(ge=0)
    """The version that a further value of the same run is to follow."""
