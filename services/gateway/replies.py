"""What requests carry and what routes answer, where `contracts.run` has no word for it yet."""

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue

from contracts.base import Part
from contracts.compiled import CompiledBudget, CompiledEntry
from contracts.double_start import DoubleStart
from contracts.many_runs import CancelRequest, RerunRequest, Selection
from contracts.origin import Origin
from contracts.reference import Digest
from contracts.run import (
    CommentRequest,
    DecisionRequest,
    ForkRequest,
    GateView,
    HandOff,
    MoveRequest,
    RetryRequest,
    RunStatus,
    RunSummary,
    SlotView,
    SteerRequest,
    StepView,
)
from contracts.webhook import DeliverySummary, NewWebhook, Webhook, WebhookChange
from services.health.base import BreakerState
from services.memory.base import Quarantined
from services.retrieval.base import CorpusSummary, Passage
from workflows.checking.located import LocatedFinding
from workflows.checking.worst_case import WorstCase


class Body(Part):
    """What a caller sends: a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid")


class StartRun(Body):
    """Which flow to run on what."""

    flow: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$", examples=["article"])]
    input: dict[str, JsonValue]
    """The flow's input by slot, or its value bare where the flow has one input."""

    by: str = Field(default="", max_length=200)
    """Who starts the run; a gate may refuse that its author approves."""
    subject: str = Field(default="", max_length=500, examples=["composting for beginners"])
    """What the run is about, where the flow does not read it from the input: runs of one flow on
    one subject take turns. Case and spaces do not count; it is kept as a digest only."""

    on_conflict: DoubleStart | None = Field(default=None, strict=False)
    """What happens when a run on the same subject goes on: `refuse` answers 409 and names it,
    `queue` waits for its end, `replace` cancels it and waits for its end, `allow` runs beside it.
    Without it, as the flow declares, else `refuse` where there is a subject."""


class BudgetBody(CompiledBudget):
    """A whole new budget."""

    model_config = ConfigDict(extra="forbid")

    model_calls: int = Field(ge=0, le=1_000_000)
    tokens: int = Field(ge=0, le=10_000_000_000)
    microusd: int = Field(ge=0, le=10_000_000_000)
    working_seconds: int = Field(ge=1, le=31_536_000)


class CommentBody(CommentRequest):
    """What a person wants changed."""

    model_config = ConfigDict(extra="forbid")


class DecisionBody(DecisionRequest):
    """What a person decides at a gate."""

    model_config = ConfigDict(extra="forbid")

    comments: tuple[CommentBody, ...] = Field(default=(), max_length=30)
    """What is to be changed, with the verdict `revise`; or remarks beside another one."""

    budget: BudgetBody | None = None
    """The new budget, with the action `raise_budget`."""


class DocumentBody(Body):
    """One document of plain text."""

    title: str = Field(min_length=1, max_length=300)
    text: str = Field(min_length=1)
    uri: str = Field(min_length=1, max_length=300)
    """Where it came from; the same again replaces it."""


class AddDocuments(Body):
    """Documents for a corpus."""

    documents: list[DocumentBody] = Field(min_length=1, max_length=1000)


class NewWebhookBody(NewWebhook):
    """Where notices are to go."""

    # Not strict: a JSON body has lists and words where we have tuples and members of a set.
    model_config = ConfigDict(extra="forbid", strict=False)


class WebhookChangeBody(WebhookChange):
    """What of a webhook is to be different."""

    # Not strict: a JSON body has lists and words where we have tuples and members of a set.
    model_config = ConfigDict(extra="forbid", strict=False)


class RotateBody(Body):
    """How a secret is replaced."""

    overlap_seconds: int = Field(default=86_400, ge=0, le=604_800)
    """For how long the old secret signs as well, so that receivers can change over."""


class WebhookList(Part):
    """All webhooks, oldest first."""

    webhooks: tuple[Webhook, ...]


class DeliveryList(Part):
    """One page of deliveries, newest first."""

    deliveries: tuple[DeliverySummary, ...]
    cursor: str
    """Of the next page; empty on the last."""


class DeliveryStarted(Part):
    """A delivery is on its way."""

    id: str
    url: str
    """Where its attempts are told."""


class RunStarted(Part):
    """The run that a request started, now or earlier under the same key."""

    id: str
    flow: str
    url: str
    temporal_url: str = ""
    """The run's page in the Temporal web UI, empty when no UI is configured."""

    replayed: bool
    """An earlier request with the same key had started it."""


class RunList(Part):
    """One page of runs, newest first."""

    runs: tuple[RunSummary, ...]
    cursor: str
    """Of the next page; empty on the last."""


class CancelRequested(Part):
    """The run was asked to stop; it closes its streams and ends by itself."""

    id: str
    status: RunStatus
    """Before it was asked."""


class SteerRequested(Part):
    """The run was told; it does so at its next step, once a worker is up."""

    id: str
    status: RunStatus
    """Before it was told."""


class SteerBody(SteerRequest):
    """Who holds the run up, or lets it go on."""

    model_config = ConfigDict(extra="forbid")


class ForkBody(ForkRequest):
    """Where in another run's way a new run begins, and what it does otherwise."""

    model_config = ConfigDict(extra="forbid")


class RetryBody(RetryRequest):
    """How a run that failed is gone on with."""

    model_config = ConfigDict(extra="forbid")


class MoveBody(MoveRequest):
    """Who moves a run to the version of its flow that is on offer now."""

    model_config = ConfigDict(extra="forbid")


