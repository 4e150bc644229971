"""What runs that wait for people cost the worker that holds them, and the one who lists them.

A worker in a process of its own takes a thousand runs of a small flow to a gate. Its memory is
weighed before and after, its processor time is counted over a minute in which nothing happens.
Run as `python -m tests.bench.waiting [RUNS] [SECONDS]`; prints one JSON line.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Final
from uuid import uuid4

import psutil
import uvloop

from services.agents.base import Given
from services.llm.in_process import ScriptedModel
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.runs.gates import Gates
from services.runs.history import RunHistory
from services.runs.inbox import Asked
from services.runs.listing import Filters
from services.runs.runs import Runs
from services.settings import Settings
from services.temporal import connect, ensure_search_attributes
from services.worker.activities import Assembly
from services.worker.app import build, spare_the_collector
from tests.bench.servers import Servers, servers
from tests.toys import REGISTRY, Note, ToyFlow, toy, toy_flow, toy_shelf

WARMING: Final = 20
"""Runs that bring the worker to where it stands idle: code loaded, connections open."""

AT_ONCE: Final = 50
SETTLING_SECONDS: Final = 5

FLOW: Final = """
slots: {first: Note@1, decision: Decision@2}
start: write
steps:
  write: {agent: write, reads: [start], writes: first, next: approve}
  approve:
    gate: editor
    shows: [first]
    writes: decision
    deadline: 30d
    remind: [7d, 14d]
    escalate: [{after: 21d, to: chief_editor}]
    on_deadline: {to: expired}
    next:
      - {when: "decision.verdict == 'approve'", to: done}
      - {else: rejected}
ends:
  done: {outcome: succeeded, output: first}
  rejected: {outcome: rejected}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""


def waiting_flow() -> ToyFlow:
    """A step of code and a gate that reminds and escalates."""

    def write(given: Given) -> Note:
        return Note(text=given.one("start", Note).text)

    return toy_flow(FLOW, toy("write", write))


async def open_runs(address: str, redis: str, queue: str, folder: Path) -> tuple[Runs, Assembly]:
    """Connect to what runs are kept in."""
    settings = Settings(temporal_address=address, tenant=queue, task_queue=queue)
    client = await connect(settings)
    await ensure_search_attributes(client)
    flow = waiting_flow()
    memory = Memory(RedisStore(redis), FolderArchive(folder), RunHistory(client))
    runs = Runs(client, memory, toy_shelf(flow.flow), REGISTRY, settings)
    return runs, Assembly(memory, flow.agents, ScriptedModel(), REGISTRY)


async def work(address: str, redis: str, queue: str, folder: str) -> None:
    """Be the worker, until killed."""
    runs, assembly = await open_runs(address, redis, queue, Path(folder))
    async with build(runs.client, queue, assembly):
        spare_the_collector()
        await asyncio.Event().wait()


async def reach_the_gate(runs: Runs, count: int) -> float:
    """Start so many runs and wait until all of them wait; returns the seconds it took."""
    begun = time.perf_counter()
    places = asyncio.Semaphore(AT_ONCE)
    before = len(await runs.waiting(Filters()))

    async def one() -> None:
        async with places:
            await runs.start("toy", {"text": "x"})

    await asyncio.gather(*(one() for _ in range(count)))
    while True:
        if len(await runs.waiting(Filters())) >= before + count:
            return time.perf_counter() - begun
        await asyncio.sleep(0.2)


async def milliseconds(gates: Gates, asked: Asked) -> float:
    """Time one page of the inbox."""
    begun = time.perf_counter()
    await gates.inbox.page(asked, limit=50)
    return round((time.perf_counter() - begun) * 1e3, 1)


async def weigh(at: Servers, folder: Path, count: int, seconds: int) -> dict[str, float]:
    """Let a worker hold so many waiting runs, and measure it."""
    queue = f"w{uuid4().hex[:8]}"
    command = [sys.executable, "-m", "tests.bench.waiting", "worker"]
    command += [at.temporal, at.redis, queue, str(folder)]
    worker = await asyncio.create_subprocess_exec(*command)
    try:
        return await _weigh(psutil.Process(worker.pid), at, queue, folder, count, seconds)
    finally:
        worker.kill()
        await worker.wait()


async def _weigh(
    worker: psutil.Process, at: Servers, queue: str, folder: Path, count: int, seconds: int
) -> dict[str, float]:
    runs, _ = await open_runs(at.temporal, at.redis, queue, folder)
    await reach_the_gate(runs, WARMING)
    await asyncio.sleep(SETTLING_SECONDS)
    idle = worker.memory_info().rss
    took = await reach_the_gate(runs, count)
    await asyncio.sleep(SETTLING_SECONDS)
    used = worker.cpu_times()
    await asyncio.sleep(seconds)
    after = worker.cpu_times()
    spent = after.user + after.system - used.user - used.system
    gates = Gates(runs)
    measured = {
        "runs": count,
        "seconds_to_the_gate": round(took, 1),
        "idle_mb": round(idle / 2**20, 1),
        "mb_above_idle": round((worker.memory_info().rss - idle) / 2**20, 1),
        "percent_of_a_core": round(100 * spent / seconds, 3),
        "inbox_page_ms": await milliseconds(gates, Asked()),
        "inbox_page_of_a_role_ms": await milliseconds(gates, Asked(role="editor")),
        "inbox_page_unseen_ms": await milliseconds(gates, Asked(unseen_by="ann")),
    }
    await runs.memory.aclose()
    return measured


def main(arguments: list[str]) -> None:
    """Be the worker, or measure one."""
    if arguments[:1] == ["worker"]:
        uvloop.run(work(*arguments[1:]))
        return
    count, seconds = map(int, [*arguments, *("1000", "60")[len(arguments) :]])
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as at:
        measured = uvloop.run(weigh(at, Path(folder), count, seconds))
    sys.stdout.write(json.dumps({"system": "waiting", **measured}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
