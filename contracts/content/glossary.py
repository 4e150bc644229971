"""How a house says its words in other languages."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import Line, Locale, TermId


class TermTranslation(Part):
    """A term in one language."""

    locale: Locale
    text: Line


class GlossaryTerm(Part):
    """A word or phrase that is always said in the same way."""

    id: TermId
    term: Line
    """As texts of the house have it."""

    translations: tuple[TermTranslation, ...] = Field(default=(), max_length=60)
    keep: bool = False
    """It is never translated: a name, a product, a trade mark."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if len({each.locale for each in self.translations}) < len(self.translations):
            raise ValueError(f"term {self.id} has two translations for one locale")
        if self.keep and self.translations:
            raise ValueError(f"term {self.id} is kept as it is and has translations; drop one")
        return self


class Glossary(Contract, version=1):
    """The terms of a house. None is a glossary too."""

    terms: tuple[GlossaryTerm, ...] = Field(default=(), max_length=500)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        if len({term.id for term in self.terms}) < len(self.terms):
            raise ValueError("term ids repeat")
        return self
