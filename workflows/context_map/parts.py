"""What a context map is made of: plain data that can be drawn, told in sentences or sent as JSON.

Everything is in a fixed order: nodes as a run meets them, ways as the flow declares them.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from contracts.agent import AgentKind
from contracts.base import Part
from contracts.compiled import CompiledApprovers, CompiledBudget, CompiledEscalation, Condition
from contracts.flow import GateAction
from contracts.long_term import Merge
from contracts.reference import Trust

INPUT: Final = "(input)"
"""The node that a run starts from. No step can be named so."""


class MapRead(Part):
    """Something that a node is given."""

    input: str
    """The name that the receiver knows it by; the slot's own name at gates and ends."""

    slot: str
    contract: str
    """`Draft@1`, `[Section@1]` for all items of a list slot, `Outline@1.sections[]` for the one
    element that an instance of a fan-out gets."""

    fields: tuple[str, ...]
    """Field names of the contract, or of the element, in their order; empty when unknown."""

    optional: bool = False
    stale_allowed: bool = False


class MapCrossing(MapRead):
    """Context that crosses one border: what the receiver reads, and where it comes from there."""

    written_by: tuple[str, ...]
    """Every node that may have made the value which crosses here; empty when none can have."""

    trust: Trust
    """What the value can be trusted with at the least, by those who may have made it."""


class MapWrite(Part):
    """Something that a node makes."""

    slot: str
    contract: str
    fields: tuple[str, ...]


class MapEach(Part):
    """A fan-out: one instance an element of a list."""

    variable: str
    slot: str
    path: str
    """The list within the slot's value."""


class MapVoucher(Part):
    """A report that speaks for what is published, as long as it is not stale."""

    report: str
    """The slot that holds the report."""

    of: str
    """The published slot that it is about."""

    when: Condition | None = None
    """What the report has to say; None: whatever it says."""


class MapEntry(Part):
    """An entry of long-term memory that a run reads at its start."""

    slot: str
    entry: str
    """Namespace and name, `brand.voice`."""

    optional: bool = False
    """Whether a run may start without it."""


class MapRemembered(Part):
    """An entry of long-term memory that a step writes to."""

    entry: str
    merge: Merge | None = None
    """What becomes of it when somebody else has changed the entry; None: the step fails."""


class InputNode(Part):
    """Where a run starts: what it is given, and what it finds in long-term memory."""

    kind: Literal["input"] = "input"
    name: str = INPUT
    writes: tuple[MapWrite, ...]
    """What whoever starts the run gives, then what memory has."""

    entries: tuple[MapEntry, ...] = ()


class MapBranch(Part):
    """Where a step stands in a parallel block."""

    block: str
    branch: str
    beside: tuple[str, ...]
    """The steps of the other branches, which are worked on meanwhile."""


class StepNode(Part):
    """One use of an agent."""

    kind: Literal["step"] = "step"
    name: str
    agent: str
    agent_version: int
    agent_kind: AgentKind
    model: str = ""
    """The name of the model behind the alias; empty for code agents."""

    model_alias: str = ""
    pure: bool = False
    publishes: bool = False
    verifies: bool = False
    trust: Trust
    """What the product can be trusted with at the least."""

    reads: tuple[MapRead, ...]
    """In the order of the flow; the element of a fan-out comes last."""

    writes: MapWrite
    remembers: MapRemembered | None = None
    each: MapEach | None = None
    parallel: int = 1
    branch: MapBranch | None = None
    """Set at the steps of parallel blocks."""

    about: tuple[str, ...] = ()
    """Slots that the product reports on."""

    vouched_by: tuple[MapVoucher, ...] = ()
    """At a step that publishes: one of these speaks for each published version that no person
    made."""


class GateNode(Part):
    """A durable wait for a person."""

    kind: Literal["gate"] = "gate"
    name: str
    role: str
    shows: tuple[MapRead, ...] = ()
    writes: MapWrite | None = None
    edits: MapWrite | None = None
    deadline: int
    """Seconds."""

    remind: tuple[int, ...] = ()
    """Seconds after the opening."""

    escalate: tuple[CompiledEscalation, ...] = ()
    """Who else is asked, and when, in order."""

    approvers: CompiledApprovers | None = None
    """None: whoever decides first decides."""

    answers_failure: bool = False
    """Whether it shows a failure and what led to it, instead of slots."""

    allow: tuple[GateAction, ...] = ()
    """What the person may do about a failure."""

    asked_by: tuple[str, ...] = ()
    """The steps that can fail into it."""

    supplies: tuple[str, ...] = ()
    """The steps whose value the person may supply; none that verifies or publishes."""


