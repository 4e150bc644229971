"""Measures a translation against its original. It proposes no changes."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.localise import LocaliseJob, LocalisePlan
from contracts.content.localised import LocalisedSet, Translation
from contracts.content.source_article import SourceArticle
from contracts.content.translation_report import LocalisedReport
from contracts.failure import FailureKind
from services.agents.base import Agent, Desk, Given
from services.agents.checks.translations import report_of
from services.errors import StepError


class TranslationChecker(Agent):
    """Asks no model: numbers, dates, units, addresses, terms, length and language are measured."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="translation_checker",
        version=1,
        kind=AgentKind.CODE,
        summary="Measures a translation: alignment, figures, glossary, length, language.",
        receives={
            "article": "SourceArticle@1",
            "job": "LocaliseJob@1",
            "translation": "Translation@1",
        },
        produces="TranslationReport@1",
        about=("translation",),
        verifies=True,
        vouches_when="fault_count == 0",
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Measure the translation; the same one always gets the same report."""
        return report_of(
            given.one("article", SourceArticle),
            given.one("job", LocaliseJob),
            given.one("translation", Translation),
        )


class LocalisedChecker(Agent):
    """Measures every translation of a set again: what other runs say of them is not taken over."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="localised_checker",
        version=1,
        kind=AgentKind.CODE,
        summary="Measures all translations of a set against the original.",
        receives={
            "article": "SourceArticle@1",
            "plan": "LocalisePlan@1",
            "localised": "LocalisedSet@1",
        },
        produces="LocalisedReport@1",
        about=("localised",),
        verifies=True,
        vouches_when="fault_count == 0",
        limits=AgentLimits(seconds=30),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Measure the set.

        Raises:
            StepError: `rule_broken` when it holds a language that was not planned.
        """
        article, plan = given.one("article", SourceArticle), given.one("plan", LocalisePlan)
        jobs = {job.id: job for job in plan.jobs}
        translations = given.one("localised", LocalisedSet).translations
        if strange := [each.locale for each in translations if each.locale not in jobs]:
            raise StepError(
                FailureKind.RULE_BROKEN, f"{', '.join(strange)} is not among the planned locales"
            )
        reports = tuple(report_of(article, jobs[each.locale], each) for each in translations)
        return LocalisedReport(
            reports=reports, fault_count=sum(report.fault_count for report in reports)
        )
