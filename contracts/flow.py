"""The flow document: what a flow file says, before anything is resolved or checked."""

import math
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from contracts.agent import SUB_FLOW
from contracts.asking import Approvers, Escalation
from contracts.double_start import DoubleStart
from contracts.duration import Duration
from contracts.failure_plan import OTHERWISE as OTHERWISE
from contracts.failure_plan import FailurePlan
from contracts.failure_plan import PlanLine as PlanLine
from contracts.failure_plan import StandIn as StandIn
from contracts.flow_blocks import BLOCKS, Block, unfolded
from contracts.flow_memory import Memory
from contracts.notation import (
    EACH,
    END_KEYS,
    GATE_KEYS,
    NAME,
    SUBJECT,
    WrittenContract,
    WrittenList,
    WrittenMoney,
    WrittenRead,
)
from contracts.rule import Next, Rules
from contracts.rule import Rule as Rule
from contracts.written import Name, Written

_DOER: Final = rf"^({SUB_FLOW})?{NAME.removeprefix('^')}"


def _microusd(amount: object) -> object:
    match amount:
        case bool():
            pass
        case int():
            return amount * 1_000_000
        case float() if math.isfinite(amount * 1_000_000):
            return round(amount * 1_000_000)
    raise ValueError(f"{amount!r} is no amount of money; write dollars, as in 2.00")


def _slot_type(given: object) -> object:
    """Read `Draft@1`, or YAML's list of one, `[Section@1]`, as the type of a list slot."""
    match given:
        case [str() as item]:
            return f"[{item}]"
        case _:
            return given


SlotType = Annotated[
    str, BeforeValidator(_slot_type, json_schema_input_type=WrittenContract | WrittenList)
]
"""`Draft@1`, or `[Section@1]` for the items of a fan-out in order."""

InputType = Annotated[str, BeforeValidator(_slot_type, json_schema_input_type=WrittenContract)]
"""`Brief@1`; the check refuses lists, for a run starts with single values."""


class Budget(Written):
    """What one run may spend. Waiting for people is not working time."""

    model_calls: int = Field(ge=0)
    """How many calls of a model, repairs and retries included."""

    tokens: int = Field(ge=0)
    """How many tokens, of prompts and answers together."""

    usd: Annotated[int, BeforeValidator(_microusd, json_schema_input_type=WrittenMoney)] = Field(
        ge=0
    )
    """How much money. Written in dollars, kept in micro-dollars."""

    working_time: Duration
    """How long the run may work; while it waits for a person the clock stands still."""


class Read(Written):
    """One input of a step: the agent's name for it and the slot it comes from."""

    input: Name
    slot: Name
    optional: bool = False
    stale_allowed: bool = False


def _as_read(given: object) -> object:
    """Read `brief`, `decision?`, `{draft: first_draft}` or `{slot: claims, stale: allowed}`."""
    if isinstance(given, str):
        name = given.removesuffix("?")
        return {"input": name, "slot": name, "optional": given.endswith("?")}
    if isinstance(given, dict) and "slot" in given:
        return _as_spelt_out_read(given)
    if isinstance(given, dict) and len(given) == 1:
        [(name, slot)] = given.items()
        text = slot if isinstance(slot, str) else ""
        return {"input": name, "slot": text.removesuffix("?"), "optional": text.endswith("?")}
    raise ValueError("a read is `slot`, `slot?`, {input: slot} or {slot: …, stale: allowed}")


def _as_spelt_out_read(given: dict[str, str]) -> object:
    unknown = set(given) - {"slot", "stale", "input"}
    if unknown or given.get("stale", "allowed") != "allowed" or not isinstance(given["slot"], str):
        raise ValueError(
            "a spelt-out read is {slot: name, stale: allowed}, and input: name if other"
        )
    slot = given["slot"].removesuffix("?")
    return {
        "input": given.get("input", slot),
        "slot": slot,
        "optional": given["slot"].endswith("?"),
        "stale_allowed": "stale" in given,
    }


Reads = list[Annotated[Read, BeforeValidator(_as_read, json_schema_input_type=WrittenRead)]]


class Partial(Written):
    """What follows when some items of a fan-out failed for good and enough are done."""

    at_least: int = Field(ge=1, le=200)
    """How many items have to be done; with fewer the step fails."""

    to: Name
    """The step, gate or end that follows when some are missing."""


