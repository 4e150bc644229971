"""Turns a request for languages into jobs, each with the words that are settled for it."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.glossary import Glossary, GlossaryTerm
from contracts.content.localise import JobTerm, LocaliseJob, LocalisePlan, LocaliseRequest
from contracts.content.source_article import SourceArticle
from contracts.failure import FailureKind
from services.agents.base import Agent, Desk, Given
from services.agents.checks.terms import holds, uses
from services.agents.locales import LANGUAGES, is_known, language_code, named
from services.errors import StepError

MOST_TERMS: Final = 100
"""Of `LocaliseJob@1`."""


class LocalePlanner(Agent):
    """One job a locale; a term goes into a job when the article uses it.

    Terms of the request's glossary come before those of the house, and those of a locale before
    those of its language.
    """

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="locale_planner",
        version=1,
        kind=AgentKind.CODE,
        summary="Makes one job a locale, with the glossary's terms that the article uses.",
        receives={
            "request": "LocaliseRequest@1",
            "article": "SourceArticle@1",
            "glossary": "Glossary@1",
            "house": "Glossary@1",
        },
        optional=("house",),
        produces="LocalisePlan@1",
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Plan the jobs.

        Raises:
            StepError: `rule_broken` when a locale is none that can be checked, or is the article's.
        """
        request, article = (
            given.one("request", LocaliseRequest),
            given.one("article", SourceArticle),
        )
        _require_checkable((article.language, *request.locales), article.language)
        house = given.maybe("house", Glossary)
        terms = _merged(given.one("glossary", Glossary), house)
        used = _used(terms, article)
        return LocalisePlan(jobs=tuple(_job(each, request, used) for each in request.locales))


def _require_checkable(locales: Sequence[str], source: str) -> None:
    if unknown := [each for each in locales if not is_known(each)]:
        known = ", ".join(LANGUAGES)
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"nobody here can check a text in {', '.join(unknown)}; there are {known}",
        )
    if same := [each for each in locales[1:] if language_code(each) == language_code(source)]:
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"the article is in {named(source)} already; drop {', '.join(same)} from locales",
        )


def _merged(glossary: Glossary, house: Glossary | None) -> tuple[GlossaryTerm, ...]:
    by_term = {each.term: each for each in house.terms} if house else {}
    by_term |= {each.term: each for each in glossary.terms}
    return tuple(by_term.values())


def _used(terms: Iterable[GlossaryTerm], article: SourceArticle) -> tuple[GlossaryTerm, ...]:
    pieces = (article.title, *(each.heading for each in article.sections))
    text = "\n".join((*pieces, *(each.text for each in article.paragraphs())))
    return tuple(
        each
        for each in terms
        if (holds(text, each.term) if each.keep else uses(text, each.term, article.language))
    )


def _job(locale: str, request: LocaliseRequest, used: Sequence[GlossaryTerm]) -> LocaliseJob:
    said = ((term, _translation(term, locale)) for term in used if not term.keep)
    terms = tuple(JobTerm(id=term.id, term=term.term, text=text) for term, text in said if text)
    keep = tuple(term.term for term in used if term.keep)
    return LocaliseJob(
        id=locale,
        language=named(locale),
        audience=request.audience,
        terms=terms[:MOST_TERMS],
        keep=keep[:MOST_TERMS],
    )


def _translation(term: GlossaryTerm, locale: str) -> str:
    by_locale = {each.locale: each.text for each in term.translations}
    return by_locale.get(locale) or by_locale.get(language_code(locale), "")
