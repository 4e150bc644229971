"""Batches on a real Temporal server: every row once, so many at a time, stopped and gone on."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from contracts.batch import BatchRequest, BatchView, ListFormat
from contracts.run import RunStatus
from services.agents.base import Given
from services.batches.batches import Batches
from services.errors import (
    ConflictError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    UnavailableError,
)
from services.runs.listing import Filters
from tests.harness import Harness, harness
from tests.servers.gateway_caller import eventually, gateway
from tests.servers.small_flows import GATE, ONE
from tests.toys import Note, ToyFlow, toy, toy_flow

pytestmark = pytest.mark.servers


def _copying() -> ToyFlow:
    return toy_flow(ONE, toy("one", lambda given: given.one("start", Note), pure=True))


def _failing_on(*texts: str) -> ToyFlow:
    def work(given: Given) -> Note:
        note = given.one("start", Note)
        if note.text in texts:
            raise ValueError("it does not work")
        return note

    return toy_flow(ONE, toy("one", work))


class _Held:
    """A flow whose step waits until it is let go, and that notes how many are at work."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.at_work = 0
        self.most = 0

    def flow(self) -> ToyFlow:
        return toy_flow(ONE, toy("one", self._work))

    async def _work(self, given: Given) -> Note:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        await self.go.wait()
        await asyncio.sleep(0.05)
        self.at_work -= 1
        return given.one("start", Note)


def _request(*texts: str, **changes: object) -> BatchRequest:
    rows = "\n".join(["text", *texts])
    return BatchRequest.model_validate({"flow": "toy", "rows": rows} | changes)


async def _until(batches: Batches, batch: str, is_so: Callable[[BatchView], bool]) -> BatchView:
    for _ in range(200):
        found = await batches.views.get(batch)
        if is_so(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"the batch did not come so far: {found}")


async def _ended(bench: Harness, batch: str) -> BatchView:
    batches = Batches(bench.runs)
    await batches.views.handle(batch).result()
    return await batches.views.get(batch)


async def test_every_row_is_run_so_many_at_a_time(temporal_address: str) -> None:
    """Each row has one run of its own, no more are at work than was said, and all are reported."""
    held = _Held()
    bench = await harness(temporal_address, held.flow())
    batches = Batches(bench.runs)

    async with bench.worker():
        begun = await batches.start(_request("a", "b", "c", "d", "e", at_once=2))
        await _until(batches, begun.batch, lambda each: held.at_work == 2)
        held.go.set()
        ended = await _ended(bench, begun.batch)

    report = await batches.views.report(begun.batch)
    texts = [await bench.runs.result(each.run) for each in report.rows]
    assert (ended.status, ended.state.outcomes) == ("succeeded", {"succeeded": 5})
    assert held.most == 2
    assert [each.line for each in report.rows] == [2, 3, 4, 5, 6]
    assert [isinstance(each, dict) and each["text"] for each in texts] == list("abcde")
    assert len({each.run for each in report.rows}) == 5


async def test_failed_rows_are_tried_again_alone(temporal_address: str) -> None:
    """A retry makes new runs for the rows without a result, and keeps all others."""
    failing = await harness(temporal_address, _failing_on("b"))
    batches = Batches(failing.runs)

    async with failing.worker():
        begun = await batches.start(_request("a", "b", "c"))
        failed = await _ended(failing, begun.batch)
        before = await batches.views.report(begun.batch)
        count = await batches.retry(begun.batch)
        again = await _ended(failing, begun.batch)
        after = await batches.views.report(begun.batch)

    assert (failed.status, failed.state.outcomes) == ("failed", {"failed": 1, "succeeded": 2})
    assert "ValueError" in before.rows[1].reason
    assert (count, again.state.outcomes) == (1, {"failed": 1, "succeeded": 2})
    assert [each.attempt for each in after.rows] == [1, 2, 1]
    assert (before.rows[0], before.rows[2]) == (after.rows[0], after.rows[2])
    assert before.rows[1].run != after.rows[1].run


async def test_a_batch_stops_and_goes_on(temporal_address: str) -> None:
    """A paused batch begins no row, also when its worker is lost meanwhile; resumed it goes on."""
    bench = await harness(temporal_address, _copying())
    batches = Batches(bench.runs, patience=timedelta(seconds=0.5))
    begun = await batches.start(_request("a", "b", "c", at_once=1))
    await batches.pause(begun.batch, "too early")

    async with bench.worker():
        paused = await _until(batches, begun.batch, lambda each: each.state.paused)
    with pytest.raises(UnavailableError, match="no worker"):
        await batches.views.get(begun.batch)
    await batches.resume(begun.batch)
    async with bench.worker():
        ended = await _ended(bench, begun.batch)

    assert (paused.state.note, paused.state.waiting, paused.state.running) == ("too early", 3, {})
    assert ended.state.outcomes == {"succeeded": 3}
    with pytest.raises(ConflictError, match="ended"):
        await batches.pause(begun.batch, "")


