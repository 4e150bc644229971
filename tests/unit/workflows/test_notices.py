"""What webhooks are told of a run: picked from its transitions, kept until it was told."""

from typing import Any

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.event import EventKind
from contracts.failure import Failure, FailureKind
from contracts.notice import Notice, NoticeKind
from contracts.usage import Usage
from contracts.work import Notified, RunProgress
from tests.unit.workflows.runs import a_reference, a_start, asking_flow
from workflows.state import RunState, Told


def begun(flow: CompiledFlow | None = None, **changes: Any) -> RunState:
    flow = flow or asking_flow()
    start = a_start(flow).model_copy(update={"notifies": True, **changes})
    return RunState.begin(start, flow, now_ms=1000)


def kinds(state: RunState) -> list[NoticeKind]:
    return [notice.kind for notice in state.notices.pending]


def test_runs_from_before_there_were_webhooks_are_silent() -> None:
    """Their starts say nothing of notices, and their histories have none."""
    state = begun(notifies=False)

    state.tell(EventKind.GATE_OPENED, 1, step="ask", text="editor")
    state.tell(EventKind.RUN_ENDED, 2, to="done", outcome="succeeded")

    assert state.notices.pending == ()


def test_what_concerns_nobody_outside_is_not_told() -> None:
    """Steps, ways and attempts are the run's own."""
    state = begun()

    state.tell(EventKind.RUN_STARTED, 1)
    state.tell(EventKind.STEP_COMPLETED, 2, step="one", agent="one", references=(a_reference(),))
    state.tell(EventKind.HANDED_OFF, 3, step="one", to="two")

    assert state.notices.pending == ()


def test_a_gate_is_told_with_its_role_and_deadline() -> None:
    """Who is asked, until when, and what a decision has to name."""
    state = begun()

    number = state.tell(
        EventKind.GATE_OPENED,
        5,
        step="ask",
        visit=1,
        text="editor",
        deadline_ms=99,
        digest=digest(b""),
    )

    [told] = state.notices.pending
    assert (told.kind, told.place, told.role) == (NoticeKind.GATE_OPENED, "ask", "editor")
    assert (told.deadline_ms, told.digest, told.at_ms) == (99, digest(b""), 5)
    assert told.id == f"{told.run}-{number}"


def test_a_wait_is_told_with_who_is_asked_by_then() -> None:
    """A reminder goes to the role that is asked now, and names what a decision has to name."""
    state = begun()
    asked = Told(step="ask", visit=1, role="chief", digest=digest(b""), deadline_ms=99)

    state.tell(EventKind.ESCALATED, 5, **asked)
    state.tell(EventKind.REMINDED, 6, **asked)

    assert [(each.kind, each.role) for each in state.notices.pending] == [
        (NoticeKind.GATE_ESCALATED, "chief"),
        (NoticeKind.GATE_REMINDED, "chief"),
    ]
    assert {(each.digest, each.deadline_ms) for each in state.notices.pending} == {
        (digest(b""), 99)
    }


def test_who_decided_is_not_told() -> None:
    """The notice names the gate's role and no person."""
    state = begun()

    state.tell(
        EventKind.GATE_DECIDED, 5, step="ask", visit=1, role="deputy", text="eva@example.com"
    )

    [told] = state.notices.pending
    assert told.role == "editor"
    assert "eva" not in told.model_dump_json()


def test_what_is_published_is_told() -> None:
    """By the digest of what the publishing step made."""
    flow = asking_flow()
    publishing = flow.agents["one"].model_copy(update={"publishes": True})
    state = begun(flow.model_copy(update={"agents": {"one": publishing}}))

    state.tell(EventKind.STEP_COMPLETED, 2, step="one", agent="one", references=(a_reference(),))

    [told] = state.notices.pending
    assert (told.kind, told.digest, told.contract) == (
        NoticeKind.RUN_PUBLISHED,
        "a" * 64,
        "Note@1",
    )


def test_an_end_is_told_with_what_was_made_and_spent() -> None:
    """The output's digest, and the cost so far."""
    state = begun()
    state.put("first", (a_reference(),), {})
    state.ledger.spent = Usage(cost_microusd=1_500_000)

    state.tell(EventKind.RUN_ENDED, 9, to="done", outcome="succeeded", text="")

    [told] = state.notices.pending
    assert (told.kind, told.place, told.digest) == (NoticeKind.RUN_SUCCEEDED, "done", "a" * 64)
    assert told.cost_usd == 1.5


def test_a_failure_is_told_by_its_kind_alone() -> None:
    """Its message may tell of what a model wrote, and stays inside."""
    state = begun()
    state.ask_about("one", 1, Failure(kind=FailureKind.DENIED, message="a secret answer"))

    state.tell(EventKind.RUN_ENDED, 9, to="failed", outcome="failed", text="a secret answer")

    [told] = state.notices.pending
    assert (told.kind, told.failure, told.reason) == (NoticeKind.RUN_FAILED, "denied", "")
    assert "secret" not in told.model_dump_json()


def test_a_run_that_ends_nowhere_is_told_of() -> None:
    """One that was cancelled, or that a bug has ended, comes to no declared end."""
    state = begun()

    state.tell(EventKind.RUN_ENDED, 9, to="cancelled", outcome="cancelled", text="x")

    assert kinds(state) == [NoticeKind.RUN_CANCELLED]


def test_what_was_told_is_forgotten_and_the_rest_kept() -> None:
    """An answer settles what was sent and nothing that came after."""
    state = begun()
    state.tell(EventKind.GATE_OPENED, 1, step="ask", text="editor")
    sent = state.notices.pending
    state.tell(EventKind.GATE_DECIDED, 2, step="ask", text="eva")

    state.notices.told(sent, Notified())

    assert kinds(state) == [NoticeKind.GATE_DECIDED]


def test_a_notice_is_due_when_somebody_asked_for_its_kind() -> None:
    """Otherwise it waits for what is told next, and costs nothing by itself."""
    state = begun()
    state.notices.told((), Notified(awaited=(NoticeKind.GATE_EXPIRED,)))
    state.tell(EventKind.GATE_DECIDED, 2, step="ask", text="eva")
    before = state.notices.is_due
    state.tell(EventKind.GATE_EXPIRED, 3, step="ask")

    assert (before, state.notices.is_due) == (False, True)


def test_a_next_execution_tells_what_the_one_before_has_left() -> None:
    """What is still to be told goes with the run's progress."""
    flow = asking_flow()
    state = begun(flow)
    state.tell(EventKind.GATE_DECIDED, 2, step="ask", text="eva")

    progress = state.progress()
    again = begun(flow, progress=RunProgress.model_validate_json(progress.model_dump_json()))

    assert again.notices.pending == state.notices.pending


def test_an_id_can_be_signed_and_stand_in_an_address() -> None:
    """A full stop would let one signed text be read as another."""
    told = Notice(
        kind=NoticeKind.RUN_FAILED, run="R1.lead/2", flow="toy", flow_version=1, seq=3, at_ms=0
    )

    assert told.id == "R1_lead_2-3"