class EndNode(Part):
    """A declared end."""

    kind: Literal["end"] = "end"
    name: str
    outcome: Literal["succeeded", "rejected", "failed", "expired"]
    output: MapRead | None = None
    reason: str = ""


MapNode = Annotated[InputNode | StepNode | GateNode | EndNode, Field(discriminator="kind")]


class WayKind(StrEnum):
    """Why a run goes a way."""

    RULE = "rule"
    """A step is done, or the run starts."""

    FAILURE = "failure"
    """A step has failed and its remedies are used up."""

    ANSWER = "answer"
    """A person has answered at a gate."""

    DEADLINE = "deadline"
    """Nobody has answered in time."""


class MapFailure(Part):
    """One line of a step's failure plan, as far as it leads one way."""

    kind: str
    """A kind of failure, or `otherwise`."""

    covers: tuple[str, ...] = ()
    """The kinds that `otherwise` stands for here."""

    repair: int = 0
    retry: int = 0
    retry_for: int | None = None
    """Seconds."""

    fall_back: tuple[str, ...] = ()
    """Who stands in, in order: `the model judge` for the step's own agent, or another agent."""

    at_most: int | None = None
    """How often this kind may lead here in one run."""

    used_up: bool = False
    """Whether this kind comes here only once the way its own line names is used up."""


class MapWay(Part):
    """One way from a node to the next, and the context that crosses the border there."""

    source: str
    target: str
    kind: WayKind
    rule: str = ""
    """The condition as the file says it, `else`, or what a person does about a failure:
    `retry, raise_budget`, `supply`, `stop`. Empty where there is no choice."""

    at_most: int | None = None
    """How often a run may go this way because of its rule; failures have counts of their own."""

    verdicts: tuple[str, ...] = ()
    """The verdicts by which a person may send a run this way; at a gate that asks for one."""

    failures: tuple[MapFailure, ...] = ()
    answers: str = ""
    """The step whose failure a person answers by going this way. Such ways start at a gate that
    many steps share and make no loop of the flow's own."""

    goes_back: bool = False
    """Whether it leads to a node that the run has passed: it closes a loop."""

    context: tuple[MapCrossing, ...] = ()


class ReadAs(StrEnum):
    """What somebody reads a slot for."""

    STEP = "step"
    GATE = "gate"
    RULE = "rule"
    END = "end"


class MapReader(Part):
    """Somebody who reads a slot."""

    node: str
    read_as: ReadAs
    facts: tuple[str, ...] = ()
    """What a rule, or the fan-out of a step, looks at within the value."""


class MapSlot(Part):
    """One named place of the flow's context."""

    name: str
    contract: str
    """`Draft@1`, or `[Section@1]` for a list slot."""

    fields: tuple[str, ...]
    trust: Trust
    written_by: tuple[str, ...]
    read_by: tuple[MapReader, ...]
    about: tuple[str, ...] = ()
    """Slots that its values report on: a new version of one makes the report stale."""


class MapBound(Part):
    """What counts a way of a loop."""

    source: str
    target: str
    rule: str
    """The rule's text, `deadline`, or the kind of failure that is counted."""

    at_most: int


class MapLoop(Part):
    """Nodes that a run can come back to, and what bounds how often."""

    nodes: tuple[str, ...]
    bounds: tuple[MapBound, ...]


class ContextMap(Part):
    """Who hands what to whom in one flow, why, and what each failure leads to."""

    flow: str
    version: int
    summary: str
    budget: CompiledBudget
    nodes: tuple[MapNode, ...]
    """The input first, then steps and gates as a run meets them, then the ends as declared."""

    ways: tuple[MapWay, ...]
    """By source in the order of the nodes; each source's rules first, then its failures."""

    slots: tuple[MapSlot, ...]
    loops: tuple[MapLoop, ...]
