"""What editors have decided for good, so that nobody has to ask again."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import Line, Prose

DecisionId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-01-05"])]


class EditorialDecision(Part):
    """One question that was settled."""

    id: DecisionId
    question: Line
    decision: Prose
    reason: Prose | None = None
    who: Line
    when: Day
    holds_for: tuple[Line, ...] = Field(default=(), max_length=20)
    """Subjects, corpora or flows that it is about; none means all."""


class EditorialDecisions(Contract, version=1):
    """Every decision that holds, each once, the earliest first."""

    decisions: tuple[EditorialDecision, ...] = Field(default=(), max_length=1_000)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        if len({each.id for each in self.decisions}) < len(self.decisions):
            raise ValueError("decision ids repeat")
        return self
