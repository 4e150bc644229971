"""What a run looks like from outside."""

from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from contracts.base import Part
from contracts.compiled import CompiledBudget
from contracts.failure import Failure
from contracts.flow import GateAction
from contracts.origin import Origin
from contracts.reference import Digest, Reference
from contracts.usage import Usage


class RunStatus(StrEnum):
    """The states of a run; the last five are final."""

    QUEUED = "queued"
    RUNNING = "running"
    INPUT_REQUIRED = "input_required"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self in _FINAL


_FINAL = frozenset(
    {
        RunStatus.SUCCEEDED,
        RunStatus.REJECTED,
        RunStatus.FAILED,
        RunStatus.CANCELLED,
        RunStatus.EXPIRED,
    }
)


class RunSummary(Part):
    """One run as a list shows it."""

    id: str
    flow: str
    status: RunStatus
    started_at: str
    """RFC 3339, UTC."""

    ended_at: str | None = None
    needs_person: bool = False
    cost_usd: float = 0.0
    temporal_url: str = ""
    """The run's page in the Temporal web UI, empty when no UI is configured."""

    of: Origin | None = None
    """The run that it came from, by retry or fork; None where it began at the beginning."""


class RunView(RunSummary):
    """One run."""

    flow_version: int
    place: str = ""
    """The step or gate it is at, or the end it came to."""

    reason: str = ""
    failure: Failure | None = None
    spent: Usage = Field(default_factory=Usage)
    budget: CompiledBudget
    output: Reference | None = None


class StepStatus(StrEnum):
    """How far one piece of work has come."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    WAITING = "waiting"
    """A gate that waits for a person."""

    DECIDED = "decided"
    EXPIRED = "expired"


class StepView(Part):
    """One visit of a step, or of one item of it, or of a gate."""

    seq: int
    step: str
    agent: str = ""
    visit: int
    item: str = ""
    status: StepStatus
    attempt: int = 1
    started_ms: int
    ended_ms: int | None = None
    received: tuple[Reference, ...] = ()
    produced: tuple[Reference, ...] = ()
    usage: Usage | None = None
    failure: Failure | None = None


class HandOff(Part):
    """The border between two steps: what went in, what came out, the rule that chose the way."""

    seq: int
    at_ms: int
    source: str
    target: str
    rule: str
    """As the flow file says it; `else` for the default."""

    received: tuple[Reference, ...] = ()
    """What the source was given."""

    produced: tuple[Reference, ...] = ()
    """What the source handed over."""


class SlotView(Part):
    """A slot of a run's context with every value it ever held, oldest first."""

    slot: str
    type: str
    versions: tuple[Reference, ...] = ()
    entry: str = ""
    """The entry of long-term memory that filled it at the start; empty for other slots."""

    entry_version: int = 0
    """The version that the run has pinned; 0 for none."""


class GateView(Part):
    """A gate that waits for a decision."""

    run: str
    flow: str
    gate: str
    visit: int
    role: str
    opened_ms: int
    deadline_ms: int
    shown: Digest
    """A decision has to name this digest: it is about exactly what was shown."""

    references: tuple[Reference, ...] = ()
    failure: Failure | None = None
    remedy: str = ""
    allow: tuple[GateAction, ...] = ()
    """What a person may do about a failure; empty at an editor's gate."""

    edits: str | None = None
    go: tuple[str, ...] = ()
    """Where `go` may lead."""


class DecisionRequest(Part):
    """What a person sends to a gate."""

    shown: Digest
    who: str = Field(min_length=1, max_length=200)
    verdict: Literal["approve", "edited", "reject"] | None = None
    """At an editor's gate."""

    comment: str = Field(default="", max_length=4000)
    edited: dict[str, JsonValue] | None = None
    """The whole edited value, with the verdict `edited`."""

    action: GateAction | None = None
    """At a gate that answers failures."""

    supplied: dict[str, JsonValue] | None = None
    """The value that the failed step should have made, with the action `supply`."""

    budget: CompiledBudget | None = None
    """The new budget, with the action `raise_budget`."""

    to: str = Field(default="", max_length=100)
    """Where the run goes instead, with the action `go`: one of the places that the gate lists."""

    id: str = Field(default="", max_length=100)
    """Chosen by the sender so that a repeated request counts once; made up when empty."""


class SteerRequest(Part):
    """What a person sends to hold a run up, or to let it go on."""

    who: str = Field(min_length=1, max_length=200)
    note: str = Field(default="", max_length=1000)
    """Why, for whoever wonders."""


class ForkRequest(Part):
    """Where in another run's way a new run begins, and what it does otherwise."""

    at: str = Field(default="", pattern=r"^([a-z][a-z0-9_]{0,47})?$", examples=["review"])
    """The step or gate to begin at; empty: the first that the changes matter to."""

    visit: int | None = Field(default=None, ge=1)
    """Before which visit of it, from 1; None for the last that the run made."""

    input: dict[str, JsonValue] = Field(default_factory=dict)
    """New values of the flow's inputs, by slot."""

    values: dict[str, JsonValue] = Field(default_factory=dict)
    """New values of other slots, as a person would have made them."""

    prompts: dict[str, str] = Field(default_factory=dict, examples=[{"reviewer.free": "…"}])
    """New instructions, by agent and rung."""

    models: dict[str, str] = Field(default_factory=dict, examples=[{"judge": "gpt-5.1"}])
    """Names of the models to ask instead, by alias."""

    flow_version: Literal["same", "current"] = "same"
    """`current`: go on by the flow as it is offered now."""


class RetryRequest(Part):
    """How a run that failed is gone on with."""

    flow_version: Literal["same", "current"] = "same"
    """`current`: go on by the flow as it is offered now, say because it was mended."""


class DecisionReply(Part):
    """Whether a decision has reached its run."""

    id: str
    delivered: bool
    """False: no worker is up; the decision is kept and will be taken when one is."""
