"""A witness: what every agent and person would answer for a run to go wrong as a finding says."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Part
from contracts.failure import FailureKind
from contracts.reference import FactValue

FactsGiven = dict[str, FactValue]
"""Facts of one value, by path; only those that some rule looks at."""


class Answered(Part):
    """A step answers with a value of these facts."""

    kind: Literal["answered"] = "answered"
    node: str
    facts: FactsGiven = Field(default_factory=dict)


class Failed(Part):
    """A step fails in one way, its repairs and retries used up."""

    kind: Literal["failed"] = "failed"
    node: str
    failure: FailureKind


class Decided(Part):
    """A person decides at a gate."""

    kind: Literal["decided"] = "decided"
    node: str
    verdict: str
    facts: FactsGiven = Field(default_factory=dict)
    """Further facts of the decision, where rules look at them."""

    edited: FactsGiven | None = None
    """Facts of the edited value; None where nothing is edited."""


class Handled(Part):
    """A person answers a failure."""

    kind: Literal["handled"] = "handled"
    node: str
    action: Literal["retry", "supply", "raise_budget", "go", "stop"]
    facts: FactsGiven = Field(default_factory=dict)
    """Facts of what is supplied."""

    to: str = ""
    """Where the run is sent, with `go`."""


class Expired(Part):
    """Nobody decides in time."""

    kind: Literal["expired"] = "expired"
    node: str


Move = Annotated[Answered | Failed | Decided | Handled | Expired, Field(discriminator="kind")]


class Witness(Part):
    """The moves that lead a run to where it goes wrong, in order from the start."""

    given: dict[str, FactsGiven] = Field(default_factory=dict)
    """Facts of the run's inputs, by slot; only those that some rule looks at."""

    without: tuple[str, ...] = ()
    """The slots of optional entries of memory that the run starts without."""

    moves: tuple[Move, ...]
    at: str
    """The step, gate or end where the run goes wrong."""

    repeats_from: int | None = None
    """For an endless run: the moves from this one on (from 0) come again for ever."""
