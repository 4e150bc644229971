"""A checked flow with everything it needs resolved: immutable data that a run carries inline."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.agent import AgentKind, AgentLimits, Capability
from contracts.base import Contract, Part
from contracts.double_start import DoubleStart
from contracts.flow import GateAction
from contracts.long_term import EntryName, Merge
from contracts.reference import Digest, Trust
from contracts.usage import Price

Literals = bool | int | str | tuple[bool | int | str, ...]


class Compare(Part):
    """One comparison of a fact with a literal."""

    kind: Literal["compare"] = "compare"
    slot: str
    fact: str
    """Path within the slot's value, `verdict` or `len(items)`."""

    op: Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
    value: Literals


class Both(Part):
    """Every part holds."""

    kind: Literal["and"] = "and"
    parts: tuple["Condition", ...]


class Either(Part):
    """At least one part holds."""

    kind: Literal["or"] = "or"
    parts: tuple["Condition", ...]


class Negation(Part):
    """The part does not hold."""

    kind: Literal["not"] = "not"
    part: "Condition"


Condition = Annotated[Compare | Both | Either | Negation, Field(discriminator="kind")]


class CompiledRule(Part):
    """One way on; without a condition it is the default."""

    when: Condition | None = None
    text: str = "else"
    """The rule as the file says it, for people."""

    to: str
    at_most: int | None = None


class CompiledRead(Part):
    """One input of a step, resolved."""

    input: str
    slot: str
    optional: bool = False
    stale_allowed: bool = False


class Each(Part):
    """A fan-out over the elements of a list inside a slot's value."""

    variable: str
    """The input that receives one element."""

    slot: str
    path: str
    """The list within the slot's value, `sections`."""

    key: str
    """The field of an element that identifies it, `id`."""

    @property
    def fact(self) -> str:
        """The fact that lists the elements' keys, in order."""
        return f"keys({self.path}.{self.key})"


class CompiledPlanLine(Part):
    """What one kind of failure leads to."""

    repair: int = 0
    retry: int = 0
    retry_for: int | None = None
    """Seconds."""

    fall_back: tuple[str, ...] = ()
    """Who does the work instead, in order: keys of the flow's agents."""

    then: str
    at_most: int | None = None


class CompiledPartial(Part):
    """How many items of a fan-out are enough; the first of the step's rules says where to go."""

    at_least: int


PARTIAL = "partial"
"""How the rule reads by which a fan-out goes on with some of its items missing."""

MISSING = "missing()"
"""The fact of a list slot that counts the items of its fan-out which failed for good."""


class CompiledEntry(Part):
    """An entry of long-term memory that fills a slot when a run starts."""

    entry: EntryName
    contract: str
    optional: bool = False


class CompiledRemember(Part):
    """An entry that a step writes to."""

    slot: str
    """The slot that holds the version which the run has read."""

    entry: EntryName
    contract: str
    merge: Merge | None = None


class CompiledStep(Part):
    """One use of an agent, resolved."""

    agent: str
    reads: tuple[CompiledRead, ...]
    writes: str
    each: Each | None = None
    parallel: int = 1
    partial: CompiledPartial | None = None
    next: tuple[CompiledRule, ...]
    on_failure: dict[str, CompiledPlanLine]
    """A line for every kind that can be planned, `otherwise` merged in and kept as the last."""

    remember: CompiledRemember | None = None
    """Set at steps that write to long-term memory."""


class CompiledEscalation(Part):
    """From some moment on another role is asked."""

    after: int
    """Seconds after the gate has opened."""

    to: str


class CompiledApprovers(Part):
    """Who has to approve at a gate."""

    need: int
    """How many approvals."""

    of: tuple[str, ...]
    not_author: bool = False


class CompiledGate(Part):
    """A durable wait for a person, resolved."""

    role: str
    shows: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    """Of what is shown: only while there is a fresh value."""

    stale_allowed: tuple[str, ...] = ()
    """Of what is shown: an old value is meant as well."""

    writes: str | None = None
    edits: str | None = None
    answers_failure: bool = False
    allow: tuple[GateAction, ...] = ()
    stop: str | None = None
    go: tuple[str, ...] = ()
    """Where a person may send a run whose step failed."""

    deadline: int
    """Seconds."""

    on_deadline: CompiledRule
    next: tuple[CompiledRule, ...] = ()
    remind: tuple[int, ...] = ()
    """Seconds after the opening, each once, ascending."""

    escalate: tuple[CompiledEscalation, ...] = ()
    """Ascending."""

    approvers: CompiledApprovers | None = None
    """None: whoever decides first decides."""

    revises: bool = False
    """Whether a person may ask for a revision: some rule says where that leads."""


