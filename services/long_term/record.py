"""One version of an entry as it is kept: what it is, who wrote it, and what came before."""

from dataclasses import dataclass
from typing import Self

from pydantic import Field, ValidationError

from contracts.base import Part
from contracts.base import digest as digest_of
from contracts.long_term import Act, EntryName, Provenance
from contracts.reference import Trust
from services.errors import StorageError


class EntryRecord(Part):
    """What an immutable record says."""

    entry: EntryName
    version: int = Field(ge=1)
    previous: str = ""
    """SHA-256 of the stored bytes of the version before; empty for the first."""

    act: Act
    at_ms: int = Field(ge=0)
    """Unix milliseconds."""

    provenance: Provenance = Field(default_factory=Provenance)
    contract: str = ""
    """What the value is, `BrandVoice@1`; empty when erased."""

    trust: Trust = Trust.OPERATOR
    digest: str = ""
    """SHA-256 of the value's bytes."""

    size: int = Field(default=0, ge=0)
    """Bytes of the value."""

    body: str | None = None
    """The value itself when it is small; a large one lies in the archive."""

    of: int = Field(default=0, ge=0)
    """The version that this one restores, or was merged over; 0 for others."""

    write: str = ""
    """Names the act of writing: who tries again finds what it wrote already."""

    @property
    def is_erased(self) -> bool:
        """Whether it stands for values that are gone."""
        return self.act is Act.ERASED


@dataclass(frozen=True)
class StoredRecord:
    """A record with its bytes exactly as they are stored: the chain is made of these."""

    record: EntryRecord
    stored: bytes

    @classmethod
    def of(cls, record: EntryRecord) -> Self:
        """Serialise a new record."""
        return cls(record, record.model_dump_json(exclude_defaults=True).encode())

    @classmethod
    def read(cls, stored: bytes, entry: str, version: int) -> Self:
        """Read stored bytes.

        Raises:
            StorageError: they are no record of this version of this entry.
        """
        try:
            found = EntryRecord.model_validate_json(stored)
        except ValidationError as error:
            raise StorageError(_damaged(entry, version)) from error
        if (found.entry, found.version) != (entry, version):
            raise StorageError(_damaged(entry, version))
        return cls(found, stored)

    @property
    def address(self) -> str:
        """What the next version names as the one before it."""
        return digest_of(self.stored)


@dataclass(frozen=True)
class EntryValue:
    """A version of an entry and its value's bytes, verified."""

    record: EntryRecord
    body: bytes


def _damaged(entry: str, version: int) -> str:
    return (
        f"version {version} of {entry} is damaged in the archive; restore it from a backup, and"
        " look with `orchestra memory verify`"
    )
