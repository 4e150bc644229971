"""Two starts on one subject, on a real Temporal server: refused, queued, replaced or both run."""

import asyncio
from collections.abc import Callable

import pytest
from temporalio.client import WorkflowExecutionStatus

from contracts.batch import BatchRequest
from contracts.double_start import DoubleStart
from contracts.event import EventKind
from contracts.run import RunStatus, SteerRequest
from services.batches.batches import Batches
from services.errors import ConflictError, InputInvalidError
from services.runs.listing import Filters
from services.runs.runs import Started
from services.runs.steering import Steering
from tests.harness import Harness, harness
from tests.servers.gateway_caller import approval, gateway, open_gate
from tests.servers.small_flows import GATE
from tests.toys import HEAD, Note, ToyFlow, toy, toy_flow
from workflows import names

pytestmark = pytest.mark.servers

DECLARED = HEAD.replace(
    "input: {start: Note@1}", "input: {start: Note@1}\nsubject: start.text\ndouble_start: queue"
)


def _waiting(head: str = HEAD) -> ToyFlow:
    return toy_flow(GATE, toy("one", lambda given: given.one("start", Note)), head=head)


async def _start(bench: Harness, wanted: DoubleStart | None, subject: str = "soil") -> Started:
    return await bench.runs.start("toy", {}, subject=subject, on_conflict=wanted)


async def _until(bench: Harness, run: str, is_so: Callable[[RunStatus], bool]) -> RunStatus:
    for _ in range(200):
        status = (await bench.runs.summary(run)).status
        if is_so(status):
            return status
        await asyncio.sleep(0.05)
    raise AssertionError(f"the run did not come so far: {status}")


async def _approve(bench: Harness, run: str) -> None:
    gate = await bench.waiting(run)
    async with gateway(bench) as caller:
        shown = await open_gate(caller, run)
        await caller.post(f"/v1/runs/{run}/gates/{gate.gate}", json=approval(shown))
    await bench.ended(run)


async def test_one_of_many_starts_at_once_is_taken(temporal_address: str) -> None:
    """Of twenty starts at once, with no worker up, one is taken and named to the others."""
    bench = await harness(temporal_address, _waiting())

    tried = await asyncio.gather(
        *(_start(bench, DoubleStart.REFUSE) for _ in range(20)), return_exceptions=True
    )

    [taken] = [each for each in tried if isinstance(each, Started)]
    refused = [each for each in tried if isinstance(each, ConflictError)]
    assert len(refused) == 19
    assert [each for each in refused if f"run {taken.run} on the same subject" in str(each)]
    assert (await bench.runs.summary(taken.run)).status is RunStatus.QUEUED


async def test_a_subject_is_free_again_at_the_end_of_its_run(temporal_address: str) -> None:
    """While a run goes on others on its subject are refused, in any spelling; afterwards not."""
    bench = await harness(temporal_address, _waiting())

    async with bench.worker():
        first = await _start(bench, None)
        await bench.waiting(first.run)
        with pytest.raises(ConflictError, match=f"run {first.run} on the same subject"):
            await _start(bench, None, "  Soil ")
        other = await _start(bench, None, "water")
        await _approve(bench, first.run)
        again = await _start(bench, None)
        await bench.waiting(again.run)

    assert len({first.run, other.run, again.run}) == 3


async def test_a_terminated_run_does_not_keep_its_subject(temporal_address: str) -> None:
    """A run that could not tell its end gives way when somebody wants its subject."""
    bench = await harness(temporal_address, _waiting())

    async with bench.worker():
        first = await _start(bench, DoubleStart.REFUSE)
        await bench.waiting(first.run)
        await bench.runs.handle(first.run).terminate()
        second = await _start(bench, DoubleStart.REFUSE)
        await bench.waiting(second.run)

    assert first.run != second.run


async def test_queued_runs_begin_one_after_the_other(temporal_address: str) -> None:
    """A queued run exists at once, can be cancelled while it waits, and begins in its turn."""
    bench = await harness(temporal_address, _waiting())

    async with bench.worker():
        first, second, third = [await _start(bench, DoubleStart.QUEUE) for _ in range(3)]
        await bench.waiting(first.run)
        await _until(bench, second.run, lambda each: each is RunStatus.QUEUED)
        listed = await bench.runs.list(Filters(status=RunStatus.QUEUED))
        await bench.runs.cancel(second.run)
        cancelled = await bench.ended(second.run)
        waits = (await bench.runs.summary(third.run)).status
        await _approve(bench, first.run)
        await bench.waiting(third.run)

    told = await bench.runs.history.tell(bench.runs.tenant, second.run)
    assert {each.id for each in listed.runs} >= {second.run}
    assert (cancelled.status, waits) == (RunStatus.CANCELLED, RunStatus.QUEUED)
    assert EventKind.STEP_STARTED not in {each.kind for each in told.ordered()}


