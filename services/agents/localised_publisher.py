"""Publishes the translations of an article: a page for each, then the page that lists them."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.decision import Decision
from contracts.content.localised import LocalisedSet
from contracts.content.publication import Publication
from contracts.content.translation_report import LocalisedReport
from services.agents.base import Agent, Desk, Given
from services.agents.vouching import vouched_by
from services.publishing.base import Publisher
from services.publishing.pages import languages_page, translation_page


class LocalisedPublisher(Agent):
    """The list comes last: while it is not there, no reader is led to half of the set."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="localised_publisher",
        version=1,
        kind=AgentKind.CODE,
        summary="Publishes each translation and the list of them, once.",
        receives={
            "localised": "LocalisedSet@1",
            "report": "LocalisedReport@1",
            "decision": "Decision@2",
        },
        optional=("decision",),
        produces="Publication@1",
        about=("localised",),
        publishes=True,
        limits=AgentLimits(seconds=60),
    )

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Publish the set. Publishing the same set again changes nothing.

        Raises:
            StepError: `rule_broken` when nothing vouches for the set.
            StorageError: the publisher cannot write.
            UnavailableError: the publisher does not answer.
        """
        localised = given.one("localised", LocalisedSet)
        report = given.one("report", LocalisedReport)
        vouched = vouched_by(
            given.maybe("decision", Decision),
            report.fault_count,
            measured="measured against the original, without a fault",
        )
        places = {}
        for translation in localised.translations:
            page = await self._publisher.publish_page(translation_page(translation, vouched))
            places[translation.locale] = page.where
        listed = await self._publisher.publish_page(languages_page(localised, places, vouched))
        made_by = " and ".join(dict.fromkeys(each.made_by for each in localised.translations))
        return Publication(
            where=listed.where,
            digest=listed.digest,
            title=localised.title,
            made_by=made_by[:300],
        )
