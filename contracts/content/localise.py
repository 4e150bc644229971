"""Turning one article into other languages: what is asked for, and the jobs that come of it."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.source_article import ArticleSource
from contracts.content.text import CorpusName, Line, Locale, TermId


class DocumentName(Part):
    """A document of a corpus."""

    corpus: CorpusName
    document: Line
    """Its id, or its path within the corpus."""


class LocaliseRequest(Contract, version=1):
    """Which article is wanted in which languages, with whose words."""

    article: ArticleSource
    locales: tuple[Locale, ...] = Field(min_length=1, max_length=12)
    audience: Line
    glossary: DocumentName | None = None
    """A document with a table of terms: a column `term`, a column for each locale, and in it the
    sign `=` where the term is kept as it is."""

    @model_validator(mode="after")
    def _locales_are_unique(self) -> Self:
        if len(set(self.locales)) < len(self.locales):
            raise ValueError("locales repeats one; give each once")
        return self


class JobTerm(Part):
    """How one term of the article has to be said in the job's language."""

    id: TermId
    term: Line
    text: Line


class LocaliseJob(Contract, version=1):
    """One language to translate an article into, with the words that are settled."""

    id: Locale
    """The locale; a plan has one job for each."""

    language: Line
    """Its English name, `German (Austria)`."""

    audience: Line
    terms: tuple[JobTerm, ...] = Field(default=(), max_length=100)
    """Those that the article uses."""

    keep: tuple[Line, ...] = Field(default=(), max_length=100)
    """Words of the article that are not translated."""


class LocalisePlan(Contract, version=1):
    """The jobs of one request, in the order of its locales."""

    jobs: tuple[LocaliseJob, ...] = Field(min_length=1, max_length=12)

    @model_validator(mode="after")
    def _one_job_a_locale(self) -> Self:
        if len({job.id for job in self.jobs}) < len(self.jobs):
            raise ValueError("a locale has two jobs")
        return self
