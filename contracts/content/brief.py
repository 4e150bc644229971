"""The brief: what somebody asks the pipeline to write."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import CorpusName, Line, Locale, Prose


class WordRange(Part):
    """How long the text may be, in words."""

    min: int = Field(ge=1, le=20_000)
    max: int = Field(ge=1, le=20_000)

    @model_validator(mode="after")
    def _min_is_not_above_max(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"words.min {self.min} is above words.max {self.max}; swap them")
        return self


class Brief(Contract, version=1):
    """What to write, for whom, from which corpus, and what it must and must not say."""

    title: Line
    goal: Prose
    """What the reader should know or do afterwards."""

    audience: Line
    locale: Locale = "en"
    key_points: tuple[Line, ...] = Field(min_length=1, max_length=7)
    """What the article covers; each becomes a section when the corpus supports it."""

    must_include: tuple[Line, ...] = Field(default=(), max_length=10)
    """Words or phrases that the text has to contain, compared without regard to case."""

    must_avoid: tuple[Line, ...] = Field(default=(), max_length=20)
    """Words or phrases that the text may not contain, compared without regard to case."""

    words: WordRange
    corpus: CorpusName
    """The corpus that research searches."""

    @model_validator(mode="after")
    def _does_not_contradict_itself(self) -> Self:
        wanted = {text.casefold() for text in self.must_include}
        banned = {text.casefold() for text in self.must_avoid}
        if both := sorted(wanted & banned):
            raise ValueError(f"{both[0]!r} stands in must_include and in must_avoid; drop one")
        if len({text.casefold() for text in self.key_points}) < len(self.key_points):
            raise ValueError("key_points repeats a point; give each once")
        return self
