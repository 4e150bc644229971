"""Long-term memory: the names of entries, who wrote a version of one, and what a run pinned."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from contracts.base import Part
from contracts.reference import Digest, Trust, Value

ENTRY: Final = r"^[a-z][a-z0-9_]{0,47}\.[a-z][a-z0-9_]{0,47}$"

EntryName = Annotated[str, Field(pattern=ENTRY, examples=["brand.voice"])]
"""A namespace and a name in it: `brand.voice`."""


class Merge(StrEnum):
    """What becomes of a new version of an entry that somebody else has changed meanwhile."""

    UNION = "union"
    """Lists are united by their elements' `id`, theirs first; what both changed is a conflict."""

    REPLACE = "replace"
    """The last writer wins: their version stays in the history and is the head no more."""


class Act(StrEnum):
    """How a version of an entry came about."""

    WRITTEN = "written"
    MERGED = "merged"
    """Written over a version that the writer had not seen, by the merge that was declared."""

    RESTORED = "restored"
    ERASED = "erased"
    """No value any more: the version says who had all of them erased, and when."""


class MadeFrom(Part):
    """A value that a version was made from."""

    name: str
    """What the writer called it: a slot and its ordinal, or a file."""

    contract: str = ""
    digest: Digest


class Provenance(Part):
    """Who wrote a version, and from what."""

    who: str = Field(default="", max_length=200)
    """A person or a program outside of runs; empty where a run wrote it."""

    run: str = ""
    step: str = ""
    visit: int = Field(default=0, ge=0)
    made_from: tuple[MadeFrom, ...] = Field(default=(), max_length=200)
    note: str = Field(default="", max_length=500)


class PinnedEntry(Part):
    """The version of an entry that a run works with, whatever is written after its start."""

    entry: EntryName
    version: int = Field(ge=1)
    contract: str
    """As it was stored; readers of a newer version of the contract migrate it."""

    trust: Trust
    value: Value
    """Without its body: what is erased later must not stay in the history of runs."""


def contract_by_convention(entry: str, version: int = 1) -> str:
    """Name the contract that an entry holds where nothing else is said.

    `BrandVoice@1` for `brand.voice`.
    """
    words = entry.replace(".", "_").split("_")
    return f"{''.join(word.capitalize() for word in words)}@{version}"
