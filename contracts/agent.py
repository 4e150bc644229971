"""What an agent declares about itself; data, so that a flow can be checked without running it."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from contracts.base import Part
from contracts.failure import OF_MEMORY, OF_SUB_FLOWS, UNPLANNED, FailureKind
from contracts.reference import Trust


class AgentKind(StrEnum):
    """How an agent does its work; the last two are made by the compiler, never catalogued."""

    MODEL = "model"
    CODE = "code"
    FLOW = "flow"
    """Another flow does it, in a run of its own."""

    MEMORY = "memory"
    """It writes an entry of long-term memory."""


def planned_kinds(agent: AgentKind) -> tuple[FailureKind, ...]:
    """List the kinds of failure that a plan of such an agent's step can be about."""
    own = {AgentKind.FLOW: OF_SUB_FLOWS, AgentKind.MEMORY: OF_MEMORY}
    foreign = (OF_SUB_FLOWS | OF_MEMORY) - own.get(agent, frozenset())
    return tuple(kind for kind in FailureKind if kind not in UNPLANNED | foreign)


class Capability(StrEnum):
    """What a model can be trusted with."""

    WRITES = "writes"
    """It answers freely; checks and repairs decide."""

    CHOOSES = "chooses"
    """It is too small to write: it is asked only to choose among verbatim text."""


SUB_FLOW: Final = "flow:"
"""How the name begins under which a flow does a step's work: `flow:article`."""


class AgentLimits(Part):
    """Bounds that hold for one run of the agent; budgets are reserved from them."""

    questions: int = Field(default=0, ge=0)
    """How many questions it may put to a model, each repaired on its own. 0 for code agents."""

    prompt_tokens: int = Field(default=0, ge=0)
    """Largest prompt of one call, in tokens; a longer one fails as `too_large`."""

    answer_tokens: int = Field(default=0, ge=0)
    """Largest answer of one call, in tokens."""

    seconds: int = Field(default=60, ge=1)
    """How long one attempt of the whole step may take."""


class AgentDeclaration(Part):
    """What an agent receives, what it produces, and how it may be run.

    A received type is `Draft@1` (one value), `[Section@1]` (all items of a list slot, in order)
    or `Outline@1.sections[]` (the one element that a fan-out hands over).
    """

    name: str = Field(pattern=r"^([a-z]+:)?[a-z][a-z0-9_]*$")
    """With a colon in agents that the compiler makes: `flow:article`, `remember:covered`."""

    version: int = Field(ge=1)
    """Raised when the same inputs may lead to another result; running flows pin it."""

    kind: AgentKind
    summary: str
    receives: dict[str, str]
    optional: tuple[str, ...] = ()
    """Inputs it can do without; they are None when there is no fresh value."""

    produces: str
    about: tuple[str, ...] = ()
    """Inputs that the product reports on: a new version of one makes the report stale."""

    verifies: bool = False
    """Whether the product is a report that can vouch for what it is about."""

    vouches_when: str = ""
    """When its report speaks for what it is about, a rule on its own fields, `unsupported == 0`;
    empty: whatever it says."""

    publishes: bool = False
    """Whether it has an effect outside the system."""

    pure: bool = False
    """Memory in, memory out, no network, idempotent, done in two seconds: may run locally."""

    trust: Trust = Trust.OPERATOR
    """The most its product can be trusted: `model` for models, `untrusted` for retrieved text."""

    model: str = ""
    """The alias of the model it asks; empty for code agents."""

    rungs: tuple[str, ...] = ()
    """Its ways of asking, strongest demand first; one prompt file each."""

    limits: AgentLimits = Field(default_factory=AgentLimits)
