"""The plan of an article."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import EvidenceId, Line, SectionId


class OutlineSection(Part):
    """One section to write, and the evidence it may use."""

    id: SectionId
    heading: Line
    goal: Line
    evidence_ids: tuple[EvidenceId, ...] = Field(min_length=1, max_length=12)
    words: int = Field(ge=1, le=5000)
    """How many words to aim at."""


class Outline(Contract, version=1):
    """The sections of an article, in order."""

    sections: tuple[OutlineSection, ...] = Field(min_length=1, max_length=7)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        if len({section.id for section in self.sections}) < len(self.sections):
            raise ValueError("section ids repeat")
        return self
