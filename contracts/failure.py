"""The closed set of ways in which a step can fail, and what a failure tells the next person."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from contracts.base import Part
from contracts.usage import Usage


class FailureKind(StrEnum):
    """Every failure of a step is exactly one of these."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    TIMED_OUT = "timed_out"
    DENIED = "denied"
    QUOTA = "quota"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    MALFORMED = "malformed"
    RULE_BROKEN = "rule_broken"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    MEMORY_LOST = "memory_lost"
    OVER_BUDGET = "over_budget"
    NO_PROGRESS = "no_progress"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNFINISHED = "unfinished"
    CANCELLED = "cancelled"
    BUG = "bug"


RETRIED: Final = frozenset(
    {FailureKind.UNAVAILABLE, FailureKind.RATE_LIMITED, FailureKind.TIMED_OUT}
)
"""The kinds that the same request may survive later: Temporal retries these and no others."""

REPAIRED: Final = frozenset(
    {
        FailureKind.REFUSED,
        FailureKind.TRUNCATED,
        FailureKind.EMPTY,
        FailureKind.MALFORMED,
        FailureKind.RULE_BROKEN,
        FailureKind.TOO_LARGE,
    }
)
"""The kinds that showing the model its rejected answer may mend."""

UNPLANNED: Final = frozenset({FailureKind.CANCELLED, FailureKind.BUG})
"""The kinds that take no plan: a cancelled run is being stopped, a bug is for its author."""

OF_SUB_FLOWS: Final = frozenset({FailureKind.REJECTED, FailureKind.EXPIRED, FailureKind.UNFINISHED})
"""How a sub-flow ends when not in success: a person said no, nobody decided, or it failed."""

OF_MEMORY: Final = frozenset({FailureKind.CONFLICT})
"""What can only befall a step that writes to long-term memory."""

REMEDY: Final[dict[FailureKind, str]] = {
    FailureKind.UNAVAILABLE: "Mend the part that the message names, then retry the step.",
    FailureKind.RATE_LIMITED: "Wait, lower `parallel`, or raise the provider's limit.",
    FailureKind.TIMED_OUT: "Check the endpoint's speed or raise the agent's time limit.",
    FailureKind.DENIED: "Set a valid OPENAI_API_KEY for this endpoint and model.",
    FailureKind.QUOTA: "Top up or raise the quota of the model account.",
    FailureKind.REFUSED: "Rephrase the brief, or supply the value by hand.",
    FailureKind.TRUNCATED: "Raise the agent's output limit or ask for less text.",
    FailureKind.EMPTY: "Supply the value by hand or use a stronger model.",
    FailureKind.MALFORMED: "Use a model that honours JSON schemas, or supply the value by hand.",
    FailureKind.RULE_BROKEN: "Read the reasons, then retry, supply the value, or change the brief.",
    FailureKind.TOO_LARGE: "Shorten the inputs or use a model with a larger window.",
    FailureKind.UNREADABLE: "Deploy a worker that knows this contract version.",
    FailureKind.MEMORY_LOST: "Restore the archive; the lost digests are named in the failure.",
    FailureKind.OVER_BUDGET: "Raise the budget at the gate, or start again with a larger one.",
    FailureKind.NO_PROGRESS: "Decide by hand: the step returned what it was given.",
    FailureKind.CONFLICT: "Read the entry as it is now, then retry, or declare how to merge.",
    FailureKind.REJECTED: "Read why the sub-flow's run was rejected, then decide what follows.",
    FailureKind.EXPIRED: "Ask whoever has to decide in the sub-flow's run, then retry.",
    FailureKind.UNFINISHED: "Read how the sub-flow's run ended, mend that, then retry.",
    FailureKind.CANCELLED: "Nothing: somebody cancelled the run.",
    FailureKind.BUG: "Report it with the worker's log; the run's work so far is kept.",
}


class Failure(Part):
    """Why a step did not produce its value: which agent, what kind, what was seen, what next."""

    kind: FailureKind
    step: str = ""
    agent: str = ""
    item: str = ""
    message: str
    """One sentence without prompts, secrets or personal data."""

    reasons: tuple[str, ...] = ()
    """What the checks said about the last rejected answer; safe to show to the model again."""

    quarantined: str = ""
    """Digest of the rejected answer in quarantine, or empty."""

    usage: Usage = Field(default_factory=Usage)
    """What was spent before it failed."""

    @property
    def remedy(self) -> str:
        """Say who acts next and how."""
        return REMEDY[self.kind]
