"""Folding events into progress, and writing it as lines."""

import pytest

from contracts.event import Event, EventKind
from contracts.failure import Failure, FailureKind
from contracts.reference import Reference, Trust
from contracts.run import GateView, StepStatus, StepView
from contracts.usage import Usage
from services.cli.lines import Known, Mark, line, lines, mark_of
from services.cli.progress import Progress

RUN = "01K000000000000000000000AA"
BEGAN = 1_000_000
KNOWN = Known(run=RUN, totals={}, facts={}, follows={})


def an_event(seq: int, kind: EventKind, step: str, seconds: float = 0, **fields: object) -> Event:
    """Build an event of the first visit."""
    return Event.model_validate(
        {
            "seq": seq,
            "kind": kind,
            "at_ms": BEGAN + int(seconds * 1000),
            "step": step,
            "visit": 1,
            **fields,
        }
    )


def a_reference(slot: str, digest: str = "a") -> Reference:
    """Build a reference to a value."""
    return Reference(
        slot=slot,
        ordinal=1,
        contract="EvidenceSet@1",
        digest=digest * 64,
        size=10,
        trust=Trust.UNTRUSTED,
        produced_by="research",
    )


def written(events: list[Event], known: Known = KNOWN, seconds: float = 9) -> list[str]:
    """Write all lines of a run that told these events."""
    progress = Progress()
    for event in events:
        progress = progress.take(event)
    return [
        row
        for each in lines(progress, known, BEGAN + int(seconds * 1000))
        for row in (each.text, *each.below)
    ]


RESEARCH = [
    an_event(2, EventKind.STEP_STARTED, "research"),
    an_event(3, EventKind.STEP_COMPLETED, "research", 2.1, references=(a_reference("evidence"),)),
    an_event(4, EventKind.HANDED_OFF, "research", 2.1, to="outline", rule="else"),
]


def test_finished_step_shows_seconds_and_facts() -> None:
    """A step that is over is one line with its name, its seconds and what it made."""
    known = Known(run=RUN, totals={}, facts={"a" * 64: "8 sources"}, follows={})

    assert written(RESEARCH, known) == [" ok    research                2.1s   8 sources"]


def test_running_step_counts_on_and_names_the_next() -> None:
    """A step at work shows the seconds so far, and the step that follows without a choice."""
    known = Known(run=RUN, totals={}, facts={}, follows={"outline": "write"})
    events = [*RESEARCH, an_event(5, EventKind.STEP_STARTED, "outline", 2.1)]

    assert written(events, known, seconds=4)[1:] == [
        " run   outline                 1.9s",
        " wait  write",
    ]


def test_fan_out_counts_items_that_their_activities_call_done() -> None:
    """An item counts as done when its activity says so, before the interpreter tells of it."""
    known = Known(run=RUN, totals={"write": 4}, facts={}, follows={})
    events = [
        an_event(5, EventKind.STEP_STARTED, "write", 1, item="s1"),
        an_event(6, EventKind.STEP_STARTED, "write", 1, item="s2"),
        an_event(5, EventKind.PRODUCED, "write", 3, item="s1", usage=Usage(output_tokens=600)),
    ]

    assert written(events, known, seconds=6.2) == [" run   write            1/4    5.2s   600 tok"]


def test_repeated_events_change_nothing() -> None:
    """An event that comes again after a broken connection is not counted twice."""
    assert written(RESEARCH + RESEARCH) == written(RESEARCH)


def test_usage_of_an_item_is_counted_once() -> None:
    """What an activity tells and what the interpreter tells of one item is one usage."""
    usage = Usage(calls=1, input_tokens=500, output_tokens=112, cost_microusd=4000)
    events = [
        an_event(5, EventKind.STEP_STARTED, "outline"),
        an_event(5, EventKind.PRODUCED, "outline", 1.9, usage=usage),
        an_event(6, EventKind.STEP_COMPLETED, "outline", 1.9, usage=usage),
    ]

    assert written(events) == [" ok    outline                 1.9s   612 tok  $0.0040"]


def test_rejected_answers_and_attempts_stand_below_their_step() -> None:
    """What went wrong on the way is told with the item it is about."""
    events = [
        an_event(5, EventKind.STEP_STARTED, "write", item="s2"),
        an_event(5, EventKind.ATTEMPT_STARTED, "write", item="s2", attempt=1),
        an_event(
            5,
            EventKind.ANSWER_REJECTED,
            "write",
            item="s2",
            attempt=1,
            exchange=1,
            outcome="rule_broken",
            text="'wombat' is not in\nthe evidence",
        ),
        an_event(5, EventKind.ATTEMPT_STARTED, "write", item="s2", attempt=2),
        an_event(5, EventKind.MEMORY_RESTORED, "write", item="s2", attempt=2, text="abc123"),
    ]

    assert written(events)[1:] == [
        "       s2: answer 1 rejected: rule_broken: 'wombat' is not in the evidence",
        "       s2: attempt 2",
        "       s2: memory had lost abc123; restored",
    ]