class Step(Written):
    """One use of an agent, or of another flow."""

    agent: Annotated[str, StringConstraints(pattern=_DOER)]
    """The agent that does the work."""

    flow: Name | None = Field(default=None, examples=["article"])
    """Another flow that does the work instead of an agent, in a run of its own: what it starts
    with is read, and what it succeeds with is written."""

    reads: Reads
    """Exactly what the agent sees, nothing else: `brief`, `decision?` where it can do without,
    `{draft: first_draft}` for another slot, `{slot: claims, stale: allowed}` for an old value."""

    writes: Name
    """The slot that takes what the agent produces."""

    each: str | None = Field(
        default=None,
        examples=["part in outline.sections"],
        json_schema_extra={"pattern": EACH},
    )
    """`part in outline.sections`: one instance an item, results in the items' order."""

    parallel: int = Field(default=1, ge=1, le=50)
    """How many items of `each` are worked on at a time."""

    partial: Partial | None = None
    """With `each`: the list may hold fewer items than were asked for, and where that leads."""

    next: Next
    """What follows: a step, a gate or an end by name, or rules that are tried in order."""

    on_failure: FailurePlan = Field(default_factory=dict)
    """What happens when this step fails: lines that take the place of the flow's own."""

    @model_validator(mode="before")
    @classmethod
    def _flow_stands_for_an_agent(cls, given: object) -> object:
        if not isinstance(given, dict) or "flow" not in given:
            return given
        if "agent" in given:
            raise ValueError("a step names an agent or a flow, not both; drop one")
        return {**given, "agent": f"{SUB_FLOW}{given['flow']}"}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.agent.startswith(SUB_FLOW) and self.flow is None:
            raise ValueError(f"write `flow: {self.agent.removeprefix(SUB_FLOW)}` for a sub-flow")
        if self.partial and self.each is None:
            raise ValueError("`partial` is about the items of a fan-out; add `each` or drop it")
        return self


REMEMBERED: Final = "value"
"""The name by which a step that writes to memory knows what it is given."""


def _as_remembered(reads: list[Read]) -> list[Read]:
    return [each.model_copy(update={"input": REMEMBERED}) for each in reads]


