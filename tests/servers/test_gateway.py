"""The gateway over HTTP: a real server on a free port, real Temporal, real Valkey, toy flows."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from redis.asyncio import Redis

from contracts.event import EventKind
from contracts.run import RunStatus
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.runs.runs import Runs
from services.settings import Settings
from tests.harness import harness
from tests.servers.gateway_caller import (
    HeldFlow,
    approval,
    blocked_clients,
    events_of,
    eventually,
    gated_flow,
    gateway,
    line_flow,
    open_gate,
    read,
    start,
)
from tests.toys import REGISTRY

pytestmark = pytest.mark.servers


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisStore]:
    """The context store on a real server."""
    opened = RedisStore(redis_url)
    yield opened
    await opened.aclose()


async def test_a_run_is_started_and_looked_at(temporal_address: str, store: RedisStore) -> None:
    """Everything that a run did can be read, also when no worker is up any more."""
    bench = await harness(temporal_address, line_flow(), store=store)
    async with gateway(bench) as caller:
        async with bench.worker():
            run = await start(caller, text="x")
            await bench.ended(run)

        view = (await caller.get(f"/v1/runs/{run}")).json()
        steps = (await caller.get(f"/v1/runs/{run}/steps")).json()["steps"]
        crossed = (await caller.get(f"/v1/runs/{run}/handoffs")).json()["hand_offs"]
        slots = (await caller.get(f"/v1/runs/{run}/context")).json()["slots"]
        digest = slots[1]["versions"][0]["digest"]
        value = (await caller.get(f"/v1/runs/{run}/values/{digest}")).json()
        result = (await caller.get(f"/v1/runs/{run}/result")).json()
        rejected = (await caller.get(f"/v1/runs/{run}/quarantine")).json()["rejected"]

    assert (view["status"], view["place"], rejected) == ("succeeded", "done", [])
    assert [step["step"] for step in steps] == ["one", "two"]
    assert [(each["source"], each["target"]) for each in crossed] == [
        ("one", "two"),
        ("two", "done"),
    ]
    assert (value["text"], result["text"]) == ("x+", "x++")


async def test_runs_are_listed_page_by_page(temporal_address: str, store: RedisStore) -> None:
    """Pages follow each other by cursor, and filters hold."""
    bench = await harness(temporal_address, line_flow(), store=store)
    async with gateway(bench) as caller:
        started = {await start(caller) for _ in range(3)}
        await eventually(caller, "/v1/runs", "runs", 3)

        first = (await caller.get("/v1/runs?limit=2&flow=toy&status=queued")).json()
        rest = f"limit=2&cursor={first['cursor']}"
        second = (await caller.get(f"/v1/runs?flow=toy&status=queued&{rest}")).json()
        others = (await caller.get("/v1/runs?flow=other")).json()
        refused = [
            (await caller.get(f"/v1/runs?{query}")).status_code
            for query in (rest, "cursor=bm9uc2Vuc2U%3D", "cursor=%F0%9F%A6%86", "cursor=x")
        ]

    assert {run["id"] for run in (*first["runs"], *second["runs"])} == started
    assert (len(first["runs"]), second["cursor"], others["runs"]) == (2, "", [])
    assert refused == [422] * 4


async def test_the_list_tells_queued_from_running(temporal_address: str, store: RedisStore) -> None:
    """A run that a worker has begun is not listed as queued, nor one that waits as running."""
    held = HeldFlow()
    bench = await harness(temporal_address, held.flow(), store=store)
    async with gateway(bench) as caller:
        async with bench.worker():
            running = await start(caller, text="x")
            await eventually(caller, "/v1/runs?status=running", "runs", 1)
            held.go.set()
            await bench.ended(running)
        queued = await start(caller)
        await eventually(caller, "/v1/runs", "runs", 2)

        listed = {
            status: [
                run["id"] for run in (await caller.get(f"/v1/runs?status={status}")).json()["runs"]
            ]
            for status in RunStatus
        }

    assert {status: runs for status, runs in listed.items() if runs} == {
        RunStatus.QUEUED: [queued],
        RunStatus.SUCCEEDED: [running],
    }


@pytest.mark.guarantee("one-key-one-run")
async def test_one_key_is_one_run(temporal_address: str, store: RedisStore) -> None:
    """Twenty starts at once under one key make one run, and one of them was the first."""
    bench = await harness(temporal_address, line_flow(), store=store)
    headers = {"Idempotency-Key": "order-1"}
    body = {"flow": "toy", "input": {"text": "x"}}
    async with gateway(bench) as caller:
        replies = await asyncio.gather(
            *(caller.post("/v1/runs", json=body, headers=headers) for _ in range(20))
        )
        other = await caller.post(
            "/v1/runs", json={"flow": "toy", "input": {"text": "y"}}, headers=headers
        )

    assert {reply.status_code for reply in replies} == {202}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert [reply.json()["replayed"] for reply in replies].count(False) == 1
    assert (other.status_code, other.json()["code"]) == (422, "IdempotencyMismatchError")


async def test_events_are_seen_as_they_happen(temporal_address: str, store: RedisStore) -> None:
    """A reader is told each event once, soon after it happened, and then the end."""
    bench = await harness(temporal_address, line_flow(), store=store)
    async with gateway(bench) as caller:
        run = await start(caller, text="x")
        reading = asyncio.create_task(read(caller, run))
        await asyncio.sleep(0.2)
        async with bench.worker():
            messages = await reading

    told = events_of(messages)
    lags = [
        message["read_ms"] - event.at_ms
        for message, event in zip(messages[1:-1], told, strict=True)
        if event.kind in (EventKind.ATTEMPT_STARTED, EventKind.PRODUCED)
    ]
    assert (messages[0]["event"], messages[-1]["event"]) == ("snapshot", "end")
    assert len({event.identity() for event in told}) == len(told)
    assert told[-1].kind is EventKind.RUN_ENDED
    assert statistics.median(lags) < 250


async def test_a_stream_is_taken_up_anywhere(temporal_address: str, store: RedisStore) -> None:
    """Cut after any event and taken up, a stream has no gap and no repeat."""
    bench = await harness(temporal_address, line_flow(), store=store)
    async with gateway(bench) as caller:
        run = await start(caller, text="x")
        reading = asyncio.create_task(read(caller, run))
        await asyncio.sleep(0.2)
        async with bench.worker():
            whole = (await reading)[1:-1]

        rests = [await read(caller, run, message["id"]) for message in whole]

    for cut, rest in enumerate(rests, start=1):
        assert [each["id"] for each in rest[:-1]] == [each["id"] for each in whole[cut:]]
        assert rest[-1]["event"] == "end"


async def test_a_reader_that_leaves_frees_its_connection(
    temporal_address: str, store: RedisStore, redis_url: str
) -> None:
    """No connection to memory stays blocked for a reader that has gone."""
    bench = await harness(temporal_address, line_flow(), store=store)
    async with gateway(bench) as caller, Redis.from_url(redis_url) as redis:
        run = await start(caller)
        readers = [asyncio.create_task(read(caller, run)) for _ in range(5)]
        blocked = await blocked_clients(redis, 5)

        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

        left = await blocked_clients(redis, 0)
        tasks = [each for each in asyncio.all_tasks() if "sse.stream" in repr(each)]

    assert (blocked, left, tasks) == (5, 0, [])


async def test_a_stopping_server_ends_its_streams(temporal_address: str, store: RedisStore) -> None:
    """An open stream does not keep the server from stopping."""
    bench = await harness(temporal_address, line_flow(), store=store)
    async with gateway(bench) as caller:
        run = await start(caller)
        reading = asyncio.create_task(read(caller, run))
        await asyncio.sleep(0.5)
        began = time.monotonic()

    with suppress(httpx.HTTPError):
        await reading
    assert time.monotonic() - began < 4


async def test_a_run_is_cancelled(temporal_address: str, store: RedisStore) -> None:
    """The run stops, its stream says so, and a second request is a conflict."""
    held = HeldFlow()
    bench = await harness(temporal_address, held.flow(), store=store)
    async with gateway(bench) as caller, bench.worker():
        run = await start(caller)
        reading = asyncio.create_task(read(caller, run))
        await asyncio.sleep(0.5)

        asked = await caller.post(f"/v1/runs/{run}/cancel")
        messages = await reading
        await bench.ended(run)
        held.go.set()
        again = await caller.post(f"/v1/runs/{run}/cancel")
        view = (await caller.get(f"/v1/runs/{run}")).json()

    assert (asked.status_code, again.status_code) == (202, 409)
    assert messages[-1]["data"] == '{"status":"cancelled"}'
    assert (view["status"], view["reason"]) == ("cancelled", "somebody cancelled the run")


async def test_a_person_approves(temporal_address: str, store: RedisStore) -> None:
    """The inbox shows the gate; a decision on another digest is refused, the right one taken."""
    bench = await harness(temporal_address, gated_flow(), store=store)
    async with gateway(bench) as caller, bench.worker():
        run = await start(caller, text="x")
        gate = await open_gate(caller, run)
        await eventually(caller, "/v1/gates", "gates", 1)
        path = f"/v1/runs/{run}/gates/approve"

        wrong = await caller.post(path, json=approval({"shown": "0" * 64}))
        right = await caller.post(path, json=approval(gate))
        ended = await bench.ended(run)
        late = await caller.post(path, json=approval(gate))

    assert [reply.status_code for reply in (wrong, right, late)] == [409, 200, 409]
    assert ended.status == "succeeded"


@pytest.mark.parametrize("worker_stays", [True, False])
@pytest.mark.guarantee("decisions-name-what-was-seen")
async def test_a_decision_after_the_deadline_is_refused(
    temporal_address: str, store: RedisStore, worker_stays: bool
) -> None:
    """Whether or not a worker has noticed the deadline, nobody can decide after it."""
    bench = await harness(temporal_address, gated_flow("2s"), store=store)
    async with gateway(bench) as caller:
        async with bench.worker():
            run = await start(caller, text="x")
            gate = await open_gate(caller, run)
            await asyncio.sleep(2.5 if worker_stays else 0)
        await asyncio.sleep(0 if worker_stays else 2.5)

        reply = await caller.post(f"/v1/runs/{run}/gates/approve", json=approval(gate))

    assert (reply.status_code, reply.json()["code"]) == (409, "ConflictError")


@pytest.mark.guarantee("decisions-name-what-was-seen")
async def test_a_decision_waits_for_a_worker(temporal_address: str, store: RedisStore) -> None:
    """With no worker up a decision is kept, and taken by the worker that comes."""
    bench = await harness(temporal_address, gated_flow(), store=store)
    async with gateway(bench) as caller:
        async with bench.worker():
            run = await start(caller, text="x")
            gate = await open_gate(caller, run)

        reply = await caller.post(f"/v1/runs/{run}/gates/approve", json=approval(gate))
        async with bench.worker():
            ended = await bench.ended(run)

    assert (reply.status_code, reply.json()["delivered"]) == (202, False)
    assert ended.status == "succeeded"


@pytest.mark.guarantee("loss-is-mended")
async def test_everything_is_read_after_memory_was_wiped(
    temporal_address: str, store: RedisStore, redis_url: str
) -> None:
    """History tells the run, and values are restored from it and from the archive."""
    bench = await harness(temporal_address, line_flow(), store=store)
    async with gateway(bench) as caller:
        async with bench.worker():
            run = await start(caller, text="x" * 20_000)
            await bench.ended(run)
        async with Redis.from_url(redis_url) as redis:
            await redis.flushall()

        paths = ("", "/result", "/steps", "/handoffs", "/context", "/quarantine", "/gates")
        replies = [await caller.get(f"/v1/runs/{run}{path}") for path in paths]
        page = await caller.get(f"/v1/runs/{run}/events", headers={"Accept": "application/json"})
        stream = await read(caller, run)

    assert [reply.status_code for reply in replies] == [200] * len(paths)
    assert replies[1].json()["text"] == "x" * 20_000 + "++"
    assert [each["event"]["kind"] for each in page.json()["events"]][-1] == "run_ended"
    assert [each["event"] for each in stream] == ["snapshot", "end"]


@pytest.mark.guarantee("loss-is-mended")
async def test_a_stream_survives_a_wipe(
    temporal_address: str, store: RedisStore, redis_url: str
) -> None:
    """Memory is wiped while a run is followed: its end is told all the same."""
    held = HeldFlow()
    bench = await harness(temporal_address, held.flow(), store=store)
    async with gateway(bench) as caller, bench.worker():
        run = await start(caller)
        reading = asyncio.create_task(read(caller, run))
        await asyncio.sleep(1)
        async with Redis.from_url(redis_url) as redis:
            await redis.flushall()

        held.go.set()
        messages = await reading

    assert (messages[-1]["event"], messages[-1]["data"]) == ("end", '{"status":"succeeded"}')


async def test_without_memory_runs_can_be_looked_at(
    temporal_address: str, store: RedisStore
) -> None:
    """With memory away reads and snapshots go on, starts are refused soon, and readyz says why."""
    bench = await harness(temporal_address, line_flow(), store=store)
    run = (await bench.runs.start("toy", {})).run
    away = RedisStore("redis://127.0.0.1:1/0")
    settings = Settings(tenant=bench.runs.tenant, task_queue=bench.queue)
    memory = Memory(away, bench.memory.archive, bench.runs.history)
    runs = Runs(bench.client, memory, bench.runs.shelf, REGISTRY, settings)
    async with gateway(bench, runs) as caller:
        view = await caller.get(f"/v1/runs/{run}")
        messages = await read(caller, run, count=2)
        began = time.monotonic()
        refused = await caller.post("/v1/runs", json={"flow": "toy", "input": {}})
        took = time.monotonic() - began
        ready = await caller.get("/readyz")
    await away.aclose()

    assert (view.status_code, view.json()["status"]) == (200, "queued")
    assert [each["event"] for each in messages] == ["snapshot", "problem"]
    assert (refused.status_code, refused.json()["retryable"]) == (503, True)
    assert took < 3
    assert [c["name"] for c in ready.json()["checks"] if not c["ok"]] == ["memory", "workers"]


async def test_a_gateway_without_workers_is_ready(temporal_address: str, store: RedisStore) -> None:
    """That no worker is up is told, and does not keep the gateway from serving."""
    bench = await harness(temporal_address, line_flow(), store=store)
    async with gateway(bench) as caller:
        without = await caller.get("/readyz")
        async with bench.worker():
            await asyncio.sleep(1)
            with_one = await caller.get("/readyz")

    assert (without.status_code, without.json()["checks"][-1]["ok"]) == (200, False)
    assert with_one.json()["checks"][-1]["detail"] == f"1 on queue {bench.queue}"
