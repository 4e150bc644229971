"""A run's history in Temporal, over all its executions: the durable second copy of its values."""

import json
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from google.protobuf.message import Message
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from contracts.event import Event
from contracts.reference import Digest
from contracts.work import RunOutcome, RunStart, StepResult
from services.errors import NotFoundError, UnavailableError
from workflows.names import workflow_id


@dataclass
class Told:
    """What a run's history tells."""

    start: RunStart
    events: dict[int, Event] = field(default_factory=dict)
    """Transitions by number."""

    results: dict[int, StepResult] = field(default_factory=dict)
    """What each started piece of work returned, by the number of its start."""

    attempts: dict[int, int] = field(default_factory=dict)
    """How many attempts each piece of work has taken, by the number of its start."""

    activities: dict[str, int] = field(default_factory=dict)
    """The number of the start of each activity of the newest execution, by Temporal's id."""

    outcome: RunOutcome | None = None
    executions: int = 1

    def ordered(self) -> tuple[Event, ...]:
        """All transitions in the order the interpreter numbered them."""
        return tuple(self.events[seq] for seq in sorted(self.events))


class RunHistory:
    """Reads runs' histories; implements the memory's `HistorySource`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def find(self, tenant: str, run: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """See `HistorySource.find`."""
        missing = set(digests)
        found: dict[Digest, bytes] = {}
        async for event in self._chain(tenant, run):
            for payload in _payloads(event):
                if any(digest.encode() in payload.data for digest in missing):
                    for digest, body in _inlined(payload, missing):
                        found[digest] = body
                        missing.discard(digest)
            if not missing:
                break
        return found

    async def tell(self, tenant: str, run: str) -> Told:
        """Read everything a run's history tells of it.

        Raises:
            NotFoundError: there is no such run.
            UnavailableError: Temporal does not answer.
        """
        told: Told | None = None
        scheduled: dict[tuple[str, int], int] = {}
        execution = ""
        async for event in self._chain(tenant, run):
            if event.HasField("workflow_execution_started_event_attributes"):
                started = event.workflow_execution_started_event_attributes
                execution = started.original_execution_run_id
                start = RunStart.model_validate_json(started.input.payloads[0].data)
                if told is None:
                    told = Told(start)
                else:
                    # The chain is read from the newest execution back; the first start has no past.
                    told.executions += 1
                    told.start = start if start.progress is None else told.start
            assert told is not None, "a history begins with its start"
            _take(told, event, execution, scheduled)
        if told is None:
            raise NotFoundError(f"there is no run {run!r}; list them with `orchestra runs list`")
        return told

    async def _chain(self, tenant: str, run: str) -> AsyncIterator[HistoryEvent]:
        """Walk the newest execution, then the ones it continued, each from its beginning."""
        execution: str | None = None
        while True:
            handle: WorkflowHandle[object, object] = self._client.get_workflow_handle(
                workflow_id(tenant, run), run_id=execution
            )
            previous = ""
            try:
                async for event in handle.fetch_history_events(page_size=250):
                    if event.HasField("workflow_execution_started_event_attributes"):
                        started = event.workflow_execution_started_event_attributes
                        previous = started.continued_execution_run_id
                    yield event
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise UnavailableError(
                        "the Temporal server does not answer; try again when it does"
                    ) from error
                if execution is None:
                    raise NotFoundError(
                        f"there is no run {run!r}; list them with `orchestra runs list`"
                    ) from error
                return
            if not previous:
                return
            execution = previous


def _take(
    told: Told, event: HistoryEvent, execution: str, scheduled: dict[tuple[str, int], int]
) -> None:
    """Take one event into account; most kinds of event tell nothing."""
    match event.WhichOneof("attributes"):
        case "activity_task_scheduled_event_attributes":
            _scheduled(told, event, execution, scheduled)
        case "activity_task_started_event_attributes":
            begun = event.activity_task_started_event_attributes
            seq = scheduled.get((execution, begun.scheduled_event_id))
            if seq is not None:
                told.attempts[seq] = begun.attempt
        case "activity_task_completed_event_attributes":
            done = event.activity_task_completed_event_attributes
            seq = scheduled.get((execution, done.scheduled_event_id))
            if seq is not None:
                told.results[seq] = StepResult.model_validate_json(done.result.payloads[0].data)
        case "workflow_execution_completed_event_attributes":
            result = event.workflow_execution_completed_event_attributes.result
            _conclude(told, result.payloads[0].data)
        case "workflow_execution_failed_event_attributes":
            failure = event.workflow_execution_failed_event_attributes.failure
            details = failure.application_failure_info.details.payloads
            if details:
                _conclude(told, details[0].data)
        case _:
            return


def _scheduled(
    told: Told, event: HistoryEvent, execution: str, scheduled: dict[tuple[str, int], int]
) -> None:
    activity = event.activity_task_scheduled_event_attributes
    task = _json(activity.input.payloads[0])
    for each in _list(task.get("pending")):
        told_event = Event.model_validate_json(json.dumps(each))
        told.events[told_event.seq] = told_event
    seq = task.get("seq")
    if isinstance(seq, int):
        scheduled[execution, event.event_id] = seq
        if told.executions == 1:
            told.activities[activity.activity_id] = seq


def _conclude(told: Told, data: bytes) -> None:
    try:
        told.outcome = RunOutcome.model_validate_json(data)
    except ValidationError:
        return
    told.events.update({each.seq: each for each in told.outcome.last_events})


def _json(payload: Payload) -> dict[str, object]:
    decoded = json.loads(payload.data)
    return decoded if isinstance(decoded, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _payloads(message: Message) -> Iterator[Payload]:
    """Find every payload in an event, whatever kind of event it is, markers included."""
    if isinstance(message, Payload):
        yield message
        return
    for descriptor, value in message.ListFields():
        if descriptor.type != descriptor.TYPE_MESSAGE:
            continue
        for child in _children(value):
            yield from _payloads(child)


def _children(value: object) -> Iterator[Message]:
    """List the messages in a field: the one, the repeated ones or the values of a map."""
    if isinstance(value, Message):
        yield value
    elif isinstance(value, Mapping):
        yield from (each for each in value.values() if isinstance(each, Message))
    elif isinstance(value, Iterable):
        yield from (each for each in value if isinstance(each, Message))


def _inlined(payload: Payload, wanted: Collection[Digest]) -> Iterator[tuple[Digest, bytes]]:
    """Find inlined values, `{"digest": …, "body": …}`, anywhere in a payload."""
    try:
        waiting: list[object] = [json.loads(payload.data)]
    except ValueError:
        return
    while waiting:
        match waiting.pop():
            case {"digest": str() as digest, "body": str() as body} if digest in wanted:
                yield digest, body.encode()
            case dict() as mapping:
                waiting.extend(mapping.values())
            case list() as items:
                waiting.extend(items)
