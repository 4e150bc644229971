"""Publishes a set of posts that something vouches for, as one page to post from."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.decision import Decision
from contracts.content.post import PostSet
from contracts.content.post_report import PostReport
from contracts.content.publication import Publication
from services.agents.base import Agent, Desk, Given
from services.agents.vouching import vouched_by
from services.publishing.base import Publisher
from services.publishing.pages import posts_page


class PostPublisher(Agent):
    """Refuses what neither a person nor the measuring vouches for, then publishes."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="post_publisher",
        version=1,
        kind=AgentKind.CODE,
        summary="Publishes the posts of all channels together, once.",
        receives={"posts": "PostSet@1", "report": "PostReport@1", "decision": "Decision@2"},
        optional=("decision",),
        produces="Publication@1",
        about=("posts",),
        publishes=True,
        limits=AgentLimits(seconds=60),
    )

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Publish the posts. Publishing the same posts again changes nothing.

        Raises:
            StepError: `rule_broken` when nothing vouches for the posts.
            StorageError: the publisher cannot write.
            UnavailableError: the publisher does not answer.
        """
        posts, report = given.one("posts", PostSet), given.one("report", PostReport)
        vouched = vouched_by(
            given.maybe("decision", Decision),
            report.fault_count,
            measured=f"all {report.sentences} sentences measured against the article",
        )
        published = await self._publisher.publish_page(posts_page(posts, vouched))
        made_by = " and ".join(dict.fromkeys(post.made_by for post in posts.posts))
        return Publication(
            where=published.where,
            digest=published.digest,
            title=posts.title,
            made_by=made_by[:300],
        )