async def test_a_replaced_run_ends_before_the_new_one_begins(temporal_address: str) -> None:
    """Whoever replaces waits until the run at work, and whoever waited for it, were cancelled."""
    bench = await harness(temporal_address, _waiting())

    async with bench.worker():
        first = await _start(bench, DoubleStart.QUEUE)
        await bench.waiting(first.run)
        second = await _start(bench, DoubleStart.QUEUE)
        third = await _start(bench, DoubleStart.REPLACE)
        await bench.waiting(third.run)
        ended = [await bench.ended(each.run) for each in (first, second)]

    began = [await _first_step(bench, each.run) for each in (first, third)]
    assert [each.status for each in ended] == [RunStatus.CANCELLED] * 2
    assert began == sorted(began)
    assert await _told_end(bench, first.run) <= began[1]


async def _first_step(bench: Harness, run: str) -> int:
    told = await bench.runs.history.tell(bench.runs.tenant, run)
    return next(each.at_ms for each in told.ordered() if each.kind is EventKind.STEP_STARTED)


async def _told_end(bench: Harness, run: str) -> int:
    told = await bench.runs.history.tell(bench.runs.tenant, run)
    return next(each.at_ms for each in told.ordered() if each.kind is EventKind.RUN_ENDED)


async def test_claims_made_with_no_worker_up_are_kept(temporal_address: str) -> None:
    """Queued and repeated starts count once each, in their order, when a worker comes."""
    bench = await harness(temporal_address, _waiting())
    queue = DoubleStart.QUEUE

    first, again = [
        await bench.runs.start("toy", {}, idempotency_key="k", subject="soil", on_conflict=queue)
        for _ in range(2)
    ]
    second = await _start(bench, queue)
    async with bench.worker():
        await bench.waiting(first.run)
        await _until(bench, second.run, lambda each: each is RunStatus.QUEUED)
        await _approve(bench, first.run)
        await _approve(bench, second.run)
        subject = names.subject_workflow(bench.runs.tenant, names.subject_key("toy", "soil"))
        await bench.client.get_workflow_handle(subject).result()

    described = await bench.client.get_workflow_handle(subject).describe()
    assert (first.run, again.replayed) == (again.run, True)
    assert described.status is WorkflowExecutionStatus.COMPLETED


async def test_a_flow_declares_its_subject(temporal_address: str) -> None:
    """A flow says from which field the subject is read and what then happens, batches included."""
    bench = await harness(temporal_address, _waiting(DECLARED))
    batches = Batches(bench.runs)

    async with bench.worker():
        first = await bench.runs.start("toy", {"text": "soil"})
        await bench.waiting(first.run)
        begun = await batches.start(BatchRequest(flow="toy", rows="text\nsoil\nwater\n"))
        beside = await bench.runs.start("toy", {"text": "Soil"}, on_conflict=DoubleStart.ALLOW)
        await bench.waiting(beside.run)
        await _approve(bench, first.run)
        gates = await _gates(bench, 3)
        await batches.cancel(begun.batch)

    assert beside.run in gates
    assert first.run not in gates


async def _gates(bench: Harness, count: int) -> set[str]:
    for _ in range(200):
        waiting = {each.run for each in await bench.runs.waiting(Filters())}
        if len(waiting) == count:
            return waiting
        await asyncio.sleep(0.05)
    raise AssertionError(f"there wait {waiting}")


async def test_a_subject_has_to_be_named(temporal_address: str) -> None:
    """Who wants turns says on what, and is told so in the words of the request."""
    bench = await harness(temporal_address, _waiting())

    with pytest.raises(InputInvalidError, match="say what the run is about"):
        await _start(bench, DoubleStart.QUEUE, "")
    async with gateway(bench) as caller:
        body = {"flow": "toy", "input": {}, "subject": "soil"}
        first = await caller.post("/v1/runs", json=body)
        second = await caller.post("/v1/runs", json=body)
        unnamed = await caller.post(
            "/v1/runs", json={"flow": "toy", "input": {}, "on_conflict": "queue"}
        )

    assert (first.status_code, second.status_code) == (202, 409)
    assert first.json()["id"] in second.json()["detail"]
    assert [each["pointer"] for each in unnamed.json()["errors"]] == ["/subject"]


async def test_a_waiting_run_can_be_held_up(temporal_address: str) -> None:
    """A queued run that is paused meanwhile waits for both: its turn, and being let go on."""
    bench = await harness(temporal_address, _waiting())
    order = SteerRequest(who="eva")

    async with bench.worker():
        first = await _start(bench, DoubleStart.QUEUE)
        second = await _start(bench, DoubleStart.QUEUE)
        await bench.waiting(first.run)
        await Steering(bench.runs).pause(second.run, order)
        await _approve(bench, first.run)
        await _until(bench, second.run, lambda each: each is RunStatus.PAUSED)
        await Steering(bench.runs).resume(second.run, order)
        await bench.waiting(second.run)
