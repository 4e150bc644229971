"""Poison on a real Temporal server: it ends its own run at once, with a reason, and no other."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.failure import FailureKind
from contracts.reference import Value
from contracts.run import DecisionRequest, RunStatus, RunView
from contracts.work import RunStart
from services.agents.base import Given
from tests.harness import Harness, harness
from tests.servers.small_flows import GATE, ONE
from tests.toys import Note, ToyFlow, toy, toy_flow
from workflows import names

pytestmark = [pytest.mark.servers, pytest.mark.guarantee("poison-stays-alone")]

AT_ONCE = 10
"""Seconds: far below what any repetition of a task would take."""


def _flow(body: str = ONE) -> ToyFlow:
    return toy_flow(body, toy("one", lambda given: Note(text="ok")))


def _raw(data: bytes, encoding: bytes = b"json/plain") -> RawValue:
    return RawValue(Payload(metadata={"encoding": encoding}, data=data))


def _start(bench: Harness, body: str, run: str = "poisoned") -> RunStart:
    flow = Value(digest=digest(body.encode()), size=len(body), body=body)
    value = Value(digest=digest(b"{}"), size=2, body="{}")
    return RunStart(tenant=bench.queue, run=run, flow=flow, input={"start": value})


async def _begin(
    bench: Harness, *arguments: RawValue | RunStart, run: str = "poisoned"
) -> WorkflowHandle[object, object]:
    return await bench.client.start_workflow(
        names.WORKFLOW_TYPE,
        args=arguments,
        id=names.workflow_id(bench.queue, run),
        task_queue=bench.queue,
    )


async def _told(handle: WorkflowHandle[object, object]) -> str:
    """What the Temporal UI shows as the run's failure."""
    async with asyncio.timeout(AT_ONCE):
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.message


async def _healthy(bench: Harness) -> RunView:
    """What becomes of another run on the same worker."""
    async with asyncio.timeout(AT_ONCE):
        return await bench.ended((await bench.runs.start("toy", {})).run)


STARTS = {
    "no JSON": (b"\xff\xfe not JSON", b"json/plain", "is not JSON"),
    "half of it": (b'{"tenant": "t", "run', b"json/plain", "is not JSON"),
    "an unknown encoding": (b"{}", b"json/sealed", "unknown encoding"),
    "an encoding that is no text": (b"{}", b"\xff", "unknown encoding"),
    "missing fields": (b"{}", b"json/plain", "does not fit: tenant; run; flow"),
    "null": (b"null", b"json/plain", "does not fit: the whole"),
}


@pytest.mark.parametrize("poison", STARTS)
async def test_a_start_that_cannot_be_read_fails_its_run_alone(
    temporal_address: str, poison: str
) -> None:
    """The reason stands in Temporal and in `runs show`, and another run on the worker succeeds."""
    data, encoding, reason = STARTS[poison]
    bench = await harness(temporal_address, _flow())
    async with bench.worker():
        told = await _told(await _begin(bench, _raw(data, encoding)))
        healthy = await _healthy(bench)

    shown = await bench.runs.get("poisoned")
    assert reason in told
    assert (shown.status, shown.reason) == (RunStatus.FAILED, told)
    assert healthy.status is RunStatus.SUCCEEDED


async def test_a_start_without_an_argument_fails_its_run_alone(temporal_address: str) -> None:
    """A run that was started with nothing at all ends instead of being tried for ever."""
    bench = await harness(temporal_address, _flow())
    async with bench.worker():
        told = await _told(await _begin(bench))
        healthy = await _healthy(bench)

    assert told.startswith("TypeError")
    assert (await bench.runs.get("poisoned")).status is RunStatus.FAILED
    assert healthy.status is RunStatus.SUCCEEDED


def _future(flow: CompiledFlow) -> str:
    return flow.encode().decode().replace('"outcome":"failed"', '"outcome":"paused"')


def _headless(flow: CompiledFlow) -> str:
    return flow.encode().decode()[1:]


@pytest.mark.parametrize("poisoned", [_future, _headless], ids=["unknown word", "cut"])
async def test_a_compiled_flow_that_cannot_be_read_fails_its_run_alone(
    temporal_address: str, poisoned: object
) -> None:
    """A flow compiled by a newer program, or damaged, ends the run with a readable reason."""
    assert callable(poisoned)
    toys = _flow()
    bench = await harness(temporal_address, toys)
    async with bench.worker():
        told = await _told(await _begin(bench, _start(bench, poisoned(toys.flow))))
        healthy = await _healthy(bench)

    shown = await bench.runs.get("poisoned")
    assert "cannot be read by this worker" in told
    assert (shown.status, shown.reason) == (RunStatus.FAILED, told)
    assert healthy.status is RunStatus.SUCCEEDED


async def test_progress_with_an_unknown_word_fails_its_run_alone(temporal_address: str) -> None:
    """What an execution hands to the next is checked as any start is."""
    toys = _flow()
    bench = await harness(temporal_address, toys)
    budget = toys.flow.budget.model_dump_json()
    event = '{"seq":1,"kind":"not_yet_known","at_ms":0}'
    progress = f'{{"place":"one","budget":{budget},"pending":[{event}]}}'
    start = _start(bench, toys.flow.encode().decode()).model_dump_json(exclude={"progress"})
    async with bench.worker():
        handle = await _begin(bench, _raw(f'{start[:-1]},"progress":{progress}}}'.encode()))
        told = await _told(handle)
        healthy = await _healthy(bench)

    assert "does not fit: progress.pending.0.kind" in told
    assert (await bench.runs.get("poisoned")).reason == told
    assert healthy.status is RunStatus.SUCCEEDED


