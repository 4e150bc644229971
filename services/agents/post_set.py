"""Puts the posts about an article together, so that one decision is made on all of them."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.post import ChannelPost, PostSet
from contracts.content.repurpose import PostPlan
from contracts.content.source_article import SourceArticle
from contracts.failure import FailureKind
from services.agents.base import Agent, Desk, Given
from services.errors import StepError


class PostSetAssembler(Agent):
    """Orders the posts as the plan has them; it changes no word."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="post_set",
        version=1,
        kind=AgentKind.CODE,
        summary="Puts all posts together in the order of the plan.",
        receives={
            "article": "SourceArticle@1",
            "plan": "PostPlan@1",
            "posts": "[ChannelPost@1]",
            "blurb": "ChannelPost@1",
        },
        produces="PostSet@1",
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Put the posts together.

        Raises:
            StepError: `rule_broken` when a planned post is missing, comes twice, or is not planned.
        """
        wanted = [each.id for each in given.one("plan", PostPlan).assignments()]
        posts = (*given.many("posts", ChannelPost), given.one("blurb", ChannelPost))
        present = [post.channel for post in posts]
        if sorted(wanted) != sorted(present):
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"the posts are for {', '.join(present)}; planned are {', '.join(wanted)}",
            )
        by_channel = {post.channel: post for post in posts}
        return PostSet(
            title=given.one("article", SourceArticle).title,
            posts=tuple(by_channel[channel] for channel in wanted),
        )
