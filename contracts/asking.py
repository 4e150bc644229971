"""Who is asked at a gate, beside the role that it names, and when."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.duration import Duration
from contracts.written import Name, Written


class Escalation(Written):
    """From some moment on another role is asked."""

    after: Duration
    """How long after the gate has opened."""

    to: Name
    """The role that is asked from then on."""


class Approvers(Written):
    """Who has to approve at a gate. A `reject`, an edit or a `revise` of one ends the wait."""

    need: Literal["any", "all"] | Annotated[int, Field(ge=1, le=20)] = "any"
    """How many have to approve: `any` one, `all` of them, or so many."""

    of: list[Name] = Field(min_length=1, max_length=20, examples=[["editor", "legal"]])
    """The roles that are asked; each decides once, and no person for two of them."""

    not_author: bool = False
    """Whoever wrote by hand what is shown, or started the run, may not approve it."""

    @property
    def count(self) -> int:
        """How many approvals are needed."""
        match self.need:
            case "any":
                return 1
            case "all":
                return len(self.of)
            case number:
                return number
