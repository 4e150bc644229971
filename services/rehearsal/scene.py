"""One run in rehearsal: what is injected into it, and everything that was seen of it."""

from collections import Counter
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field

from contracts.event import Event, EventKind
from contracts.reference import Digest
from contracts.work import StepTask
from services.rehearsal.exchange import Exchange
from services.rehearsal.faults import Injection
from services.rehearsal.ways import Way


@dataclass(frozen=True)
class Target:
    """Where a fault strikes."""

    injection: Injection
    step: str
    """A step, or a gate."""

    agent: str = ""
    """The step's own agent; stand-ins are left alone."""

    item: str = ""
    """Of a fan-out: the one item that is struck."""

    seed: int = 0
    wait_ms: int = 1000
    """How long an endpoint asks to wait, where the fault is that it does."""

    setup: Injection | None = None
    """What leads to a gate that opens only when a step fails."""

    setup_step: str = ""


@dataclass
class Scene:
    """A run in rehearsal. Its tenant is its own, so that nothing of another's is touched."""

    tenant: str
    way: Way
    target: Target | None = None
    events: dict[str, Event] = field(default_factory=dict)
    """By identity: what memory was told more than once stands once."""

    values: dict[Digest, bytes] = field(default_factory=dict)
    """Everything that was written, as it was meant."""

    published: dict[str, bytes] = field(default_factory=dict)
    """By the place it was published at."""

    asked: dict[tuple[str, str], Exchange] = field(default_factory=dict)
    """The first good answer given for each step and item."""

    traces: list[str] = field(default_factory=list)
    """Texts that were injected; no published text may hold one."""

    gone: set[Digest] = field(default_factory=set)
    """What archive and history have lost."""

    refusals: list[str] = field(default_factory=list)
    """How decisions that should not count were refused."""

    attempts: Counter[tuple[str, int, str, str]] = field(default_factory=Counter)
    """How often each piece of work was begun, by step, visit, item and who stands in."""

    fired: int = 0
    """How often the fault was injected."""

    def hear(self, events: Iterable[Event]) -> None:
        """Take note of what a run tells."""
        for event in events:
            self.events.setdefault(event.identity(), event)

    def versions(self, slot: str) -> list[Digest]:
        """List the values that a slot has held so far, oldest first."""
        told = sorted(self.events.values(), key=lambda each: each.seq)
        held = [
            reference.digest
            for event in told
            if event.kind in (EventKind.STEP_COMPLETED, EventKind.GATE_DECIDED)
            for reference in event.references
            if reference.slot == slot
        ]
        return list(dict.fromkeys(held))


@dataclass(frozen=True)
class Attempt:
    """What the code that runs now is working on."""

    scene: Scene
    task: StepTask
    number: int

    def strikes(self, target: Target | None) -> bool:
        """Whether a fault is meant for this piece of work."""
        if target is None or target.step != self.task.step:
            return False
        return target.item in ("", self.task.item)


CURRENT: ContextVar[Attempt | None] = ContextVar("current attempt of a rehearsal", default=None)


class Died(BaseException):
    """The worker is gone. Nothing that handles errors may handle it."""


Scenes = dict[str, Scene]
"""Runs in rehearsal by tenant."""
