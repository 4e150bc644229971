"""Says what an issue is to be, as a brief that every agent of an article understands."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.brief import Brief, WordRange
from contracts.content.newsletter import NewsletterRequest, Story, StoryPlan
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given


class IssueFramer(Agent):
    """Makes one key point of each story."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="issue_framer",
        version=1,
        kind=AgentKind.CODE,
        summary="Turns the stories of an issue into the brief of its digest.",
        receives={"request": "NewsletterRequest@1", "plan": "StoryPlan@1"},
        produces="Brief@1",
        trust=Trust.UNTRUSTED,
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Write the digest's brief."""
        request, plan = given.one("request", NewsletterRequest), given.one("plan", StoryPlan)
        words = request.words_per_story * len(plan.stories)
        return Brief(
            title=f"{request.title}, {plan.issue_date}"[:300],
            goal=request.goal,
            audience=request.audience,
            locale=request.locale,
            key_points=tuple(story.title for story in plan.stories),
            must_avoid=request.must_avoid,
            words=WordRange(min=1, max=max(20, words * 3)),
            corpus=plan.lead.corpus,
        )


class LeadFramer(Agent):
    """Makes a key point of each heading of the lead."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="lead_framer",
        version=1,
        kind=AgentKind.CODE,
        summary="Turns an issue's first story into the brief of an article of its own.",
        receives={"request": "NewsletterRequest@1", "plan": "StoryPlan@1"},
        produces="Brief@1",
        trust=Trust.UNTRUSTED,
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Write the lead's brief."""
        request, lead = given.one("request", NewsletterRequest), given.one("plan", StoryPlan).lead
        return Brief(
            title=lead.title,
            goal=f"Tell what there is to know about: {lead.title}"[:300],
            audience=request.audience,
            locale=request.locale,
            key_points=_once(lead),
            must_avoid=request.must_avoid,
            words=WordRange(min=40, max=900),
            corpus=lead.corpus,
        )


def _once(lead: Story) -> tuple[str, ...]:
    """Give each point once, as briefs demand, without regard to case."""
    return tuple({point.casefold(): point for point in reversed(lead.points)}.values())[::-1]