class CompiledBlock(Part):
    """Steps that are worked on in parallel when a run comes to the first of them."""

    branches: dict[str, tuple[str, ...]]
    """The steps of each branch, in their order."""

    @property
    def first(self) -> str:
        """The step by which a run comes to the block."""
        return next(iter(self.branches.values()))[0]


class CompiledEnd(Part):
    """A declared end."""

    outcome: Literal["succeeded", "rejected", "failed", "expired"]
    output: str | None = None
    reason: str = ""


class CompiledModel(Part):
    """The model behind an alias, as it was when the flow was compiled."""

    alias: str
    name: str
    capability: Capability
    window_tokens: int
    price: Price | None = None
    """None: nobody knows the price, and calls count as unpriced."""


class CompiledAgent(Part):
    """What a run needs to know of an agent, pinned."""

    version: int
    kind: AgentKind
    pure: bool
    publishes: bool
    verifies: bool
    trust: Trust
    receives: dict[str, str]
    optional: tuple[str, ...] = ()
    produces: str
    about: tuple[str, ...] = ()
    vouches_when: Condition | None = None
    """When its report vouches, on a slot named `product`; None: whenever there is one."""

    limits: AgentLimits
    model: CompiledModel | None = None
    prompts: dict[str, str] = Field(default_factory=dict)
    """Prompt text by rung."""

    budget: "CompiledBudget | None" = None
    """Of a flow that does a step's work: what one run of it may spend."""


def with_model(agent: str, alias: str) -> str:
    """Name an agent that asks another model than its own: `reviewer@judge`."""
    return f"{agent}@{alias}"


def catalogued(agent: str) -> str:
    """The name by which the catalogue has an agent: `reviewer` of `reviewer@judge`."""
    return agent.partition("@")[0]


class CompiledBudget(Part):
    """What a run may spend: calls, tokens, micro-dollars, seconds of working time."""

    model_calls: int
    tokens: int
    microusd: int
    working_seconds: int


class CompiledFlow(Contract, version=1):
    """A flow that was checked and resolved. Changing the file never touches a run that is going."""

    borders: int = 1
    """Which borders the interpreter guards at run time: 1 the inputs of steps; 2 also what rules
    and gates look at, the output of an end, and what is published."""

    name: str
    version: int
    summary: str
    source: Digest
    """SHA-256 of the flow file."""

    input: tuple[str, ...]
    slots: dict[str, str]
    """Type of every slot, inputs included: `Draft@1` or `[Section@1]`."""

    contracts: dict[str, Digest]
    """SHA-256 of the JSON Schema of every contract version the flow uses."""

    facts: dict[str, tuple[str, ...]]
    """What rules, fan-outs, gates and pages need to know of each slot's value."""

    budget: CompiledBudget
    retention: int
    """Seconds that memory is kept after the end."""

    start: str
    steps: dict[str, CompiledStep]
    gates: dict[str, CompiledGate] = Field(default_factory=dict)
    blocks: dict[str, CompiledBlock] = Field(default_factory=dict)
    """By name; the steps follow one another, so that whoever knows no blocks loses time alone."""

    ends: dict[str, CompiledEnd]
    agents: dict[str, CompiledAgent]
    """By name, or `reviewer@judge`: an agent standing in for itself with another model."""

    flows: dict[str, "CompiledFlow"] = Field(default_factory=dict)
    """Flows that do the work of steps, by the name of the agent that stands for each."""

    memory: dict[str, CompiledEntry] = Field(default_factory=dict)
    """By slot: what a run reads of long-term memory at its start."""

    subject: str = ""
    """Which field of the input says what a run is about, `brief.title`; empty where none does."""

    double_start: DoubleStart | None = None
    """What happens when a run on the same subject goes on, unless whoever starts it says."""

    @property
    def given(self) -> tuple[str, ...]:
        """The slots that hold a value before the first step, whatever happens."""
        kept = (slot for slot, entry in self.memory.items() if not entry.optional)
        return (*self.input, *kept)

    def list_slot(self, slot: str) -> bool:
        """Whether the slot holds the items of a fan-out."""
        return self.slots[slot].startswith("[")
