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


class Approval(Part):
    """One of several who have to approve at a gate has done so."""

    role: str
    who: str
    at_ms: int


class GateView(Part):
    """A gate that waits for a decision."""

    run: str
    flow: str
    gate: str
    visit: int
    role: str
    """Who is asked now: the flow's role, or the one that the gate was escalated to."""

    asks: str = ""
    """What it is about, in a few words."""

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

    verdicts: tuple[str, ...] = ()
    """What an editor may say; empty at a gate about a failure."""

    escalated_from: tuple[str, ...] = ()
    """Who was asked before, in order; empty while the first role is asked."""

    reminded: int = 0
    """How many reminders were sent."""

    approvals: tuple[Approval, ...] = ()
    """Who has approved so far, where several have to."""

    needed: int = 0
    """How many have to approve; 0 where whoever decides first decides."""

    roles: tuple[str, ...] = ()
    """As whom one may still decide, where several have to; a decision names one of them."""

    not_author: bool = False
    """Whoever wrote by hand what is shown, or started the run, may not approve it."""


class ShownValue(Part):
    """One value that a gate shows."""

    reference: Reference
    value: JsonValue


class TextPiece(Part):
    """A run of words that were all kept, all added or all removed, with their spaces."""

    change: Literal["kept", "added", "removed"]
    text: str


class ChangedText(Part):
    """One field that differs from what a person saw last."""

    value: str
    """The slot, `draft`, or an item of it, `sections/s1`."""

    path: str
    """The field within the value: `sections[s2].heading`."""

    pieces: tuple[TextPiece, ...]


class SinceLook(Part):
    """What has changed at a gate since a person looked last."""

    known: bool
    """False: no earlier look of this person is known."""

    at_ms: int = 0
    """When that was."""

    changes: tuple[ChangedText, ...] = ()
    new: tuple[str, ...] = ()
    """Values that were not shown then."""

    gone: tuple[str, ...] = ()
    """Values that were shown then and are no longer."""

    lost: tuple[str, ...] = ()
    """Values that have changed, and what they were is nowhere to be found."""


class GateLook(Part):
    """What a person sees at a gate."""

    gate: GateView
    values: tuple[ShownValue, ...] = ()
    since: SinceLook | None = None
    """None where nobody said who looks."""


class CommentRequest(Part):
    """What a person wants changed."""

    id: str = Field(default="", pattern=r"^(c[1-9][0-9]*)?$")
    """A reviser answers it by this id; numbered `c1` and on when empty."""

    section_id: str | None = Field(default=None, pattern=r"^s[1-9][0-9]*$")
    """The section meant; none when the whole is meant."""

    text: str = Field(min_length=1, max_length=1000, pattern=r"\S")
    blocking: bool = True
    """Whether the text must not go out as it is."""


class DecisionRequest(Part):
    """What a person sends to a gate."""

    shown: Digest
    who: str = Field(min_length=1, max_length=200)
    role: str = Field(default="", max_length=48)
    """As whom; a gate that several have to approve needs it."""

    verdict: Literal["approve", "edited", "reject", "revise"] | None = None
    """At an editor's gate."""

    comment: str = Field(default="", max_length=4000)
    comments: tuple[CommentRequest, ...] = Field(default=(), max_length=30)
    """What is to be changed, with the verdict `revise`; or remarks beside another one."""

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

    by: str = Field(default="", max_length=200)
    """Who begins it and wrote what is new; a gate may refuse that its author approves."""


class RetryRequest(Part):
    """How a run that failed is gone on with."""

    flow_version: Literal["same", "current"] = "same"
    """`current`: go on by the flow as it is offered now, say because it was mended."""


class MoveRequest(Part):
    """Who moves a run to the version of its flow that is on offer now."""

    who: str = Field(min_length=1, max_length=200)
    dry_run: bool = False
    """Only say what would change, or what stands in the way."""


class MoveReport(Part):
    """What moving a run comes to."""

    run: str
    moved_to: str = ""
    """The run that goes on in its stead; empty where it was only asked for."""

    place: str
    """Where it stands, and the other one begins."""

    from_version: int
    to_version: int
    agents: tuple[str, ...] = ()
    """Agents that are otherwise from now on: another version, model or prompt, or new."""

    dry_run: bool = False


class DecisionReply(Part):
    """Whether a decision has reached its run."""

    id: str
    delivered: bool
    """False: no worker is up; the decision is kept and will be taken when one is."""

    approvals: int = 0
    """How many have approved so far, where several have to."""

    needed: int = 0
    """How many have to approve; the gate waits until they have. 0 where one decides."""
