"""How two runs differ: in what they made, what they were asked with, and what they cost."""

from typing import Literal

from pydantic import Field

from contracts.base import Part
from contracts.origin import Origin
from contracts.run import RunStatus
from contracts.usage import Usage


class DiffPiece(Part):
    """A run of words that both have, only the first has, or only the second; with their spaces."""

    change: Literal["kept", "removed", "added"]
    text: str


class FieldDiff(Part):
    """One field that differs."""

    path: str
    """`sections[s2].sentences[0].text`: elements by their `id` where they have one."""

    pieces: tuple[DiffPiece, ...]


class SlotDiff(Part):
    """What became of one slot, or of one version or item of it."""

    slot: str
    item: str = ""
    state: Literal["same", "changed", "only_a", "only_b"]
    a: str = ""
    """The version in the first run, `draft:2`; empty where there is none."""

    b: str = ""
    fields: tuple[FieldDiff, ...] = ()


class RunSide(Part):
    """One of the two runs."""

    id: str
    flow: str
    flow_version: int
    status: RunStatus
    of: Origin | None = None
    spent: Usage = Field(default_factory=Usage)
    """By the run itself; what it took over is in the account of the run that made it."""


class RunDiff(Part):
    """Two runs side by side. The first is `a`, which words are removed from."""

    a: RunSide
    b: RunSide
    flow: tuple[FieldDiff, ...] = ()
    """What differs of the flow: its version, and agents' versions, models and prompts."""

    slots: tuple[SlotDiff, ...] = ()
    """In the order of the flow, those that are the same as well."""
