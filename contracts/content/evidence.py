"""Verbatim evidence: quotes with the exact place they were taken from."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import EvidenceId, Line, Prose


class Source(Part):
    """A document of a corpus."""

    id: Line
    title: Line
    uri: Line
    """Where the document came from: a file's path within its corpus, or a URL."""


class Span(Part):
    """A half-open range of characters in the source's stored text."""

    start: int = Field(ge=0)
    end: int = Field(ge=1)

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"span {self.start}..{self.end} is empty")
        return self


class EvidenceItem(Part):
    """One verbatim quote and the key point that it supports."""

    id: EvidenceId
    source: Source
    quote: Prose
    """Exactly the characters of the source at `span`."""

    span: Span
    key_point: Line

    @model_validator(mode="after")
    def _span_fits_quote(self) -> Self:
        if self.span.end - self.span.start != len(self.quote):
            raise ValueError(f"{self.id}: the span is not as long as the quote")
        return self


class EvidenceSet(Contract, version=1):
    """What the corpus has to say about a brief. None found is an answer, not a failure."""

    items: tuple[EvidenceItem, ...] = Field(default=(), max_length=24)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        if len({item.id for item in self.items}) < len(self.items):
            raise ValueError("evidence ids repeat")
        return self
