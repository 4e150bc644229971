"""The article under work."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.section import Section
from contracts.content.text import AnyCommentId, Line


class Resolution(StrEnum):
    """What a reviser did about a comment."""

    FIXED = "fixed"
    DECLINED = "declined"


class Answer(Part):
    """A reviser's answer to one comment, of the review or of a person."""

    comment_id: AnyCommentId
    resolution: Resolution
    note: Line


class Draft(Contract, version=1):
    """A whole article: title, sections in order, and the answers to the last comments."""

    title: Line
    sections: tuple[Section, ...] = Field(min_length=1, max_length=7)
    answers: tuple[Answer, ...] = Field(default=(), max_length=50)
    made_by: Line
    """Which model, or that a person, wrote the sentences."""

    @model_validator(mode="after")
    def _sections_have_ids_of_their_own(self) -> Self:
        if len({section.id for section in self.sections}) < len(self.sections):
            raise ValueError("section ids repeat")
        return self

    def words(self) -> int:
        """Count the words of all sentences; headings do not count."""
        return sum(
            len(sentence.text.split())
            for section in self.sections
            for sentence in section.sentences
        )
