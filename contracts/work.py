"""What travels between the interpreter and its activities: references, not bodies."""

from pydantic import Field

from contracts.base import Part
from contracts.compiled import CompiledBudget
from contracts.double_start import DoubleStart
from contracts.event import Event
from contracts.failure import Failure
from contracts.flow import GateAction
from contracts.long_term import PinnedEntry
from contracts.notice import Notice, NoticeKind
from contracts.origin import Origin
from contracts.reference import Digest, FactValue, Reference, Value
from contracts.usage import Usage

INLINE_LIMIT_BYTES = 16 * 1024
"""Larger values go to the archive: at 32 KiB inlined a run costs 15 to 22 % more (measured)."""

FACTS_LIMIT_BYTES = 4 * 1024
"""The most that a value's facts may take as JSON: the interpreter holds them for the whole run."""

VALUE_LIMIT_BYTES = 16 * 1024 * 1024
"""The largest value that a step may make: with 100 steps at work a worker then holds 1.6 GB."""

FLOW_LIMIT_BYTES = 512 * 1024
"""The most that a compiled flow may take as a run carries it; the shipped ones take some 30 kB."""

START_LIMIT_BYTES = 1024 * 1024
"""The most that the start of a run may take: half of what Temporal takes as one payload
(`limit.blobSize.error`, 2 MB), because the next execution carries its progress beside it."""


class Element(Part):
    """One element of a list inside a value: the input of one instance of a fan-out."""

    reference: Reference
    path: str
    key: str
    value: str


class StepTask(Part):
    """One piece of work: which step, its identity, and where its inputs are."""

    tenant: str
    run: str
    flow: Digest
    """Where the compiled flow is kept; the run's start carries it inline as well."""

    step: str
    agent: str = ""
    """Who does it, when that is not the step's own agent."""

    visit: int = Field(ge=1)
    item: str = ""
    seq: int = Field(ge=1)
    inputs: dict[str, tuple[Reference, ...]]
    """References by the agent's name for the input; none for an optional input that is absent."""

    element: Element | None = None
    each_input: str = ""
    """The agent's name for the element."""

    allowance: Usage = Field(default_factory=Usage)
    """What was reserved for this work; asking for more fails as `over_budget`."""

    follows: int = 0
    """The version of an entry of long-term memory that the value was made from; 0 for none."""

    pending: tuple[Event, ...] = ()
    """Transitions that no activity input carries yet, in order."""

    write_from: int = 0
    """The first of them that is not yet in the run's event stream."""


class StepResult(Part):
    """What a piece of work produced and what it cost."""

    value: Value
    usage: Usage = Field(default_factory=Usage)


class SubFlowTask(Part):
    """A step whose work another flow does: what it is given, and which run does it."""

    task: StepTask
    child: str
    """The id of the run that does the work."""

    output: Reference | None = None
    """What that run has made, once it has succeeded."""

    pending: tuple[Event, ...] = ()
    write_from: int = 0


class SealTask(Part):
    """Values to be copied to the archive because this history will not keep them for ever."""

    tenant: str
    run: str
    digests: tuple[Digest, ...]
    pending: tuple[Event, ...] = ()
    write_from: int = 0


class FlushTask(Part):
    """Transitions to be written to the run's event stream now."""

    tenant: str
    run: str
    pending: tuple[Event, ...]
    write_from: int = 0
    retention: int = 0
    """Seconds to keep the run's memory from now on; 0 while the run goes on."""

    notices: tuple[Notice, ...] = ()
    """What webhooks are to be told, before anything is written."""


class NotifyTask(Part):
    """What webhooks are still to be told, when that could not be done on the way."""

    tenant: str
    run: str
    notices: tuple[Notice, ...]


class Notified(Part):
    """Webhooks are told: their deliveries are durable."""

    awaited: tuple[NoticeKind, ...] = ()
    """What somebody wants to be told of this flow; the rest can wait for what is told next."""


class GateDecision(Part):
    """What a person decided, checked and stored by the gateway, on its way to the run."""

    id: str
    """Chosen by the sender; the same decision may arrive twice and counts once."""

    gate: str
    visit: int = Field(ge=1)
    shown: Digest
    who: str
    role: str = ""
    """As whom, where several have to approve."""

    action: GateAction | None = None
    """None at an editor's gate: the decision is a value."""

    decision: Value | None = None
    edited: Value | None = None
    supplied: Value | None = None
    budget: CompiledBudget | None = None
    to: str = ""
    """Where the run goes, with the action `go`."""


