"""Turning one article into posts: what is asked for, and the plan of who writes what."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.source_article import ArticleSource
from contracts.content.text import Line, WebAddress


class Channel(StrEnum):
    """Where a post appears."""

    LINKEDIN = "linkedin"
    X = "x"
    MASTODON = "mastodon"
    BLUESKY = "bluesky"
    NEWSLETTER_BLURB = "newsletter_blurb"


Campaign = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""The campaign's name as web statistics count it."""

Hashtag = Annotated[str, Field(pattern=r"^[^\W\d_]\w{0,48}$")]
"""A hashtag without its sign: a letter, then letters and digits."""


class RepurposeRequest(Contract, version=1):
    """Which article becomes posts for which channels, and what they must and must not say."""

    article: ArticleSource
    link: WebAddress = Field(max_length=240)
    """Where readers find the article; posts lead there, with the campaign's parameters."""

    channels: tuple[Channel, ...] = Field(min_length=1, max_length=4)
    """Beside the blurb for the newsletter, which every set has."""

    campaign: Campaign
    audience: Line
    must_include: tuple[Line, ...] = Field(default=(), max_length=3)
    """Words or phrases of the article that every post contains, compared without case."""

    must_avoid: tuple[Line, ...] = Field(default=(), max_length=20)
    """Words or phrases that no post may contain, compared without regard to case."""

    hashtags: tuple[Hashtag, ...] = Field(default=(), max_length=10)
    """Those that posts may carry; none given, none is used."""

    alt_text: str = Field(default="", max_length=1000)
    """What the picture beside the posts shows, for those who do not see it; empty without one.

    1,000 characters is the least that a channel takes (X, media metadata)."""

    @model_validator(mode="after")
    def _does_not_contradict_itself(self) -> Self:
        wanted = {text.casefold() for text in self.must_include}
        if both := sorted(wanted & {text.casefold() for text in self.must_avoid}):
            raise ValueError(f"{both[0]!r} stands in must_include and in must_avoid; drop one")
        if len(set(self.channels)) < len(self.channels):
            raise ValueError("channels repeats one; give each once")
        if Channel.NEWSLETTER_BLURB in self.channels:
            raise ValueError("newsletter_blurb is made for every article; drop it from channels")
        return self


class PostAssignment(Part):
    """One post to write: its channel with what holds there."""

    id: Channel
    """The channel; a plan has one post for each."""

    link: WebAddress
    """The article's address with the campaign's parameters for this channel."""

    limit: int = Field(ge=1)
    """How long the post may be, as the channel counts, link and hashtags included."""

    most_hashtags: int = Field(ge=0, le=10)


class PostPlan(Contract, version=1):
    """The posts to write, in the order of the request's channels, and the newsletter's blurb."""

    posts: tuple[PostAssignment, ...] = Field(min_length=1, max_length=4)
    blurb: PostAssignment

    @model_validator(mode="after")
    def _one_post_a_channel(self) -> Self:
        wanted = self.assignments()
        if len({post.id for post in wanted}) < len(wanted):
            raise ValueError("a channel has two posts")
        return self

    def assignments(self) -> tuple[PostAssignment, ...]:
        """List all posts to write; the blurb comes last."""
        return (*self.posts, self.blurb)
