"""What requests about long-term memory carry, and what they answer."""

from typing import Annotated

from pydantic import Field, JsonValue

from contracts.base import Part
from contracts.long_term import Act, EntryName, Merge, Provenance
from contracts.reference import Trust
from services.comparing.words import Change
from services.gateway.replies import Body
from services.long_term.record import EntryRecord

Version = Annotated[int, Field(ge=1)]


class EntryVersion(Part):
    """A version of an entry, without its value."""

    entry: EntryName
    version: Version
    act: Act
    at_ms: int
    """When it was written, Unix milliseconds."""

    contract: str
    """What the value is, `BrandVoice@1`; empty when erased."""

    trust: Trust
    digest: str
    """SHA-256 of the value's bytes; empty when erased."""

    size: int
    """Bytes of the value."""

    previous: str
    """SHA-256 of the record before this one; empty for the first."""

    provenance: Provenance
    of: int = 0
    """The version that this one restores, or was merged over; 0 for others."""

    @classmethod
    def told(cls, record: EntryRecord) -> "EntryVersion":
        """Leave out what only the store needs."""
        return cls.model_validate(record.model_dump(include=set(cls.model_fields)))


class EntryList(Part):
    """Entries, each as its last version."""

    entries: tuple[EntryVersion, ...]


class EntryHistory(Part):
    """All versions of an entry, oldest first; the chain was checked."""

    versions: tuple[EntryVersion, ...]


class EntryReply(EntryVersion):
    """A version of an entry with its value."""

    value: JsonValue


class DifferencePiece(Part):
    """A run of words that were all kept, all added or all removed."""

    change: Change
    text: str


class EntryDifference(Part):
    """How two versions differ, as people read JSON."""

    before: Version
    after: Version
    pieces: tuple[DifferencePiece, ...]


class _Signed(Body):
    who: str = Field(min_length=1, max_length=200)
    """Who asks for it; kept with the version."""

    note: str = Field(default="", max_length=500)
    """Why; kept with the version."""

    def provenance(self) -> Provenance:
        """Say who wrote it."""
        return Provenance(who=self.who, note=self.note)


class PutEntry(_Signed):
    """A new version of an entry."""

    contract: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9]*@[1-9][0-9]*$", examples=["BrandVoice@1"])
    value: JsonValue
    expected: int = Field(default=0, ge=0)
    """The version that the value was made from; 0 for an entry that is not there."""

    merge: Merge | None = None
    """What becomes of it when there is another version; without it that is a conflict."""

    trust: Trust = Trust.OPERATOR
    """How far the value may be believed."""


class RestoreEntry(_Signed):
    """Go back to a version, by a new one that equals it."""

    version: Version
    expected: Version
    """The version that is the last one now."""


class ImportEntries(Body):
    """Lines of an export, in the order of the versions."""

    lines: list[str] = Field(min_length=1, max_length=10_000)


class ImportReply(Part):
    """What an import did."""

    entries: int
    written: int
    present: int
    """Versions that were there already."""