class Remember(Step):
    """Writes a value to an entry of long-term memory."""

    agent: str = ""
    """Made by the compiler: `remember:covered`."""

    remember: Name
    """The slot under `memory` whose entry gets a new version."""

    reads: Annotated[Reads, Field(min_length=1, max_length=1), AfterValidator(_as_remembered)]
    """The slot that holds what is written."""

    writes: Name
    """The slot that takes the receipt, a `Remembered@1`: which entry, which version."""

    merge: Literal["union", "replace"] | None = None
    """What to do when somebody else has changed the entry since this run read it: `union`,
    `replace`, or nothing; then the step fails as `conflict`."""

    flow: None = None
    each: None = None
    parallel: Literal[1] = 1
    partial: None = None

    @model_validator(mode="before")
    @classmethod
    def _is_done_by_memory(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        if wrong := sorted({"agent", "flow", "each", "parallel", "partial"} & set(given)):
            raise ValueError(f"a step that remembers has no {wrong[0]}; drop it")
        return {**given, "agent": f"remember:{given.get('remember')}"}


class Deadline(Written):
    """Where a gate leads when nobody decides in time."""

    to: Name
    """The step, gate or end that follows."""

    at_most: int | None = Field(default=None, ge=1)
    """How often this way may be taken in one run."""


GateAction = Literal["retry", "supply", "raise_budget", "go", "stop"]


class Gate(Written):
    """A durable wait for a person."""

    model_config = ConfigDict(json_schema_extra=GATE_KEYS)

    gate: Name
    """The role that is asked."""

    shows: Reads = Field(default_factory=list)
    """The slots that the person sees; the decision is about these very values."""

    writes: Name | None = None
    """The slot that takes the decision, a `Decision@2`; a `Decision@1` has no comments."""

    edits: Name | None = None
    """A slot among those shown that the person may change: a new version, made by them, about
    which every earlier report is stale."""

    answers: Literal["failure"] | None = None
    """`failure`: only failure plans lead here, and a person says what becomes of the step."""

    allow: list[GateAction] = Field(default_factory=list)
    """What a person may do about a failure: `retry` the step, `supply` its value, `raise_budget`,
    `go` another way, or `stop` the run."""

    go: list[Name] = Field(default_factory=list)
    """Where a person may send the run instead, with `go`: steps, gates or ends."""

    stop: Name | None = None
    """The end that `stop` leads to."""

    deadline: Duration
    """How long the gate waits for a person."""

    on_deadline: Deadline
    remind: list[Duration] = Field(default_factory=list, max_length=10, examples=[["24h", "48h"]])
    """When the role is reminded, counted from the opening: `[24h, 48h]`."""

    escalate: list[Escalation] = Field(default_factory=list, max_length=5)
    """When another role is asked instead, counted from the opening."""

    approvers: Approvers | None = None
    """Who has to approve, where it takes more than one person, or not just anybody."""

    next: Rules = Field(default_factory=list)
    """What follows the decision: a name, or rules that are tried in order."""

    @model_validator(mode="after")
    def _is_one_of_two_kinds(self) -> Self:
        if self.answers:
            if self.writes or self.edits or self.next or self.shows or self.approvers:
                raise ValueError(
                    "a gate that answers failures takes allow, stop, a deadline, remind and"
                    " escalate only"
                )
            if not self.allow or ("stop" in self.allow) != (self.stop is not None):
                raise ValueError(
                    "allow lists what a person may do; `stop` names the end it leads to"
                )
            if ("go" in self.allow) != bool(self.go):
                raise ValueError("`go` in allow comes with a list `go` of where it may lead")
        elif not (self.writes and self.shows and self.next):
            raise ValueError("a gate needs shows, writes and next, or answers: failure")
        elif self.allow or self.stop or self.go:
            raise ValueError("allow, go and stop are for a gate that answers failures; drop them")
        return self


class End(Written):
    """A declared end of a run."""

    model_config = ConfigDict(json_schema_extra=END_KEYS)

    outcome: Literal["succeeded", "rejected", "failed", "expired"]
    """How such a run is counted: `succeeded` with an output, `rejected` by a person, `failed`, or
    `expired` because nobody decided in time."""

    output: Name | None = None
    """The slot that holds what came of the run."""

    reason: str = Field(default="", examples=["Nobody decided in time."])
    """One sentence for whoever asks why the run ended here."""

    @model_validator(mode="after")
    def _success_has_output(self) -> Self:
        if (self.outcome == "succeeded") != (self.output is not None):
            raise ValueError("an end that succeeded names its output, and no other does")
        return self


def _node_kind(given: object) -> str:
    keys = given if isinstance(given, dict) else ()
    if isinstance(given, Gate) or "gate" in keys:
        return "gate"
    return "remember" if isinstance(given, Remember) or "remember" in keys else "step"


Node = Annotated[
    Annotated[Step, Tag("step")]
    | Annotated[Gate, Tag("gate")]
    | Annotated[Remember, Tag("remember")],
    Discriminator(_node_kind),
]


class FlowDocument(Written):
    """A flow file as written: one declaration of the context flow."""

    flow: Name = Field(examples=["article"])
    """The name that the flow is run by."""

    version: int = Field(ge=1)
    """Raised with every change that matters to those who run the flow."""

    summary: str = Field(examples=["A researched, fact-checked article from a brief."])
    """One sentence on what a run produces."""

    input: dict[Name, InputType] = Field(min_length=1, examples=[{"brief": "Brief@1"}])
    """What a run starts with: slots that whoever starts it fills, and their contracts."""

    subject: str = Field(default="", pattern=SUBJECT, examples=["brief.title"])
    """The field of an input that says what a run is about: runs on one subject take turns."""

    double_start: DoubleStart | None = Field(default=None, strict=False, examples=["refuse"])
    """What happens when a run on the same subject goes on, unless whoever starts one says
    otherwise: it is refused, waits, replaces the other, or both run. `refuse` if not given."""

    memory: dict[Name, Memory] = Field(default_factory=dict, examples=[{"voice": "brand.voice@1"}])
    """What a run reads of long-term memory: slots that hold an entry's value from the start, as it
    was then, whatever is written later."""

    slots: dict[Name, SlotType] = Field(default_factory=dict, examples=[{"draft": "Draft@1"}])
    """What steps and gates write: each slot by name, with its contract; a list for a fan-out."""

    budget: Budget
    retention: Duration = Field(default=30 * 86_400, json_schema_extra={"default": "30d"})
    """How long a run's memory is kept after its end."""

    on_failure: FailurePlan
    """What happens when a step fails, by kind of failure. A step may have lines of its own; a kind
    that no line covers takes `otherwise`."""

    start: Name
    """The step or gate that a run begins with."""

    steps: dict[Name, Node] = Field(min_length=1)
    """Steps, which use agents or write to long-term memory, and gates, which wait for people; by
    name."""

    blocks: dict[Name, Block] = Field(default_factory=dict, alias=BLOCKS)
    """Taken out of `steps`: what is worked on in parallel, and joined; by name."""

    ends: dict[Name, End] = Field(min_length=1)
    """Where a run may end; by name."""

    @model_validator(mode="before")
    @classmethod
    def _blocks_are_unfolded(cls, given: object) -> object:
        return unfolded(given)

    @model_validator(mode="after")
    def _names_are_used_once(self) -> Self:
        if both := sorted({*self.steps, *self.blocks} & set(self.ends)):
            raise ValueError(f"{both[0]!r} is a step and an end; names are shared, rename one")
        if both := sorted(set(self.input) & set(self.slots)):
            raise ValueError(f"{both[0]!r} is an input and a slot; rename one")
        if both := sorted(set(self.memory) & {*self.input, *self.slots}):
            raise ValueError(f"{both[0]!r} is in memory and another slot; rename one")
        return self

    @property
    def types(self) -> dict[str, str]:
        """The type of every slot: inputs, memory, then what steps and gates write."""
        remembered = {slot: each.contract for slot, each in self.memory.items()}
        return {**self.input, **remembered, **self.slots}