def test_failure_names_kind_reasons_remedy_and_way() -> None:
    """A step that failed says why, what to do, and where the run went."""
    failure = Failure(
        kind=FailureKind.EMPTY, step="outline", message="no words came", reasons=("empty",)
    )
    events = [
        an_event(5, EventKind.STEP_STARTED, "outline"),
        an_event(6, EventKind.STEP_FAILED, "outline", 1, failure=failure),
        an_event(7, EventKind.HANDED_OFF, "outline", 1, to="help", rule="on_failure.empty"),
    ]

    assert written(events) == [
        " fail  outline                 1.0s   → help",
        "       empty: no words came",
        "       - empty",
        "       remedy: Supply the value by hand or use a stronger model.",
    ]


def test_gate_says_who_decides_and_how() -> None:
    """A gate that waits shows the exact commands to look and to decide."""
    events = [
        an_event(
            8,
            EventKind.GATE_OPENED,
            "approve",
            text="editor",
            digest="b" * 64,
            deadline_ms=1_795_000_000_000,
        )
    ]

    assert written(events) == [
        " gate  approve                        editor decides until 2026-11-18 11:06 UTC",
        f"       look    orchestra gates show {RUN} approve",
        f"       decide  orchestra gates decide {RUN} approve --verdict approve",
    ]


def test_gate_about_a_failure_offers_an_action() -> None:
    """At a gate that answers failures the command names an action, not a verdict."""
    failure = Failure(kind=FailureKind.EMPTY, step="outline", message="no words came")
    events = [
        an_event(
            8, EventKind.GATE_OPENED, "help", text="operator", digest="b" * 64, failure=failure
        )
    ]

    told = written(events)

    assert "operator decides about outline" in told[0]
    assert told[-1].endswith(f"gates decide {RUN} help --action retry")


def test_decided_gate_says_who_and_where_it_led() -> None:
    """A gate that was decided is a line like any other step."""
    events = [
        an_event(8, EventKind.GATE_OPENED, "help", text="operator", digest="b" * 64),
        an_event(9, EventKind.GATE_DECIDED, "help", 12, outcome="retry", text="anna"),
        an_event(10, EventKind.HANDED_OFF, "help", 12, to="outline", rule="retry"),
    ]

    assert written(events) == [" ok    help                   12.0s   retry by anna   → outline"]


@pytest.mark.parametrize("kind", [EventKind.PAUSED, EventKind.RESUMED, EventKind.FELL_BACK])
def test_what_is_of_no_visit_changes_no_line(kind: EventKind) -> None:
    """Whoever watches a run goes on watching when it is held up, or let go on."""
    events = [*RESEARCH, an_event(9, kind, "research", 3, text="anna")]

    assert written(events) == written(RESEARCH)


def test_second_visit_is_a_line_of_its_own() -> None:
    """A step that is entered again is told apart from its first visit."""
    events = [*RESEARCH, an_event(9, EventKind.STEP_STARTED, "research", 3, visit=2)]

    assert [row.split()[1:3] for row in written(events)] == [
        ["research", "2.1s"],
        ["research", "(2)"],
    ]


def test_snapshot_tells_what_happened_before() -> None:
    """Whoever comes late sees the finished steps, and the gate with its commands."""
    steps = [
        StepView(
            seq=2,
            step="research",
            visit=1,
            status=StepStatus.COMPLETED,
            started_ms=BEGAN,
            ended_ms=BEGAN + 2100,
        ),
        StepView(seq=5, step="approve", visit=1, status=StepStatus.WAITING, started_ms=BEGAN),
    ]
    gate = GateView(
        run=RUN,
        flow="article",
        gate="approve",
        visit=1,
        role="editor",
        opened_ms=BEGAN,
        deadline_ms=BEGAN,
        shown="b" * 64,
    )

    progress = Progress().take_over(steps, gate)

    assert [mark_of(visit) for visit in progress.visits] == [Mark.OK, Mark.GATE]
    assert "editor decides" in line(progress.visits[1], KNOWN, BEGAN).text


def test_failure_that_a_gate_asks_about_is_not_its_own() -> None:
    """The gate's line carries neither the failure nor the cost of the step it asks about."""
    failure = Failure(
        kind=FailureKind.EMPTY, step="outline", message="", usage=Usage(calls=4, input_tokens=9)
    )
    waiting = StepView(
        seq=5,
        step="help",
        visit=1,
        status=StepStatus.WAITING,
        started_ms=BEGAN,
        failure=failure,
    )

    [visit] = Progress().take_over([waiting]).visits

    assert (visit.failures, visit.usage) == ((), Usage())


def test_end_closes_every_line() -> None:
    """Once the run has ended nothing is shown as going on, and what was cut short says so."""
    events = [
        an_event(5, EventKind.STEP_STARTED, "write", item="s1"),
        Event(seq=6, kind=EventKind.RUN_ENDED, at_ms=BEGAN, to="cancelled", outcome="cancelled"),
    ]

    assert written(events, Known(RUN, {}, {}, {"write": "assemble"})) == [
        " fail  write            0/1    0.0s",
        "       stopped before it was done",
    ]


def test_text_of_models_cannot_steer_the_terminal() -> None:
    """Control characters in what a run tells are shown as blanks."""
    rejected = an_event(5, EventKind.ANSWER_REJECTED, "write", exchange=1, text="\x1b[2Jgone\u202e")

    rows = written([an_event(5, EventKind.STEP_STARTED, "write"), rejected])

    assert rows[1].endswith("[2Jgone ")
    assert "\x1b" not in rows[1]
