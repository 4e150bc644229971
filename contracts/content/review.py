"""What the reviewer says about a draft."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import CommentId, Prose, SectionId


class ReviewVerdict(StrEnum):
    """What should happen to the draft."""

    ACCEPT = "accept"
    REVISE = "revise"


class CommentKind(StrEnum):
    """What a comment is about."""

    UNSUPPORTED = "unsupported"
    MISSING = "missing"
    FORBIDDEN = "forbidden"
    LENGTH = "length"
    CLARITY = "clarity"


class Comment(Part):
    """One remark that a reviser has to answer by its id."""

    id: CommentId
    section_id: SectionId | None = None
    """The section meant; None when the whole article is meant."""

    kind: CommentKind
    text: Prose
    blocking: bool


class Review(Contract, version=1):
    """The verdict on one version of a draft."""

    verdict: ReviewVerdict
    comments: tuple[Comment, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _verdict_agrees_with_comments(self) -> Self:
        if len({comment.id for comment in self.comments}) < len(self.comments):
            raise ValueError("comment ids repeat")
        if self.verdict is ReviewVerdict.ACCEPT and any(c.blocking for c in self.comments):
            raise ValueError("an accepted draft cannot have a blocking comment")
        if self.verdict is ReviewVerdict.REVISE and not self.comments:
            raise ValueError("a revision needs at least one comment that says what to change")
        return self
