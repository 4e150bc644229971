"""What happened in a run: numbered transitions, from which every view of a run is folded."""

from enum import StrEnum

from pydantic import Field

from contracts.base import Part
from contracts.compiled import CompiledBudget
from contracts.failure import Failure
from contracts.reference import Digest, Reference
from contracts.usage import Usage


class EventKind(StrEnum):
    """What a transition tells."""

    RUN_STARTED = "run_started"
    STEP_STARTED = "step_started"
    STEP_COMPLETED = "step_completed"
    STEP_FAILED = "step_failed"
    FELL_BACK = "fell_back"
    HANDED_OFF = "handed_off"
    GATE_OPENED = "gate_opened"
    GATE_DECIDED = "gate_decided"
    GATE_EXPIRED = "gate_expired"
    REMINDED = "reminded"
    """The role that a gate asks was reminded."""

    ESCALATED = "escalated"
    """A gate asks another role from now on."""

    APPROVED = "approved"
    """One of several who have to approve at a gate has done so."""

    CONTINUED = "continued"
    PAUSED = "paused"
    RESUMED = "resumed"
    RUN_ENDED = "run_ended"
    ATTEMPT_STARTED = "attempt_started"
    ATTEMPT_FAILED = "attempt_failed"
    ANSWER_REJECTED = "answer_rejected"
    MEMORY_RESTORED = "memory_restored"
    TEXT = "text"
    PRODUCED = "produced"


class Event(Part):
    """One transition of a run.

    The interpreter numbers its own (`seq`, from 1, dense). What an activity tells while it works
    carries the `seq` of the start it belongs to. `(seq, kind, attempt, exchange, part)` identifies
    an event: readers drop what they have seen.
    """

    seq: int = Field(ge=1)
    kind: EventKind
    at_ms: int = Field(ge=0)
    """Unix time in milliseconds: workflow time for transitions, worker time for the others."""

    step: str = ""
    agent: str = ""
    visit: int = 0
    item: str = ""
    attempt: int = 0
    exchange: int = 0
    part: int = 0
    to: str = ""
    rule: str = ""
    """The rule that chose the way, as the flow file says it."""

    references: tuple[Reference, ...] = ()
    """What went in (started), came out (completed) or was shown (gate)."""

    digest: Digest | None = None
    """What a decision has to name (gate), or the value produced."""

    failure: Failure | None = None
    usage: Usage | None = None
    outcome: str = ""
    text: str = ""
    """Model text as it streams, a reason, or who decided."""

    role: str = ""
    """Who is asked from now on (reminded, escalated), or as whom somebody approved or decided."""

    deadline_ms: int = 0
    budget: CompiledBudget | None = None
    """What a person raised the budget to."""

    def identity(self) -> str:
        """Write what identifies the event, for readers that drop repeats."""
        return f"{self.seq}.{self.kind}.{self.attempt}.{self.exchange}.{self.part}"
