"""The rules of a house's style, each by a name that a review can quote."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import Line, Prose

RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class Weight(StrEnum):
    """How much it takes to break a rule."""

    MUST = "must"
    SHOULD = "should"


class StyleRule(Part):
    """One rule."""

    id: RuleId
    rule: Prose
    weight: Weight = Weight.SHOULD
    wrong: Line | None = None
    """How it is broken."""

    right: Line | None = None
    """How it is kept."""


class StyleRules(Contract, version=1):
    """Every rule of a house's style, each once."""

    rules: tuple[StyleRule, ...] = Field(default=(), max_length=200)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        if len({rule.id for rule in self.rules}) < len(self.rules):
            raise ValueError("rule ids repeat")
        return self
