"""Picks what an issue tells: documents that no earlier one has told, never two about one thing."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.covered_topics import CoveredTopics
from contracts.content.evidence import Source
from contracts.content.newsletter import NewsletterRequest, Story, StoryPlan
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given
from services.agents.checks.words import content
from services.agents.quotable import quotable
from services.errors import NotFoundError, StepError
from services.retrieval.base import Document, Retriever

POINTS: Final = 3
"""Headings that a story takes over: what an article of its own can cover."""

LONGEST_HEADING: Final = 12
"""Words; a longer paragraph without a stop is no heading."""

ALIKE_PER_CENT: Final = 60
"""Share of content words, of the shorter title, from which two titles are about one thing."""


class StoryPicker(Agent):
    """Goes through the corpora in the order of the request, and their documents by id."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="story_picker",
        version=1,
        kind=AgentKind.CODE,
        summary="Picks documents that no earlier issue has told, the one with most to say first.",
        receives={"request": "NewsletterRequest@1", "covered": "CoveredTopics@1"},
        optional=("covered",),
        produces="StoryPlan@1",
        trust=Trust.UNTRUSTED,
        limits=AgentLimits(seconds=60),
    )

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Pick the stories. None left to tell is an answer: an empty plan.

        Raises:
            StepError: `rule_broken` when there is no such corpus.
        """
        request = given.one("request", NewsletterRequest)
        covered = given.maybe("covered", CoveredTopics)
        told = covered.topics if covered else ()
        ids = {each.id for each in told}
        titles = [each.title for each in told]
        found: list[tuple[str, Document]] = []
        known = 0
        for corpus in request.corpora:
            for source in await self._sources(corpus):
                if f"{corpus}/{source.id}" in ids or is_alike(source.title, titles):
                    known += 1
                elif len(found) < request.stories:
                    document = await self._retriever.document(corpus, source.id)
                    if quotable(document.text, request.must_avoid):
                        found.append((corpus, document))
                        titles.append(source.title)
        return StoryPlan(
            issue_date=request.issue_date, stories=_stories(_lead_first(found)), known=known
        )

    async def _sources(self, corpus: str) -> Sequence[Source]:
        try:
            return await self._retriever.sources(corpus)
        except NotFoundError as error:
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"there is no corpus {corpus!r}; add documents with"
                f" `orchestra corpus add {corpus} FOLDER`, or name another in the request",
            ) from error


def is_alike(title: str, others: Iterable[str]) -> bool:
    """Whether a title is about the same thing as one of some others, by its content words."""
    mine = set(content(title))
    return any(_overlap(mine, set(content(other))) >= ALIKE_PER_CENT for other in others)


def _overlap(one: set[str], other: set[str]) -> int:
    shorter = min(len(one), len(other))
    return 100 * len(one & other) // shorter if shorter else 0


def _lead_first(found: Sequence[tuple[str, Document]]) -> list[tuple[str, Document]]:
    """Put the longest document first: it has most to say in an article of its own."""
    lead = max(found, key=lambda each: len(each[1].text), default=None)
    return [] if lead is None else [lead, *(each for each in found if each is not lead)]


def _stories(found: Sequence[tuple[str, Document]]) -> tuple[Story, ...]:
    return tuple(
        Story(
            id=f"s{ordinal}",
            topic=f"{corpus}/{document.id}",
            title=document.title[:300],
            corpus=corpus,
            document=document.id,
            uri=document.uri,
            points=_points(document),
        )
        for ordinal, (corpus, document) in enumerate(found, start=1)
    )


def _points(document: Document) -> tuple[str, ...]:
    """Take over headings that say something of their own; else the title."""
    paragraphs = [" ".join(each.split()) for each in document.text.split("\n\n")]
    headings = [
        each
        for each in paragraphs
        if each
        and not each.endswith((".", "!", "?", ":"))
        and len(each.split()) <= LONGEST_HEADING
        and content(each)
        and each.casefold() != document.title.casefold()
    ]
    named = dict.fromkeys(f"{document.title}: {each}"[:300] for each in headings)
    return tuple(named)[:POINTS] or (document.title[:300],)
