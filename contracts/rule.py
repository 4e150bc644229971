"""How a flow file says where a run goes on: one name, or rules that are tried in order."""

from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from contracts.notation import RULE_KEYS
from contracts.written import Name, Written


class Rule(Written):
    """One way on: taken when its condition holds and it is not used up."""

    model_config = ConfigDict(json_schema_extra=RULE_KEYS)

    when: str | None = Field(default=None, examples=["review.verdict == 'revise'"])
    """Slots' fields compared with literals: `== != < <= > >=`, `and or not`, `len()`."""

    to: Name | None = None
    """The step, gate or end that follows when the condition holds."""

    otherwise: Name | None = Field(default=None, alias="else")
    """The step, gate or end that follows when no rule before matches; stands last."""

    at_most: int | None = Field(default=None, ge=1)
    """How often the rule may be taken in one run; used up, it does not match."""

    @model_validator(mode="after")
    def _is_conditional_or_default(self) -> Self:
        if (self.otherwise is None) == (self.when is None and self.to is None):
            raise ValueError("a rule is {when: …, to: …} or {else: …}")
        if self.otherwise is None and (self.when is None or self.to is None):
            raise ValueError("a rule with `when` needs `to`, and the other way round")
        if self.otherwise is not None and self.at_most is not None:
            raise ValueError("else is the default and cannot be used up; drop at_most")
        return self

    @property
    def target(self) -> str:
        """The name the rule leads to."""
        return self.otherwise or self.to or ""


def _as_rules(given: object) -> object:
    return [{"else": given}] if isinstance(given, str) else given


Rules = Annotated[
    list[Rule],
    BeforeValidator(
        _as_rules, json_schema_input_type=Name | Annotated[list[Rule], Field(min_length=1)]
    ),
]
"""One name, or rules that are tried in order."""

Next = Annotated[Rules, Field(min_length=1)]