async def test_a_cancelled_batch_cancels_its_runs(temporal_address: str) -> None:
    """Rows at work are cancelled and tell their end, others never begin; a retry has all."""
    flow = toy_flow(GATE, toy("one", lambda given: given.one("start", Note)))
    bench = await harness(temporal_address, flow)
    batches = Batches(bench.runs)

    async with bench.worker():
        begun = await batches.start(_request("a", "b", "c", at_once=2))
        gates = [await bench.waiting(run) for run in await _runs(bench, 2)]
        await batches.cancel(begun.batch)
        ended = await _ended(bench, begun.batch)
        stopped = [await bench.ended(gate.run) for gate in gates]
        count = await batches.retry(begun.batch)
        await _until(batches, begun.batch, lambda each: len(each.state.running) == 2)
        await batches.cancel(begun.batch)
        await _ended(bench, begun.batch)

    assert (ended.status, ended.state.outcomes) == ("cancelled", {"cancelled": 2})
    assert ended.state.waiting == 1
    assert [each.status for each in stopped] == [RunStatus.CANCELLED] * 2
    assert count == 3


async def _runs(bench: Harness, count: int) -> list[str]:
    for _ in range(200):
        waiting = await bench.runs.waiting(Filters())
        if len(waiting) == count:
            return [each.run for each in waiting]
        await asyncio.sleep(0.05)
    raise AssertionError("the runs do not wait")


async def test_a_long_batch_continues_as_new(temporal_address: str) -> None:
    """Past so many events a batch begins a fresh history, and loses or repeats no row."""
    bench = await harness(temporal_address, _copying())
    batches = Batches(bench.runs, history_limit=40)

    async with bench.worker():
        begun = await batches.start(_request(*"abcdefghijkl", at_once=3))
        ended = await _ended(bench, begun.batch)

    report = await batches.views.report(begun.batch)
    assert ended.state.outcomes == {"succeeded": 12}
    assert len({each.run for each in report.rows}) == 12


async def test_nothing_starts_while_a_row_does_not_fit(temporal_address: str) -> None:
    """Every problem of every row is told with its line, unless such rows are to be left out."""
    bench = await harness(temporal_address, _copying())
    batches = Batches(bench.runs)
    rows = "text,score\na,1\nb,101\nc,x\n"
    request = BatchRequest(flow="toy", rows=rows)

    with pytest.raises(InputInvalidError) as refused:
        await batches.start(request)
    begun = await batches.start(request.model_copy(update={"skip_invalid": True}))
    async with bench.worker():
        ended = await _ended(bench, begun.batch)

    assert [each.pointer for each in refused.value.problems] == ["/rows/3/score", "/rows/4/score"]
    assert (ended.rows, ended.skipped_rows) == (1, 2)
    assert [each.line for each in ended.skipped] == [3, 4]
    assert batches.check(request).rows == 1


async def test_the_same_key_gives_the_same_batch(temporal_address: str) -> None:
    """A repeated request finds its batch; another one under the same key is refused."""
    bench = await harness(temporal_address, _copying())
    batches = Batches(bench.runs)

    first = await batches.start(_request("a"), idempotency_key="k")
    second = await batches.start(_request("a"), idempotency_key="k")

    assert (first.replayed, second.replayed) == (False, True)
    assert first.batch == second.batch
    with pytest.raises(IdempotencyMismatchError):
        await batches.start(_request("b"), idempotency_key="k")
    with pytest.raises(NotFoundError, match="orchestra batches list"):
        await batches.views.get("01AAAAAAAAAAAAAAAAAAAAAAAA")


async def test_batches_over_http(temporal_address: str) -> None:
    """A batch is checked, started, watched and reported over HTTP."""
    bench = await harness(temporal_address, _copying())
    body = {"flow": "toy", "rows": '{"text": "a"}\n{"text": "b"}', "format": ListFormat.JSON_LINES}
    async with gateway(bench) as caller, bench.worker():
        checked = await caller.post("/v1/batches/check", json=body)
        begun = await caller.post("/v1/batches", json=body)
        batch = begun.json()["id"]
        await _ended(bench, batch)
        view = await caller.get(f"/v1/batches/{batch}")
        listed = await eventually(caller, "/v1/batches", "batches", 1)
        report = await caller.get(f"/v1/batches/{batch}/report")
        sheet = await caller.get(f"/v1/batches/{batch}/report", headers={"Accept": "text/csv"})
        late = await caller.post(f"/v1/batches/{batch}/cancel")

    assert checked.json()["rows"] == 2
    assert (begun.status_code, begun.headers["Location"]) == (202, f"/v1/batches/{batch}")
    assert view.json()["state"]["outcomes"] == {"succeeded": 2}
    assert listed[0]["id"] == batch
    assert [each["line"] for each in report.json()["rows"]] == [1, 2]
    assert sheet.text.splitlines()[0] == "line,run,outcome,attempt,reason,output,cost_usd"
    assert len(sheet.text.splitlines()) == 3
    assert late.status_code == 409
