"""Where a text was published."""

from pydantic import Field

from contracts.base import Contract
from contracts.content.evidence import Source
from contracts.content.text import Line
from contracts.reference import Digest


class Publication(Contract, version=1):
    """A published article: where it is and what exactly it is."""

    where: Line
    """A file's path within the publishing folder, or a URL."""

    digest: Digest
    """SHA-256 of the published bytes."""

    title: Line
    sources: tuple[Source, ...] = Field(default=(), max_length=24)
    made_by: Line
