"""Posts as channels take them, each sentence with the paragraphs that it rests on."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.repurpose import Channel, Hashtag
from contracts.content.text import Line, ParagraphId, Prose, WebAddress


class PostSentence(Part):
    """One sentence of a post and the article's paragraphs that it cites."""

    text: Prose
    paragraph_ids: tuple[ParagraphId, ...] = Field(min_length=1, max_length=4)


class ChannelPost(Contract, version=1):
    """One post for one channel."""

    channel: Channel
    sentences: tuple[PostSentence, ...] = Field(min_length=1, max_length=20)
    link: WebAddress
    hashtags: tuple[Hashtag, ...] = Field(default=(), max_length=10)
    alt_text: str = Field(default="", max_length=1000)
    """Of the picture beside the post."""

    made_by: Line
    """Which model, or that a person, wrote the sentences."""

    def text(self) -> str:
        """Write the sentences as one paragraph."""
        return " ".join(sentence.text for sentence in self.sentences)

    def as_posted(self) -> str:
        """Write the post as it goes to its channel: text, link, hashtags, a blank line between."""
        hashtags = " ".join(f"#{each}" for each in self.hashtags)
        return "\n\n".join(each for each in (self.text(), self.link, hashtags) if each)


class PostSet(Contract, version=1):
    """All posts about one article, as one decision is made on them."""

    title: Line
    """The article's."""

    posts: tuple[ChannelPost, ...] = Field(min_length=1, max_length=5)

    @model_validator(mode="after")
    def _one_post_a_channel(self) -> Self:
        if len({post.channel for post in self.posts}) < len(self.posts):
            raise ValueError("a channel has two posts")
        return self
