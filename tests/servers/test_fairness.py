"""Tenants that share one queue and one worker are served in turn by the local stack's Temporal."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio import activity

from services.agents.base import Given
from services.runs.runs import Runs
from services.settings import Settings
from services.stack.parts import temporal_part
from services.stack.ports import free_port
from services.worker.app import build
from tests.harness import harness
from tests.toys import REGISTRY, Note, toy, toy_flow, toy_shelf

pytestmark = [pytest.mark.servers, pytest.mark.guarantee("no-tenant-starves")]

BURST = 200
FEW = 5
PLACES = 4

TWO_STEPS = """
slots: {first: Note@1, second: Note@1}
start: one
steps:
  one: {agent: opener, reads: [start], writes: first, next: two}
  two: {agent: closer, reads: [start], writes: second, next: done}
ends:
  done: {outcome: succeeded, output: second}
  failed: {outcome: failed}
"""


@pytest.fixture
async def stack_temporal(tmp_path: Path) -> AsyncIterator[str]:
    """Temporal as `orchestra up` starts it."""
    port, ui_port = free_port(0), free_port(0)
    (tmp_path / "temporal").mkdir()
    part = temporal_part(port, ui_port, tmp_path, "default", os.environ)
    with (tmp_path / "log").open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220  # starts at once
            part.command,
            env=dict(part.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(30):
            while await part.probe.problem():  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0.1)
        yield part.address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def test_a_burst_of_one_tenant_starves_nobody(stack_temporal: str) -> None:
    """Five runs behind another tenant's two hundred are all served among the first few."""
    order: list[tuple[str, str | None]] = []

    def opened(given: Given) -> Note:
        order.append((given.one("start", Note).text, activity.info().priority.fairness_key))
        return Note(text="opened")

    flow = toy_flow(TWO_STEPS, toy("opener", opened), toy("closer", lambda given: Note(text="x")))
    bench = await harness(stack_temporal, flow)
    shelf = toy_shelf(flow.flow)
    tenants = {
        name: Runs(
            bench.client,
            bench.memory,
            shelf,
            REGISTRY,
            Settings(tenant=name, task_queue=bench.queue),
        )
        for name in ("a", "b")
    }
    for _ in range(BURST // 20):
        await asyncio.gather(*(tenants["a"].start("toy", {"text": "a"}) for _ in range(20)))
    few = [(await tenants["b"].start("toy", {"text": "b"})).run for _ in range(FEW)]

    worker = build(
        bench.client, bench.queue, bench.assembly, runner=bench.runner, concurrency=PLACES
    )
    async with worker:
        await asyncio.gather(*(tenants["b"].handle(run).result() for run in few))

    places = [place for place, served in enumerate(order) if served == ("b", "b")]
    assert len(places) == FEW
    assert places[-1] < 8 * FEW
