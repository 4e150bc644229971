"""The port through which calls to models are let in, for all workers together, and its words.

What a call asks and answers is the business of `services.llm`; who waits for how long is said here.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

from pydantic import Field

from contracts.base import Part
from contracts.failure import RETRIED, FailureKind

COUNTED: Final = RETRIED
"""The failures that say something of the endpoint. Any other is an answer: the endpoint works."""


class Target(Part):
    """One model at one endpoint."""

    endpoint: str
    """Host and port, without user and password."""

    model: str


class Limits(Part):
    """What may be asked of one model by all workers together; 0 is without limit."""

    concurrency: int = Field(default=0, ge=0)
    requests_a_minute: int = Field(default=0, ge=0)
    tokens_a_minute: int = Field(default=0, ge=0)

    @property
    def any(self) -> bool:
        """Whether there is a limit at all."""
        return bool(self.concurrency or self.requests_a_minute or self.tokens_a_minute)

    def narrowed(self, other: "Limits") -> "Limits":
        """Take the narrower of each; 0 is the widest."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Limits(
            **{name: min(filter(None, (mine[name], theirs[name])), default=0) for name in mine}
        )


class Rules(Part):
    """When a breaker opens, and for how long."""

    failures: int = Field(default=5, ge=1)
    """In a row, over all workers. Envoy's outlier detection begins with the same five."""

    window_ms: int = Field(default=300_000, ge=1)
    """A failure older than this no longer counts."""

    cooldown_ms: int = Field(default=5_000, ge=1)
    """From opening to the first probe; doubled after each probe that fails. Polly's default."""

    longest_ms: int = Field(default=300_000, ge=1)
    """No breaker is open for longer without a probe; Envoy's limit to an ejection."""

    lease_ms: int = Field(default=15_000, ge=1)
    """A probe or a call that is not renewed for so long is taken for dead."""


class Call(Part):
    """A call that asks to be let in."""

    ticket: str
    """Its own name, never used for another call."""

    target: Target
    tenant: str = ""
    tokens: int = Field(default=0, ge=0)
    """The most it may use, prompt and answer together."""


class Entry(Part):
    """A call was let in."""

    at_ms: int
    leased: bool
    """Whether it has to be renewed for as long as it goes on."""


class Refusal(Part):
    """A call was not let in; nothing was sent."""

    kind: FailureKind
    wait_ms: int
    """When asking again may help."""

    breaker_open: bool
    seen: dict[str, int] = Field(default_factory=dict)
    """The failures that opened the breaker, by kind."""


class Result(Part):
    """What became of a call."""

    kind: FailureKind | None = None
    """How it failed; None for an answer."""

    unknown: bool = False
    """Whether it was abandoned, so that it says nothing of the endpoint."""

    retry_after_ms: int = Field(default=0, ge=0)
    """How long the endpoint asked to wait."""

    tokens: int | None = None
    """What it used, where somebody counted."""


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One call at a time, as a probe."""


class Standing(Part):
    """How one model stands. Times in Unix milliseconds, 0 for none."""

    target: Target
    state: BreakerState = BreakerState.CLOSED
    open_since_ms: int = 0
    failures: dict[str, int] = Field(default_factory=dict)
    """By kind: those that opened it, or those in a row so far."""

    next_probe_ms: int = 0
    probing: bool = False
    paused_until_ms: int = 0
    """Until when the endpoint has asked everybody to wait."""

    in_flight: int = 0
    """Counted where the model has limits."""

    waiting: int = 0


class ModelHealth(Protocol):
    """Lets calls in and learns from what becomes of them."""

    async def enter(self, call: Call, limits: Limits, patience_seconds: float) -> Entry | Refusal:
        """Ask to be let in; waits for a free place, at most so long, with the tenants in turn.

        Whoever is let in leaves again.

        Raises:
            UnavailableError: what is shared cannot be reached.
        """
        ...

    async def renew(self, call: Call) -> None:
        """Say that the call still goes on.

        Raises:
            UnavailableError: what is shared cannot be reached.
        """
        ...

    async def leave(self, call: Call, entry: Entry, result: Result, limits: Limits) -> None:
        """Say what became of a call, once.

        Raises:
            UnavailableError: what is shared cannot be reached.
        """
        ...

    async def standings(self) -> Sequence[Standing]:
        """Tell how each model stands of which something is known, by endpoint and model.

        Raises:
            UnavailableError: what is shared cannot be reached.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
