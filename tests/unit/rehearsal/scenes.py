"""Runs in rehearsal as they may have gone, for those who judge and report."""

from contracts.failure import FailureKind
from services.rehearsal.cells import Base, Cell
from services.rehearsal.faults import Change, Injection, Person, Port
from services.rehearsal.scene import Scene, Target
from services.rehearsal.seen import Seen
from services.rehearsal.ways import Way

WAY = Way("plain", {})
NAME = Injection(Port.ANSWER, Change.NAME, "a name is put in", "3.3")
REFUSED = Injection(Port.AGENT, FailureKind.REFUSED, "the agent fails", "3.1")
OLD = Injection(Port.GATE, Person.OLD_DIGEST, "a decision about something else", "1.4")
GOOD = Seen(
    outcome="succeeded",
    end="done",
    kind="",
    repaired=0,
    retried=0,
    restored=0,
    fell_back=0,
    asked=(),
    route=("write", "done"),
    output="a" * 64,
    carried="# Title\n\nA sentence.",
    calls=2,
    seconds=0.5,
)


def scene(injection: Injection, *traces: str) -> Scene:
    """A run into which something was injected."""
    return Scene("t", WAY, Target(injection, "write"), traces=list(traces), fired=1)


def cell(injection: Injection) -> Cell:
    """A line of the table that can be rehearsed."""
    return Cell(Target(injection, "write"), Base(Scene("way", WAY), GOOD))
