"""An article in another language, aligned with its original paragraph by paragraph."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import Line, Locale, ParagraphId, Prose, SectionId


class TranslatedParagraph(Part):
    """One paragraph under the id of its original."""

    id: ParagraphId
    text: Prose
    translated: bool = True
    """False where nobody translated it, and the text is the original's."""


class TranslatedSection(Part):
    """One section under the id of its original."""

    id: SectionId
    heading: str = Field(default="", max_length=300, pattern=r"^[^\r\n]*$")
    paragraphs: tuple[TranslatedParagraph, ...] = Field(min_length=1, max_length=60)


class Translation(Contract, version=1):
    """An article in one language."""

    locale: Locale
    title: Line
    sections: tuple[TranslatedSection, ...] = Field(min_length=1, max_length=30)
    notes: tuple[Line, ...] = Field(default=(), max_length=20)
    """What the translator wants the native reviewer to know."""

    made_by: Line
    """Which model, or that a person, wrote the text."""

    def paragraphs(self) -> tuple[TranslatedParagraph, ...]:
        """List all paragraphs in reading order."""
        return tuple(each for section in self.sections for each in section.paragraphs)


class LocalisedSet(Contract, version=1):
    """The translations of one article that are done, and the languages that are missing."""

    title: Line
    """The original's."""

    translations: tuple[Translation, ...] = Field(min_length=1, max_length=12)
    missing: tuple[Locale, ...] = Field(default=(), max_length=12)
    """Locales that were asked for and did not get done."""

    @model_validator(mode="after")
    def _each_locale_once(self) -> Self:
        done = [each.locale for each in self.translations]
        if len({*done, *self.missing}) < len(done) + len(self.missing):
            raise ValueError("a locale is there twice, or there and missing")
        return self
