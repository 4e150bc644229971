"""Measures every post against the article, its channel and the request. It proposes no changes."""

from collections.abc import Iterator
from typing import ClassVar, Final

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.brand_voice import BrandVoice
from contracts.content.post import PostSet
from contracts.content.post_report import PostFault, PostFaultKind, PostMeasure, PostReport
from contracts.content.repurpose import PostPlan, RepurposeRequest
from contracts.content.source_article import SourceArticle
from services.agents.base import Agent, Desk, Given
from services.agents.channels import length_on
from services.agents.checks.posts import grounds_of, post_faults

MOST_FAULTS: Final = 60
"""Of `PostReport@1`: what is beyond is counted and not listed."""


class PostChecker(Agent):
    """Asks no model: what it calls supported stands in the paragraphs cited, as far as code sees.

    Numbers, names, quotations and negations are compared; whether a sentence says a little more
    than its paragraph is for the person who approves.
    """

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="post_checker",
        version=1,
        kind=AgentKind.CODE,
        summary="Measures posts: claims against the article, lengths, links, hashtags, phrases.",
        receives={
            "request": "RepurposeRequest@1",
            "article": "SourceArticle@1",
            "plan": "PostPlan@1",
            "posts": "PostSet@1",
            "voice": "BrandVoice@1",
        },
        optional=("voice",),
        produces="PostReport@1",
        about=("posts",),
        verifies=True,
        vouches_when="fault_count == 0",
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Measure the posts; the same posts always get the same report."""
        plan, posts = given.one("plan", PostPlan), given.one("posts", PostSet)
        request = given.one("request", RepurposeRequest)
        voice = given.maybe("voice", BrandVoice)
        grounds = grounds_of(request, given.one("article", SourceArticle), voice)
        wanted = {each.id: each for each in plan.assignments()}
        faults = [*_absences(plan, posts)]
        for post in posts.posts:
            if post.channel in wanted:
                faults += post_faults(post, wanted[post.channel], grounds)
        return PostReport(
            measures=tuple(
                PostMeasure(
                    channel=post.channel,
                    counted=length_on(post.channel, post.as_posted()),
                    limit=wanted[post.channel].limit if post.channel in wanted else 1,
                )
                for post in posts.posts
            ),
            sentences=sum(len(post.sentences) for post in posts.posts),
            faults=tuple(faults[:MOST_FAULTS]),
            fault_count=len(faults),
        )


def _absences(plan: PostPlan, posts: PostSet) -> Iterator[PostFault]:
    wanted = {each.id for each in plan.assignments()}
    present = {each.channel for each in posts.posts}
    for channel in sorted(wanted - present):
        yield PostFault(
            channel=channel, kind=PostFaultKind.CHANNEL, text="the planned post is missing"
        )
    for channel in sorted(present - wanted):
        yield PostFault(
            channel=channel, kind=PostFaultKind.CHANNEL, text="no post is planned for this channel"
        )
