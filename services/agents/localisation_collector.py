"""Collects the translations that are done, and says which languages are missing."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.localise import LocalisePlan
from contracts.content.localised import LocalisedSet, Translation
from contracts.content.source_article import SourceArticle
from contracts.failure import FailureKind
from services.agents.base import Agent, Desk, Given
from services.errors import StepError


class LocalisationCollector(Agent):
    """Orders the translations as the plan has their locales; it changes no word."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="localisation_collector",
        version=1,
        kind=AgentKind.CODE,
        summary="Collects finished translations and names the locales that are missing.",
        receives={
            "article": "SourceArticle@1",
            "plan": "LocalisePlan@1",
            "translations": "[Translation@1]",
        },
        produces="LocalisedSet@1",
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Collect the translations.

        Raises:
            StepError: `rule_broken` when none is done, or one comes twice or is not planned.
        """
        wanted = [job.id for job in given.one("plan", LocalisePlan).jobs]
        translations = given.many("translations", Translation)
        by_locale = {each.locale: each for each in translations}
        strange = [locale for locale in by_locale if locale not in wanted]
        if not translations or strange or len(by_locale) < len(translations):
            listed = ", ".join(each.locale for each in translations) or "none"
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"the translations are for {listed}; planned are {', '.join(wanted)}, each once",
            )
        return LocalisedSet(
            title=given.one("article", SourceArticle).title,
            translations=tuple(by_locale[locale] for locale in wanted if locale in by_locale),
            missing=tuple(locale for locale in wanted if locale not in by_locale),
        )