class Steer(Part):
    """Who wants a run held up, or to go on, and why."""

    who: str = ""
    note: str = ""


class SettleTask(Part):
    """Several people's decisions at one gate, to be made into one value."""

    tenant: str
    run: str
    contract: str
    """What the gate writes: `Decision@2`."""

    facts: tuple[str, ...] = ()
    """What the flow needs to know of it."""

    decisions: tuple[GateDecision, ...]
    """In the order in which they were taken; the last one decides."""

    pending: tuple[Event, ...] = ()
    write_from: int = 0


class DecisionReceipt(Part):
    """The run has taken a decision."""

    id: str
    gate: str
    approvals: int = 0
    """How many have approved so far, where several have to."""

    needed: int = 0


class SlotVersion(Part):
    """The current value of a slot: one reference, or one an item."""

    references: tuple[Reference, ...]
    facts: dict[str, FactValue] = Field(default_factory=dict)
    passed_by: bool = False
    """Something it is about, or was made from, has been replaced without regard to it."""


class OpenFailure(Part):
    """A failed step that a person is asked about."""

    step: str
    visit: int
    failure: Failure


class FinishedItem(Part):
    """An item of an unfinished fan-out, kept so that a later visit does not buy it again."""

    inputs: tuple[Digest, ...]
    result: StepResult
    seq: int
    supplied_at: str = ""
    """The gate at which a person supplied it, or empty."""

    supplied_by: str = ""
    """That person."""


class RunProgress(Part):
    """Everything a run carries from one execution to the next; under 256 KiB."""

    place: str
    seq: int = 0
    slots: dict[str, SlotVersion] = Field(default_factory=dict)
    versions: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Parents of every version that ever was, as `slot:ordinal`."""

    visits: dict[str, int] = Field(default_factory=dict)
    used: dict[str, int] = Field(default_factory=dict)
    """How often each counted rule or failure line was taken."""

    budget: CompiledBudget
    spent: Usage = Field(default_factory=Usage)
    started_ms: int = 0
    waited_ms: int = 0
    """Time spent waiting for people, which is not working time."""

    pending: tuple[Event, ...] = ()
    failure: OpenFailure | None = None
    finished_items: dict[str, FinishedItem] = Field(default_factory=dict)
    """By `step/item`."""

    authors: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Who wrote a version by hand, `slot:ordinal`."""

    executions: int = 1
    notices: tuple[Notice, ...] = ()
    """What webhooks are still to be told."""


class RunStart(Part):
    """The argument of the one workflow."""

    tenant: str
    run: str
    flow: Value
    """The compiled flow, always inline: `flow.body` is its stored bytes."""

    input: dict[str, Value] = Field(default_factory=dict)
    """The first values by slot."""

    entries: dict[str, PinnedEntry] = Field(default_factory=dict)
    """What the run reads of long-term memory, by slot."""

    by: str = ""
    """Who started the run, where the start names somebody."""

    history_limit: int = Field(default=8_000, ge=20)
    """Events after which a run continues as new."""

    progress: RunProgress | None = None
    """Where an earlier execution left off; or, with nothing told yet, what another run knew."""

    origin: Origin | None = None
    """The run that this one goes on from, where there is one."""

    parent: str = ""
    """The run of which this is a part."""

    budget: CompiledBudget | None = None
    """What it may spend, where that is less than its flow says."""

    subject: str = ""
    """On what it takes turns with others, as a digest; whoever gives the turns is told its end."""

    double_start: DoubleStart = DoubleStart.ALLOW
    """How it takes turns."""

    notifies: bool = False
    """Whether webhooks are told what happens; runs from before there were any are silent."""


class RunOutcome(Part):
    """How a run ended; the workflow's result, or the detail of its failure."""

    run: str
    outcome: str
    end: str
    reason: str = ""
    output: Reference | None = None
    spent: Usage = Field(default_factory=Usage)
    failure: Failure | None = None
    last_events: tuple[Event, ...] = ()
    """The transitions that no activity input carries, so that history alone tells the whole run."""