class SelectionBody(Selection):
    """Which runs are meant."""

    model_config = ConfigDict(extra="forbid")


class RerunBody(RerunRequest):
    """Which runs are to be gone on with, from where, and by which flow."""

    model_config = ConfigDict(extra="forbid")

    runs: SelectionBody


class CancelBody(CancelRequest):
    """Which runs are to be stopped."""

    model_config = ConfigDict(extra="forbid")

    runs: SelectionBody


class RunForked(RunStarted):
    """The run that goes on from another."""

    of: Origin | None
    """That run, and where the new one begins."""


class StepList(Part):
    """A run's pieces of work in the order they were started."""

    steps: tuple[StepView, ...]


class HandOffList(Part):
    """The borders that a run has crossed, in order."""

    hand_offs: tuple[HandOff, ...]


class RunContext(Part):
    """A run's slots with every value each has held."""

    slots: tuple[SlotView, ...]


class QuarantineList(Part):
    """Answers of models that failed a check, oldest first."""

    rejected: tuple[Quarantined, ...]


class GateList(Part):
    """Gates that wait for a person, the earliest deadline first."""

    gates: tuple[GateView, ...]
    cursor: str = ""
    """Of the next page; empty on the last."""

    waiting: int = 0
    """How many runs wait in all, as far as flow and role are asked for."""


class CorpusList(Part):
    """Corpora by name."""

    corpora: tuple[CorpusSummary, ...]


class PassageList(Part):
    """Passages, best first."""

    passages: tuple[Passage, ...]


class FlowSummary(Part):
    """A flow on offer."""

    name: str
    version: int
    summary: str
    input: dict[str, str]
    """Contract by slot."""

    memory: dict[str, CompiledEntry] = Field(default_factory=dict)
    """What its runs read of long-term memory, by slot."""


class FlowList(Part):
    """The flows on offer, and the files that are not."""

    flows: tuple[FlowSummary, ...]
    refused: dict[str, str]
    """Why, by file name."""

    refused_findings: dict[str, tuple[LocatedFinding, ...]] = Field(default_factory=dict)
    """The same as data, by line."""


class FlowRead(Part):
    """What one input of a step is fed from."""

    input: str
    slot: str
    is_optional: bool
    stale_allowed: bool


class FlowWay(Part):
    """One way on: the first whose rule holds is taken."""

    rule: str
    to: str
    at_most: int | None = None


class FlowPlanLine(Part):
    """What one kind of failure leads to."""

    repair: int
    retry: int
    retry_for_seconds: int | None = None
    then: str
    at_most: int | None = None


class FlowStep(Part):
    """One use of an agent."""

    agent: str
    agent_version: int
    kind: str
    model: str = ""
    """Name of the model it asks; empty for agents of code."""

    reads: tuple[FlowRead, ...]
    writes: str
    each: str = ""
    """The fan-out, `part in outline.sections`; empty where there is none."""

    parallel: int
    next: tuple[FlowWay, ...]
    on_failure: dict[str, FlowPlanLine]


class FlowApprovers(Part):
    """Who has to approve."""

    need: int
    of: tuple[str, ...]
    not_author: bool


class FlowGate(Part):
    """A durable wait for a person."""

    role: str
    shows: tuple[str, ...]
    writes: str | None
    edits: str | None
    answers_failure: bool
    allow: tuple[str, ...]
    stop: str | None
    deadline_seconds: int
    remind_seconds: tuple[int, ...] = ()
    escalate: dict[str, int] = Field(default_factory=dict)
    """Who is asked instead, by role, with the seconds after which."""

    approvers: FlowApprovers | None = None
    on_deadline: str
    next: tuple[FlowWay, ...]


class FlowEnd(Part):
    """A declared end."""

    outcome: str
    output: str | None
    reason: str


class FlowView(FlowSummary):
    """A flow as it was checked and resolved."""

    source: Digest
    """SHA-256 of the flow file."""

    slots: dict[str, str]
    """Type of every slot, inputs included."""

    budget: CompiledBudget
    worst_case: WorstCase
    """What no run can exceed, budget or not: model calls, tokens and micro-dollars."""

    retention_seconds: int
    start: str
    steps: dict[str, FlowStep]
    gates: dict[str, FlowGate]
    ends: dict[str, FlowEnd]


class ContractSchema(Part):
    """One contract that a flow uses."""

    contract: str
    slots: tuple[str, ...]
    json_schema: dict[str, JsonValue]


class FlowSchemas(Part):
    """Every contract that a flow uses, those of its input first."""

    contracts: tuple[ContractSchema, ...]


class Check(Part):
    """Whether one part is fit."""

    name: str
    ok: bool
    required: bool = True
    """Whether the gateway is not ready without it."""

    detail: str


class Readiness(Part):
    """Whether the gateway can serve, and what keeps it from it."""

    ready: bool
    checks: tuple[Check, ...]


class Health(Part):
    """The process runs."""

    status: str


class ModelStanding(Part):
    """How one model at one endpoint stands, as all workers see it. Times in RFC 3339."""

    endpoint: str
    model: str
    state: BreakerState
    open_since: str | None = None
    failures: dict[str, int]
    """By kind: those that opened the breaker, or those in a row so far."""

    next_probe: str | None = None
    """From when one call at a time is let through; none while one is under way."""

    probing: bool
    paused_until: str | None = None
    """Until when the endpoint has asked to be left alone."""

    in_flight: int
    """Calls under way and in line, counted where the model has limits."""

    waiting: int


class ModelStandings(Part):
    """The models of which something is known."""

    models: tuple[ModelStanding, ...]
