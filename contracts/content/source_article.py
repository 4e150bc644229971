"""A published article as other texts are made from it: paragraphs that can be cited by id."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.evidence import Source
from contracts.content.text import CorpusName, Line, Locale, ParagraphId, Prose, SectionId

LONGEST = 15_000
"""Characters of all paragraphs together, about 2,500 words: what one question to a model holds."""


class ArticleSource(Part):
    """Where an article is read: a document of a corpus, or the text itself."""

    corpus: CorpusName | None = None
    document: Line | None = None
    """The document's id, or its path within the corpus."""

    text: str | None = Field(default=None, min_length=1, max_length=60_000)
    """The article as Markdown, for example a published file."""

    language: Locale = "en"
    """What the article is written in."""

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        named = self.corpus is not None and self.document is not None
        partly = self.corpus is not None or self.document is not None
        if named == (self.text is not None) or (partly and not named):
            raise ValueError("name an article by corpus and document, or give its text; one of two")
        return self


class SourceParagraph(Part):
    """One paragraph, as it stands in the article."""

    id: ParagraphId
    text: Prose


class SourceSection(Part):
    """Paragraphs under one heading."""

    id: SectionId
    heading: str = Field(default="", max_length=300, pattern=r"^[^\r\n]*$")
    """Empty for what stands before the first heading."""

    paragraphs: tuple[SourceParagraph, ...] = Field(min_length=1, max_length=60)


class SourceArticle(Contract, version=1):
    """An article with its paragraphs numbered from `p1` through all sections."""

    title: Line
    uri: Line
    """Where it was read: a path within its corpus, or `text` when the request held it."""

    language: Locale
    sections: tuple[SourceSection, ...] = Field(min_length=1, max_length=30)
    sources: tuple[Source, ...] = Field(default=(), max_length=24)
    """What the article says that it rests on."""

    @model_validator(mode="after")
    def _ids_are_unique_and_the_text_is_bounded(self) -> Self:
        paragraphs = self.paragraphs()
        if len({each.id for each in self.sections}) < len(self.sections):
            raise ValueError("section ids repeat")
        if len({each.id for each in paragraphs}) < len(paragraphs):
            raise ValueError("paragraph ids repeat")
        length = sum(len(each.text) for each in paragraphs)
        if length > LONGEST:
            raise ValueError(f"the article has {length} characters, of at most {LONGEST}")
        return self

    def paragraphs(self) -> tuple[SourceParagraph, ...]:
        """List all paragraphs in reading order."""
        return tuple(each for section in self.sections for each in section.paragraphs)
