"""Gathers verbatim quotes from the very documents that an issue tells of."""

from typing import ClassVar, Final

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.evidence import EvidenceItem, EvidenceSet, Source
from contracts.content.newsletter import NewsletterRequest, Story, StoryPlan
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given
from services.agents.quotable import quotable
from services.errors import NotFoundError, StepError
from services.retrieval.base import Retriever
from services.retrieval.passages import Stretch

QUOTES: Final = 4
"""A story: six stories with four quotes each are what `EvidenceSet@1` holds."""


class StoryResearcher(Agent):
    """Takes the first sentences of each document that can be quoted by themselves."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="story_researcher",
        version=1,
        kind=AgentKind.CODE,
        summary="Quotes each story's own document, word for word.",
        receives={"request": "NewsletterRequest@1", "plan": "StoryPlan@1"},
        produces="EvidenceSet@1",
        trust=Trust.UNTRUSTED,
        limits=AgentLimits(seconds=60),
    )

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Quote every story.

        Raises:
            StepError: `rule_broken` when a document has gone since it was picked, or has nothing
                left to quote.
        """
        request, plan = given.one("request", NewsletterRequest), given.one("plan", StoryPlan)
        items: list[EvidenceItem] = []
        for story in plan.stories:
            for quote in await self._quotes(story, request.must_avoid):
                items.append(_item(len(items) + 1, story, quote))
        return EvidenceSet(items=tuple(items))

    async def _quotes(self, story: Story, must_avoid: tuple[str, ...]) -> tuple[Stretch, ...]:
        try:
            document = await self._retriever.document(story.corpus, story.document)
        except NotFoundError as error:
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"{story.topic} was picked for this issue and is gone from its corpus; put it back"
                " and retry, or start again",
            ) from error
        found = quotable(document.text, must_avoid)[:QUOTES]
        if not found:
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"{story.topic} has changed since it was picked and has no sentence to quote",
            )
        return found


def _item(ordinal: int, story: Story, quote: Stretch) -> EvidenceItem:
    return EvidenceItem(
        id=f"e{ordinal}",
        source=Source(id=story.topic, title=story.title, uri=story.uri),
        quote=quote.text,
        span=quote.span,
        key_point=story.title,
    )
