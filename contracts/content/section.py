"""A written section: sentences, each with what it rests on."""

from pydantic import Field

from contracts.base import Contract, Part
from contracts.content.text import EvidenceId, Line, Prose, SectionId


class Sentence(Part):
    """One sentence and the evidence that it cites."""

    text: Prose
    evidence_ids: tuple[EvidenceId, ...] = Field(min_length=1, max_length=6)


class Section(Contract, version=1):
    """One section of an article."""

    id: SectionId
    heading: Line
    sentences: tuple[Sentence, ...] = Field(min_length=1, max_length=60)