class _Held:
    """An agent's work that goes on until the test lets it go."""

    def __init__(self) -> None:
        self.begun, self.free = asyncio.Event(), asyncio.Event()

    async def __call__(self, given: Given) -> Note:
        self.begun.set()
        await self.free.wait()
        return Note(text="ok")


RESULTS = {
    "no JSON": (b"{", b"json/plain", "is not JSON"),
    "an unknown encoding": (b"{}", b"json/sealed", "unknown encoding"),
    "missing fields": (b"{}", b"json/plain", "does not fit: value"),
}


@pytest.mark.parametrize("poison", RESULTS)
async def test_a_result_that_cannot_be_read_fails_its_run_alone(
    temporal_address: str, poison: str
) -> None:
    """A step's result that is not one ends the run, which still tells what came before it."""
    data, encoding, reason = RESULTS[poison]
    held = _Held()
    bench = await harness(temporal_address, toy_flow(ONE, toy("one", held)))
    async with bench.worker():
        run = (await bench.runs.start("toy", {})).run
        await held.begun.wait()
        handle = bench.runs.handle(run)
        pending = (await handle.describe()).raw_description.pending_activities
        step = bench.client.get_async_activity_handle(
            workflow_id=handle.id, run_id=None, activity_id=pending[0].activity_id
        )
        await step.complete(_raw(data, encoding))
        told = await _told(bench.client.get_workflow_handle(handle.id))
        held.free.set()
        healthy = await _healthy(bench)

    shown = await bench.runs.get(run)
    assert reason in told
    assert (shown.status, shown.reason) == (RunStatus.FAILED, told)
    assert [step.step for step in await bench.runs.steps(run)] == ["one"]
    assert healthy.status is RunStatus.SUCCEEDED


async def test_decisions_that_cannot_be_read_are_refused_and_the_gate_stays(
    temporal_address: str,
) -> None:
    """A poisoned update or signal changes nothing: the right decision is taken afterwards."""
    bench = await harness(temporal_address, _flow(GATE))
    async with bench.worker():
        run = (await bench.runs.start("toy", {})).run
        handle = bench.runs.handle(run)
        waiting = await bench.waiting(run)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(names.DECIDE, _raw(b"{"))
        await handle.signal(names.DECIDE_LATER, _raw(b"{}", b"json/sealed"))
        request = DecisionRequest(shown=waiting.shown, who="eva", verdict="approve")
        await bench.gates.decide(run, "approve", request)
        ended = await bench.ended(run)

    assert isinstance(refused.value.cause, ApplicationError)
    assert "is not JSON" in refused.value.cause.message
    assert ended.status is RunStatus.SUCCEEDED


@workflow.defn(name="foreign")
class Foreign:
    """Gives a worker a task that it cannot read."""

    @workflow.run
    async def run(self, queue: str, activity: str) -> None:
        await workflow.execute_activity(
            activity,
            RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{}")),
            task_queue=queue,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(maximum_attempts=50),
        )


@pytest.mark.parametrize("activity", ["step", "flush", "seal"])
async def test_a_task_that_cannot_be_read_is_never_tried_again(
    temporal_address: str, activity: str
) -> None:
    """With fifty attempts allowed, the first is the last, and its kind is `unreadable`."""
    bench = await harness(temporal_address, _flow())
    queue = f"{bench.queue}-foreign"
    foreign = Worker(
        bench.client,
        task_queue=queue,
        workflows=[Foreign],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with bench.worker(), foreign, asyncio.timeout(AT_ONCE):
        with pytest.raises(WorkflowFailureError) as failed:
            await bench.client.execute_workflow(
                Foreign.run, args=[bench.queue, activity], id=queue, task_queue=queue
            )

    assert isinstance(failed.value.cause, ActivityError)
    cause = failed.value.cause.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, cause.non_retryable) == (FailureKind.UNREADABLE, True)
    assert "does not fit: tenant; run" in cause.message


def _with_slot(contract: str) -> ToyFlow:
    toys = _flow()
    slots = {**toys.flow.slots, "start": contract}
    return ToyFlow(toys.flow.model_copy(update={"slots": slots}), toys.agents)


NO_NOTE = b'{"score":"many"}'
DECISION = f'{{"verdict":"approve","who":"eva","shown":"{"0" * 64}"}}'.encode()
STORED = {
    "another shape": ("Note@1", NO_NOTE, "a stored Note does not fit its contract: score"),
    "an unknown version": ("Note@9", NO_NOTE, "no contract 'Note@9'"),
    "a missing migration": ("Decision@1", DECISION, "no migration leads from Decision@1 to Note@1"),
}


@pytest.mark.parametrize("poison", STORED)
async def test_a_stored_value_that_cannot_be_read_fails_its_run_alone(
    temporal_address: str, poison: str
) -> None:
    """A value of an unknown version or another shape is `unreadable`, and read once."""
    contract, body, reason = STORED[poison]
    bench = await harness(temporal_address, _with_slot(contract))
    value = Value(digest=digest(body), size=len(body), body=body.decode())
    compiled = bench.runs.shelf.get("toy").encode()
    start = _start(bench, compiled.decode()).model_copy(update={"input": {"start": value}})
    bodies = {value.digest: body, digest(compiled): compiled}
    await bench.memory.write(bench.queue, "poisoned", bodies)
    async with bench.worker():
        told = await _told(await _begin(bench, start))

    shown = await bench.runs.get("poisoned")
    assert reason in told
    assert shown.failure is not None
    assert (shown.status, shown.failure.kind) == (RunStatus.FAILED, FailureKind.UNREADABLE)
    assert [step.attempt for step in await bench.runs.steps("poisoned")] == [1]
