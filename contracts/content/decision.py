"""What a person, or several, decided at a gate."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import Line, Prose, SectionId
from contracts.reference import Digest

PersonCommentId = Annotated[str, Field(pattern=r"^c[1-9][0-9]*$")]


class DecisionVerdict(StrEnum):
    """The ways out of an editor's gate."""

    APPROVE = "approve"
    EDITED = "edited"
    REJECT = "reject"
    REVISE = "revise"


class FirstDecisionVerdict(StrEnum):
    """The ways out of an editor's gate before a person could ask for a revision."""

    APPROVE = "approve"
    EDITED = "edited"
    REJECT = "reject"


class DecisionV1(Contract, name="Decision", version=1):
    """A person's decision on the exact version that was shown."""

    verdict: FirstDecisionVerdict
    comment: str = Field(default="", max_length=4000)
    who: Line
    shown: Digest
    """The digest of what the person saw: over the digests of all values the gate shows."""


class PersonComment(Part):
    """One thing that a person wants changed, which a reviser has to answer by its id."""

    id: PersonCommentId
    section_id: SectionId | None = None
    """The section meant; None when the whole is meant."""

    text: Prose
    blocking: bool = True


class DecidedBy(Part):
    """One of several who decided."""

    role: Line
    who: Line
    comment: str = Field(default="", max_length=4000)


class Decision(Contract, version=2):
    """What people decided on the exact version that was shown."""

    verdict: DecisionVerdict
    comment: str = Field(default="", max_length=4000)
    """Of several, the last one's."""

    comments: tuple[PersonComment, ...] = Field(default=(), max_length=600)
    who: Line
    """Who decided; of several, the last."""

    decided_by: tuple[DecidedBy, ...] = Field(default=(), max_length=20)
    """Everybody who decided, in order, where several had to; empty where one did."""

    shown: Digest
    """The digest of what they saw: over the digests of all values the gate shows."""

    @model_validator(mode="after")
    def _comments_fit_the_verdict(self) -> Self:
        if len({comment.id for comment in self.comments}) < len(self.comments):
            raise ValueError("comment ids repeat")
        if self.verdict is DecisionVerdict.REVISE and not self.comments:
            raise ValueError("a revision needs at least one comment that says what to change")
        return self


def decision_1_to_2(old: DecisionV1) -> Decision:
    """Take over a decision from before comments had ids."""
    return Decision(
        verdict=DecisionVerdict(old.verdict.value),
        comment=old.comment,
        who=old.who,
        shown=old.shown,
    )
