"""What code measured on a translation against its original."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import Line, Locale, ParagraphId


class TranslationFaultKind(StrEnum):
    """What is wrong with a translation."""

    ALIGNMENT = "alignment"
    """A paragraph or section is missing, strange, twice or in another place."""

    NUMBER = "number"
    DATE = "date"
    UNIT = "unit"
    ADDRESS = "address"
    QUOTATION = "quotation"
    TERM = "term"
    KEPT = "kept"
    NAME = "name"
    LENGTH = "length"
    LANGUAGE = "language"
    UNTRANSLATED = "untranslated"
    LEAK = "leak"
    """Ids, markup or talk about the task that the original does not have."""


class TranslationFault(Part):
    """One thing that is wrong at one place."""

    paragraph_id: ParagraphId | None = None
    """None for the title, a heading or the whole text."""

    kind: TranslationFaultKind
    text: Line


class TranslationReport(Contract, version=1):
    """One translation measured, and everything found wrong."""

    locale: Locale
    paragraphs: int = Field(ge=1)
    """How many paragraphs of the original were looked for."""

    untranslated: int = Field(ge=0)
    """How many paragraphs, headings or titles nobody has translated."""

    faults: tuple[TranslationFault, ...] = Field(default=(), max_length=60)
    fault_count: int = Field(ge=0)
    """How many faults were found; more than are listed where a text is full of them."""

    @model_validator(mode="after")
    def _count_agrees(self) -> Self:
        listed = len(self.faults)
        if self.fault_count < max(listed, self.untranslated) or (self.fault_count and not listed):
            raise ValueError(f"fault_count says {self.fault_count}, listed are {listed}")
        return self


class LocalisedReport(Contract, version=1):
    """Every translation of a set, measured again before all are published."""

    reports: tuple[TranslationReport, ...] = Field(min_length=1, max_length=12)
    fault_count: int = Field(ge=0)
    """Of all of them together."""

    @model_validator(mode="after")
    def _count_agrees(self) -> Self:
        counted = sum(report.fault_count for report in self.reports)
        if counted != self.fault_count:
            raise ValueError(f"fault_count says {self.fault_count}, the reports say {counted}")
        return self
