"""Notes what an issue has told, so that no later one tells it again."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.covered_topics import CoveredTopic, CoveredTopics
from contracts.content.newsletter import StoryPlan
from contracts.content.publication import Publication
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given


class CoverageRecorder(Agent):
    """Adds the topics of one published issue to those of all before."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="coverage_recorder",
        version=1,
        kind=AgentKind.CODE,
        summary="Lists what a published issue has told, for long-term memory.",
        receives={
            "plan": "StoryPlan@1",
            "publication": "Publication@1",
            "covered": "CoveredTopics@1",
        },
        optional=("covered",),
        produces="CoveredTopics@1",
        trust=Trust.OPERATOR,
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """List this issue's topics after those of earlier ones."""
        plan, published = given.one("plan", StoryPlan), given.one("publication", Publication)
        covered = given.maybe("covered", CoveredTopics)
        told = {topic.id: topic for topic in covered.topics} if covered else {}
        now = {
            story.topic: CoveredTopic(
                id=story.topic,
                title=story.title,
                when=plan.issue_date,
                published=published.digest,
                sources=(story.uri,),
            )
            for story in plan.stories
        }
        return CoveredTopics(topics=tuple({**told, **now, **told}.values()))
