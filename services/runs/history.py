"""A run's history in Temporal, over all its executions: the durable second copy of its values."""

import json
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from google.protobuf.message import Message
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle, WorkflowHistoryEventFilterType
from temporalio.service import RPCError, RPCStatusCode

from contracts.event import Event
from contracts.failure import FailureKind
from contracts.reference import Digest
from contracts.work import GateDecision, RunOutcome, RunStart, StepResult
from services.errors import NotFoundError, StepError, UnavailableError
from workflows.names import DECIDE_LATER, workflow_id


class UnreadableRunError(StepError):
    """A run's start is not what this program reads; the run itself has failed of that at once."""

    def __init__(self, run: str) -> None:
        super().__init__(
            FailureKind.UNREADABLE,
            f"run {run!r} was started by a program that this one cannot read; ask one of its"
            " version",
        )


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

    decisions: list[GateDecision] = field(default_factory=list)
    """What people decided, whether a worker has taken it yet or not."""

    outcome: RunOutcome | None = None
    executions: int = 1

    def ordered(self) -> tuple[Event, ...]:
        """All transitions in the order the interpreter numbered them."""
        return tuple(self.events[seq] for seq in sorted(self.events))


@dataclass(frozen=True)
class Copies:
    """The values that a run's history carries."""

    bodies: dict[Digest, bytes]
    """Unverified, from all executions that Temporal still has."""

    lasting: frozenset[Digest]
    """Those that the newest execution carries; Temporal lets the older ones go before the run."""


class Telling:
    """Folds a run's history, its newest execution first and each from its beginning."""

    def __init__(self, run: str) -> None:
        self.told: Told | None = None
        self._run = run
        self._execution = ""
        self._scheduled: dict[tuple[str, int], int] = {}

    def take(self, event: HistoryEvent) -> None:
        """Take one event into account.

        Raises:
            UnreadableRunError: it begins an execution, and what with cannot be read.
        """
        if event.HasField("workflow_execution_started_event_attributes"):
            self._begin(event)
        assert self.told is not None, "a history begins with its start"
        with suppress(LookupError, ValueError):
            _take(self.told, event, self._execution, self._scheduled)

    def _begin(self, event: HistoryEvent) -> None:
        started = event.workflow_execution_started_event_attributes
        self._execution = started.original_execution_run_id
        start = _start(started.input.payloads, self._run)
        if self.told is None:
            self.told = Told(start)
        else:
            # What the oldest one that is still there began with is told of last.
            self.told.executions += 1
            self.told.start = start


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

    async def copies(self, tenant: str, run: str, digests: Collection[Digest]) -> Copies:
        """Find the values that a run's history carries; it is read to its end.

        Raises:
            NotFoundError: there is no such run.
            UnavailableError: Temporal does not answer.
        """
        wanted, executions = frozenset(digests), 0
        bodies: dict[Digest, bytes] = {}
        lasting: set[Digest] = set()
        async for event in self._chain(tenant, run):
            executions += event.HasField("workflow_execution_started_event_attributes")
            for payload in _payloads(event):
                found = dict(_inlined(payload, wanted))
                bodies |= found
                if executions == 1:
                    lasting |= set(found)
        return Copies(bodies, frozenset(lasting))

    async def tell(self, tenant: str, run: str) -> Told:
        """Read everything a run's history tells of it.

        A payload that cannot be read tells nothing, and hides nothing that others tell.

        Raises:
            NotFoundError: there is no such run.
            UnreadableRunError: what started it cannot be read.
            UnavailableError: Temporal does not answer.
        """
        telling = Telling(run)
        async for event in self._chain(tenant, run):
            telling.take(event)
        if telling.told is None:
            raise NotFoundError(f"there is no run {run!r}; list them with `orchestra runs list`")
        return telling.told

    async def ending(self, tenant: str, run: str) -> str:
        """Say in what words Temporal keeps why a run ended; empty while it goes on.

        Raises:
            UnavailableError: Temporal does not answer.
        """
        return await self.reason(workflow_id(tenant, run))

    async def reason(self, workflow: str) -> str:
        """Say the same of any workflow of ours, by its whole id; raises as `ending` does."""
        handle = self._client.get_workflow_handle(workflow)
        close = WorkflowHistoryEventFilterType.CLOSE_EVENT
        try:
            described = await handle.describe()
            if described.close_time is None:
                return ""
            events = [each async for each in handle.fetch_history_events(event_filter_type=close)]
        except RPCError as error:
            raise UnavailableError(
                "the Temporal server does not answer; try again when it does"
            ) from error
        return _ending(events[-1]) if events else ""

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


def _start(payloads: Sequence[Payload], run: str) -> RunStart:
    try:
        return RunStart.model_validate_json(payloads[0].data)
    except (LookupError, ValueError) as error:
        raise UnreadableRunError(run) from error


def _ending(event: HistoryEvent) -> str:
    match event.WhichOneof("attributes"):
        case "workflow_execution_failed_event_attributes":
            return event.workflow_execution_failed_event_attributes.failure.message
        case "workflow_execution_terminated_event_attributes":
            reason = event.workflow_execution_terminated_event_attributes.reason
            return f"Temporal terminated the run: {reason or 'no reason given'}"
        case "workflow_execution_timed_out_event_attributes":
            return "Temporal's own time limit for the run has passed"
        case "workflow_execution_canceled_event_attributes":
            return "somebody cancelled the run"
        case _:
            return ""


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
            _decided(told, event)


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


def _decided(told: Told, event: HistoryEvent) -> None:
    """Take a person's decision into account, whether it came by signal or by update."""
    signal = event.workflow_execution_signaled_event_attributes
    update = event.workflow_execution_update_accepted_event_attributes
    by_signal = signal.input.payloads if signal.signal_name == DECIDE_LATER else ()
    for payload in (*by_signal, *update.accepted_request.input.args.payloads):
        # Anybody may send a signal; one that is no decision tells nothing.
        with suppress(ValidationError):
            told.decisions.append(GateDecision.model_validate_json(payload.data))


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
