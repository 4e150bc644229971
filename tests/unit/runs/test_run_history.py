"""A run's history as the durable second copy: read whole, over all its executions."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import (
    ActivityTaskCompletedEventAttributes,
    ActivityTaskScheduledEventAttributes,
    HistoryEvent,
    WorkflowExecutionCompletedEventAttributes,
    WorkflowExecutionStartedEventAttributes,
)
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.event import EventKind
from contracts.reference import Value
from contracts.run import StepStatus
from contracts.work import RunOutcome, RunStart, StepResult
from services.errors import NotFoundError, UnavailableError
from services.runs import view
from services.runs.history import RunHistory, Told
from services.runs.open_gates import open_gate
from tests.toys import Note
from tests.unit.memory.kept import an_event
from tests.unit.workflows.runs import BUDGET, a_start, asking_flow

RECORDED = {
    f"{path.parent.name}/{path.stem}": path.read_text("utf-8")
    for path in sorted((Path(__file__).parents[2] / "replay" / "histories").glob("*/*.json"))
}


WHOLE = [name for name in RECORDED if not name.endswith("/continued")]
"""A history that was continued lacks the beginning, which an earlier one has."""

ENDED = [name for name in WHOLE if not name.endswith("/cancelled")]


class Handle:
    """One execution of a run."""

    def __init__(self, events: Sequence[HistoryEvent], error: RPCError | None) -> None:
        self._events = events
        self._error = error

    async def fetch_history_events(self, **options: object) -> AsyncIterator[HistoryEvent]:
        """Read its history."""
        if self._error:
            raise self._error
        for event in self._events:
            yield event


class Server:
    """Stands for Temporal's client: the histories of one run's executions, newest first."""

    def __init__(self, *executions: tuple[str, Sequence[HistoryEvent]]) -> None:
        self._executions = dict(executions)
        self._newest = executions[0][0] if executions else ""
        self.refuses: RPCStatusCode | None = None

    def get_workflow_handle(self, workflow: str, *, run_id: str | None) -> Handle:
        """Find an execution, the newest unless one is named."""
        name = run_id or self._newest
        status = self.refuses or (None if name in self._executions else RPCStatusCode.NOT_FOUND)
        error = RPCError("refused", status, b"") if status else None
        return Handle(self._executions.get(name, ()), error)

    def history(self) -> RunHistory:
        """Read from here."""
        return RunHistory(cast("Client", self))


def _recorded(name: str) -> Server:
    return Server((name, WorkflowHistory.from_json(name, RECORDED[name]).events))


def _carried(node: object) -> dict[str, bytes]:
    """Find every value that a recorded history carries, wherever it stands."""
    found: dict[str, bytes] = {}
    waiting = [node]
    while waiting:
        match waiting.pop():
            case {"digest": str() as address, "body": str() as body}:
                found[address] = body.encode()
            case dict() as mapping:
                waiting.extend(mapping.values())
            case list() as items:
                waiting.extend(items)
    return found


def _payload(value: object) -> Payload:
    text = value if isinstance(value, str) else cast("Any", value).model_dump_json()
    return Payload(metadata={"encoding": b"json/plain"}, data=text.encode())


def _payloads(value: object) -> Payloads:
    return Payloads(payloads=[_payload(value)])


def _begun(start: RunStart, run_id: str, continued: str = "") -> HistoryEvent:
    return HistoryEvent(
        event_id=1,
        workflow_execution_started_event_attributes=WorkflowExecutionStartedEventAttributes(
            input=_payloads(start),
            original_execution_run_id=run_id,
            continued_execution_run_id=continued,
        ),
    )


def _scheduled(event_id: int, seq: int, *texts: str) -> HistoryEvent:
    pending = [
        an_event(number, text).model_dump(mode="json") for number, text in enumerate(texts, seq)
    ]
    return HistoryEvent(
        event_id=event_id,
        activity_task_scheduled_event_attributes=ActivityTaskScheduledEventAttributes(
            input=_payloads(json.dumps({"seq": seq, "pending": pending}))
        ),
    )


def _done(event_id: int, scheduled: int, result: StepResult) -> HistoryEvent:
    return HistoryEvent(
        event_id=event_id,
        activity_task_completed_event_attributes=ActivityTaskCompletedEventAttributes(
            scheduled_event_id=scheduled, result=_payloads(result)
        ),
    )


def _value(text: str) -> Value:
    body = Note(text=text).encode()
    return Value(digest=digest(body), size=len(body), body=body.decode())


def _ended(event_id: int, outcome: RunOutcome) -> HistoryEvent:
    return HistoryEvent(
        event_id=event_id,
        workflow_execution_completed_event_attributes=WorkflowExecutionCompletedEventAttributes(
            result=_payloads(outcome)
        ),
    )


FLOW = asking_flow()
FIRST = a_start(FLOW, input={"start": _value("in")})
OUTCOME = RunOutcome(
    run="01RUN", outcome="succeeded", end="done", last_events=(an_event(5, "fifth"),)
)


def _continued() -> Server:
    """A run of two executions, as the server tells it: each history from its beginning."""
    progress = {"place": "two", "budget": BUDGET, "seq": 2}
    second = a_start(FLOW, input={}, progress=progress)
    return Server(
        (
            "new",
            [
                _begun(second, "new", continued="old"),
                _scheduled(2, 3, "third", "fourth"),
                _done(3, 2, StepResult(value=_value("second"))),
                _ended(4, OUTCOME),
            ],
        ),
        (
            "old",
            [
                _begun(FIRST, "old"),
                _scheduled(2, 1, "first", "second"),
                _done(3, 2, StepResult(value=_value("first"))),
            ],
        ),
    )


@pytest.mark.parametrize("name", RECORDED)
async def test_every_value_of_a_recorded_run_is_found(name: str) -> None:
    """Whatever a history carries, in inputs, results and markers, is found and whole."""
    events = WorkflowHistory.from_json(name, RECORDED[name]).events
    carried = {
        address: body
        for event in events
        for start in [event.workflow_execution_started_event_attributes]
        for payload in start.input.payloads
        for address, body in _carried(json.loads(payload.data)).items()
    }

    found = await _recorded(name).history().find("t", "r", [*carried, "0" * 64])

    assert carried
    assert found == carried
    assert all(digest(body) == address for address, body in found.items())


@pytest.mark.parametrize("name", RECORDED)
async def test_every_product_of_a_recorded_run_is_found(name: str) -> None:
    """What its steps made can be restored from a run's own history, local steps included."""
    told = await _recorded(name).history().tell("t", "r")
    made = {
        reference.digest
        for event in told.ordered()
        if event.kind is EventKind.STEP_COMPLETED
        for reference in event.references
    }

    found = await _recorded(name).history().find("t", "r", made)

    assert set(found) == made


