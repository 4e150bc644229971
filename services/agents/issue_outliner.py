"""Plans an issue's digest: one section a story, from that story's own quotes."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.evidence import EvidenceSet
from contracts.content.newsletter import NewsletterRequest, StoryPlan
from contracts.content.outline import Outline, OutlineSection
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given
from services.errors import StepError


class IssueOutliner(Agent):
    """Gives every story the quotes of its own document and no others."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="issue_outliner",
        version=1,
        kind=AgentKind.CODE,
        summary="Makes a section of each story, from the quotes of its own document.",
        receives={
            "request": "NewsletterRequest@1",
            "plan": "StoryPlan@1",
            "evidence": "EvidenceSet@1",
        },
        produces="Outline@1",
        trust=Trust.UNTRUSTED,
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Outline the digest.

        Raises:
            StepError: `rule_broken` when a story has no quotes.
        """
        request, plan = given.one("request", NewsletterRequest), given.one("plan", StoryPlan)
        quotes: dict[str, list[str]] = {}
        for item in given.one("evidence", EvidenceSet).items:
            quotes.setdefault(item.source.id, []).append(item.id)
        without = [story.topic for story in plan.stories if story.topic not in quotes]
        if without:
            raise StepError(
                FailureKind.RULE_BROKEN, f"there are no quotes for {', '.join(without)}"
            )
        return Outline(
            sections=tuple(
                OutlineSection(
                    id=story.id,
                    heading=story.title,
                    goal=f"Tell in short what the source says about: {story.title}"[:300],
                    evidence_ids=tuple(quotes[story.topic]),
                    words=request.words_per_story,
                )
                for story in plan.stories
            )
        )
