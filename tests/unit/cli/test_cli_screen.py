"""Showing progress where no terminal is: lines that are only ever appended."""

import io

from rich.console import Console

from contracts.event import Event, EventKind
from contracts.failure import Failure, FailureKind
from services.cli.lines import Known
from services.cli.progress import Progress
from services.cli.screen import Appended, Terminal

KNOWN = Known(run="01K000000000000000000000AA", totals={"write": 2}, facts={}, follows={})


def told(*events: tuple[int, EventKind, str, dict[str, object]]) -> list[Event]:
    """Build events, one a second."""
    return [
        Event.model_validate(
            {"seq": seq, "kind": kind, "at_ms": at * 1000, "step": step, "visit": 1, **fields}
        )
        for at, (seq, kind, step, fields) in enumerate(events)
    ]


def printed(events: list[Event], known: Known = KNOWN) -> list[str]:
    """Show a run event by event and collect what was printed."""
    out = io.StringIO()
    screen = Appended(Console(file=out, width=100, highlight=False), clock=lambda: 60.0)
    progress = Progress()
    with screen.open():
        for event in events:
            progress = progress.take(event)
            screen.show(progress, known)
    return out.getvalue().splitlines()


def test_each_step_is_printed_once_when_it_is_over() -> None:
    """Nothing is printed of a step until the run has gone on."""
    events = told(
        (1, EventKind.RUN_STARTED, "", {}),
        (2, EventKind.STEP_STARTED, "research", {}),
        (3, EventKind.STEP_COMPLETED, "research", {}),
        (4, EventKind.HANDED_OFF, "research", {"to": "outline", "rule": "else"}),
        (5, EventKind.STEP_STARTED, "outline", {}),
    )

    assert printed(events) == [" ok    research                1.0s"]


def test_fan_out_prints_a_line_an_item_and_one_at_the_end() -> None:
    """A reader of a log sees a fan-out get on, and no line twice."""
    events = told(
        (1, EventKind.STEP_STARTED, "write", {"item": "s1"}),
        (2, EventKind.STEP_STARTED, "write", {"item": "s2"}),
        (1, EventKind.PRODUCED, "write", {"item": "s1"}),
        (2, EventKind.PRODUCED, "write", {"item": "s2"}),
        (3, EventKind.STEP_COMPLETED, "write", {"item": "s1"}),
        (4, EventKind.STEP_COMPLETED, "write", {"item": "s2"}),
        (5, EventKind.HANDED_OFF, "write", {"to": "assemble", "rule": "else"}),
    )

    assert printed(events) == [
        " run   write            1/2   60.0s",
        " ok    write            2/2    3.0s",
    ]


def test_remark_comes_at_once_below_a_line_about_its_step() -> None:
    """A rejected answer is told when it happens, and the line above says whose it is."""
    events = told(
        (1, EventKind.STEP_STARTED, "outline", {}),
        (1, EventKind.ANSWER_REJECTED, "outline", {"exchange": 1, "outcome": "empty"}),
        (1, EventKind.ANSWER_REJECTED, "outline", {"exchange": 2, "outcome": "empty"}),
        (2, EventKind.STEP_COMPLETED, "outline", {}),
        (3, EventKind.HANDED_OFF, "outline", {"to": "write", "rule": "else"}),
    )

    assert printed(events) == [
        " run   outline                60.0s",
        "       answer 1 rejected: empty: ",
        "       answer 2 rejected: empty: ",
        " ok    outline                 3.0s",
    ]


def test_failure_is_explained_below_its_line() -> None:
    """The reasons of a failure follow the line that says which step failed."""
    failure = Failure(kind=FailureKind.DENIED, message="the key was refused")
    events = told(
        (1, EventKind.STEP_STARTED, "outline", {}),
        (2, EventKind.STEP_FAILED, "outline", {"failure": failure}),
        (3, EventKind.HANDED_OFF, "outline", {"to": "failed", "rule": "on_failure.denied"}),
    )

    assert printed(events) == [
        " fail  outline                 1.0s   → failed",
        "       denied: the key was refused",
        "       remedy: Set a valid OPENAI_API_KEY for this endpoint and model.",
    ]


def test_gate_is_printed_when_it_opens_and_when_it_is_decided() -> None:
    """A log shows that a person is asked, and later what was decided."""
    events = told(
        (1, EventKind.GATE_OPENED, "approve", {"text": "editor", "digest": "b" * 64}),
        (2, EventKind.GATE_DECIDED, "approve", {"text": "anna", "outcome": "decided"}),
        (3, EventKind.HANDED_OFF, "approve", {"to": "publish", "rule": "x == 1"}),
    )

    rows = printed(events)

    assert rows[0].split() == ["gate", "approve", "editor", "decides"]
    assert rows[-1] == " ok    approve                 1.0s   decided by anna   → publish"


def test_terminal_leaves_what_is_over_and_what_waits() -> None:
    """On a terminal the lines of finished steps stay, and at last what had not ended."""
    out = io.StringIO()
    console = Console(file=out, width=100, highlight=False, force_terminal=False)
    screen = Terminal(console, clock=lambda: 60.0)
    progress = Progress()
    events = told(
        (1, EventKind.STEP_STARTED, "review", {}),
        (2, EventKind.STEP_COMPLETED, "review", {}),
        (3, EventKind.HANDED_OFF, "review", {"to": "approve", "rule": "x == 1"}),
        (4, EventKind.GATE_OPENED, "approve", {"text": "editor", "digest": "b" * 64}),
    )

    with screen.open():
        for event in events:
            progress = progress.take(event)
            screen.show(progress, KNOWN)

    rows = [row for row in out.getvalue().splitlines() if row.strip()]
    assert rows[0] == " ok    review                  1.0s   → approve"
    assert rows[-1].endswith("gates decide 01K000000000000000000000AA approve --verdict approve")