@pytest.mark.parametrize("name", WHOLE)
async def test_a_recorded_run_tells_everything_without_gaps(name: str) -> None:
    """From history alone every transition is known, in its order, from the first to the last."""
    told = await _recorded(name).history().tell("t", "r")

    numbers = [event.seq for event in told.ordered()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert told.ordered()[0].kind is EventKind.RUN_STARTED
    assert told.ordered()[-1].kind is EventKind.RUN_ENDED


@pytest.mark.parametrize("name", ENDED)
async def test_a_recorded_run_can_be_shown(name: str) -> None:
    """Every view of an ended run is complete: nothing runs, nothing waits, it is at its end."""
    told = await _recorded(name).history().tell("t", "r")
    flow = CompiledFlow.decode(told.start.flow.body or "")

    assert told.outcome is not None
    assert view.place(told) == told.outcome.end
    assert open_gate(told, flow) is None
    assert {step.status for step in view.steps(told)} <= {
        StepStatus.COMPLETED,
        StepStatus.FAILED,
        StepStatus.DECIDED,
        StepStatus.EXPIRED,
    }


async def test_a_continued_run_tells_of_all_its_executions() -> None:
    """Transitions of every execution are told, with the input of the very first."""
    told = await _continued().history().tell("t", "r")

    assert [event.text for event in told.ordered()] == [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
    ]
    assert (told.executions, told.outcome) == (2, OUTCOME)
    assert told.start == FIRST


async def test_results_of_different_executions_are_kept_apart() -> None:
    """Two executions number their events alike, and their results are not mixed up."""
    told = await _continued().history().tell("t", "r")

    assert {seq: result.value for seq, result in told.results.items()} == {
        1: _value("first"),
        3: _value("second"),
    }


@pytest.mark.parametrize("text", ["in", "first", "second"])
async def test_a_value_of_any_execution_is_found(text: str) -> None:
    """A value that only an earlier execution carries is found there."""
    wanted = _value(text)

    found = await _continued().history().find("t", "r", [wanted.digest])

    assert found == {wanted.digest: (wanted.body or "").encode()}


async def test_an_execution_that_is_gone_ends_the_walk() -> None:
    """When Temporal has dropped an old execution, what is left is told."""
    events = [_begun(a_start(FLOW, progress={"place": "two", "budget": BUDGET}), "new", "gone")]

    told = await Server(("new", events)).history().tell("t", "r")

    assert isinstance(told, Told)
    assert told.executions == 1


async def test_a_run_that_never_was_is_not_found() -> None:
    """An unknown run is named, with the command that lists the known ones."""
    with pytest.raises(NotFoundError, match="no run '01X'; list them with `orchestra runs list`"):
        await Server().history().tell("t", "01X")


@pytest.mark.parametrize("status", [RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED])
async def test_a_server_that_does_not_answer_is_unavailable(status: RPCStatusCode) -> None:
    """What cannot be read now may be readable later, and is not taken for lost."""
    server = _continued()
    server.refuses = status

    with pytest.raises(UnavailableError, match="does not answer"):
        await server.history().find("t", "r", ["0" * 64])


async def test_a_payload_that_is_no_json_is_passed_over() -> None:
    """Text that only mentions a digest carries no value."""
    wanted = _value("in")
    events = [_begun(FIRST.model_copy(update={"input": {}}), "new")]
    events[0].workflow_execution_started_event_attributes.header.fields["note"].CopyFrom(
        _payload(f"look for {wanted.digest}")
    )

    assert await Server(("new", events)).history().find("t", "r", [wanted.digest]) == {}
