"""Plans the posts about an article: which channels, how long, with which link."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.repurpose import Channel, PostAssignment, PostPlan, RepurposeRequest
from contracts.content.source_article import SourceArticle
from contracts.failure import FailureKind
from services.agents.base import Agent, Desk, Given
from services.agents.channels import CHANNELS, campaign_link
from services.agents.checks.phrases import missing_from
from services.errors import StepError


class PostPlanner(Agent):
    """One post for each channel of the request, and the newsletter's blurb."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="post_planner",
        version=1,
        kind=AgentKind.CODE,
        summary="Plans one post a channel: its length, its link, its hashtags.",
        receives={"request": "RepurposeRequest@1", "article": "SourceArticle@1"},
        produces="PostPlan@1",
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Plan the posts.

        Raises:
            StepError: `rule_broken` when the posts have to contain what the article does not say.
        """
        request = given.one("request", RepurposeRequest)
        article = given.one("article", SourceArticle)
        said = "\n".join(each.text for each in article.paragraphs())
        if unsaid := missing_from(said, request.must_include):
            named = ", ".join(f'"{phrase}"' for phrase in unsaid)
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"the article does not say {named}, which every post has to contain; change"
                " must_include",
            )
        return PostPlan(
            posts=tuple(_assignment(channel, request) for channel in request.channels),
            blurb=_assignment(Channel.NEWSLETTER_BLURB, request),
        )


def _assignment(channel: Channel, request: RepurposeRequest) -> PostAssignment:
    rules = CHANNELS[channel]
    return PostAssignment(
        id=channel,
        link=campaign_link(request.link, channel, request.campaign),
        limit=rules.limit,
        most_hashtags=min(rules.most_hashtags, len(request.hashtags)),
    )
