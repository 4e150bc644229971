"""Real workers killed at every instant of a call: what the model's own log says was paid."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import JsonValue
from temporalio.worker import UnsandboxedWorkflowRunner

from contracts.event import EventKind
from contracts.run import RunStatus, RunView
from services.agents.base import Given
from services.llm.endpoint import Endpoint
from services.llm.openai import OpenAIModel
from services.llm.scripted.calls import Outcome
from services.llm.scripted.script import Fault, Line, Script
from services.llm.scripted.server import ScriptedServer
from services.memory.folder_archive import FolderArchive
from services.memory.redis import RedisStore
from tests.dying_workers import MODEL, Order, Victim, warm_up
from tests.harness import Harness, harness
from tests.toys import HEAD, Note, ToyWriter, toy, toy_flow

pytestmark = pytest.mark.servers

WRITE = """
slots: {first: Note@1}
start: write
steps:
  write: {agent: toy_writer, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


@dataclass(frozen=True)
class Case:
    """When a worker dies, and what may be paid in all."""

    instant: str
    background: bool
    paid: int
    counted: int
    """Calls in the run's ledger: never fewer than were paid."""


CASES = [
    Case("before_request", background=False, paid=1, counted=2),
    Case("mid_stream", background=False, paid=2, counted=2),
    Case("before_answered", background=False, paid=2, counted=2),
    Case("after_answered", background=False, paid=1, counted=2),
    Case("before_request", background=True, paid=1, counted=2),
    Case("before_asked", background=True, paid=2, counted=2),
    Case("after_asked", background=True, paid=1, counted=1),
    Case("mid_stream", background=True, paid=1, counted=1),
    Case("before_answered", background=True, paid=1, counted=1),
    Case("after_answered", background=True, paid=1, counted=2),
]

WRITING = Script(lines=(Line(reply={"text": "x" * 200}, times=None, after_ms=200),))
STILL_WRITING = Script(lines=(Line(fault=Fault.SLOW, after_ms=24_000),))
"""The answer is not there yet when the next worker asks for it."""


@dataclass(frozen=True)
class Trial:
    """One run whose first worker dies, and the model that it asks."""

    case: Case
    server: ScriptedServer
    bench: Harness
    run: str

    def victim(self) -> Victim:
        """The worker that dies."""
        return Victim(
            queue=self.bench.queue,
            base_url=self.server.base_url,
            background=self.case.background,
            instant=self.case.instant,
        )

    async def result(self) -> tuple[RunStatus, int, int]:
        """Let another worker finish: how the run ended, what was paid and what is counted."""
        async with self.bench.worker():
            view: RunView = await self.bench.ended(self.run)
        paid = sum(call.is_paid for call in self.server.calls)
        return view.status, paid, view.spent.calls


@asynccontextmanager
async def a_trial(case: Case, order: Order) -> AsyncIterator[Trial]:
    """Start a run on a queue of its own, with nobody there yet to work on it."""
    script = STILL_WRITING if case.instant == "after_asked" else WRITING
    async with ScriptedServer(script=script) as server, Endpoint(server.base_url) as endpoint:
        bench = await harness(
            order.temporal_address,
            toy_flow(WRITE, ToyWriter()),
            model=OpenAIModel(endpoint, [MODEL] if case.background else []),
            store=RedisStore(order.redis_url),
            archive=FolderArchive(order.archive),
        )
        # What is measured is no matter of the sandbox, which takes a second of work for each run.
        bench = replace(bench, runner=UnsandboxedWorkflowRunner())
        started = await bench.runs.start("toy", {})
        yield Trial(case, server, bench, started.run)
        await bench.memory.store.aclose()


async def killed(order: Order) -> Mapping[str, str]:
    """Let the workers work until they die; hand over by which signal each did, by queue."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.dying_workers", stdin=pipe, stdout=pipe
    )
    try:
        written, _ = await process.communicate(order.model_dump_json().encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return dict(line.split() for line in written.decode().splitlines())


@pytest.mark.guarantee("paid-once")
async def test_a_killed_worker_costs_one_call_at_most_and_none_in_the_background(
    temporal_address: str, redis_url: str, tmp_path: Path
) -> None:
    """A kill costs the one call in flight; once its id is journaled it costs nothing at all."""
    order = Order(
        temporal_address=temporal_address, redis_url=redis_url, archive=tmp_path, victims=[]
    )
    await warm_up()
    async with AsyncExitStack() as stack:
        trials = [await stack.enter_async_context(a_trial(case, order)) for case in CASES]
        victims = [trial.victim() for trial in trials]
        signals = await killed(order.model_copy(update={"victims": victims}))
        results = await asyncio.gather(*(trial.result() for trial in trials))
        after_asked = [trial for trial in trials if trial.case.instant == "after_asked"]

    assert set(signals.values()) == {str(int(signal.SIGKILL))}
    assert results == [(RunStatus.SUCCEEDED, case.paid, case.counted) for case in CASES]
    assert [trial.server.calls[0].fetched > 0 for trial in after_asked] == [True]


async def test_a_cancelled_run_stops_paying(temporal_address: str) -> None:
    """Cancelling a run cancels the answer that is being written for it, and nothing is told after.

    The step learns of it with its next heartbeat.
    """
    script = Script(lines=(Line(fault=Fault.HANG),))
    async with ScriptedServer(script=script) as server, Endpoint(server.base_url) as endpoint:
        bench = await harness(
            temporal_address,
            toy_flow(WRITE, ToyWriter()),
            model=OpenAIModel(endpoint, [MODEL]),
        )
        async with bench.worker():
            started = await bench.runs.start("toy", {})
            await eventually(lambda: server.calls and server.calls[0].response)
            await bench.runs.cancel(started.run)
            view = await bench.ended(started.run)
            await eventually(lambda: server.calls[0].outcome is Outcome.CANCELLED, seconds=12)
        told = await bench.memory.store.events(bench.queue, started.run)

    assert view.status is RunStatus.CANCELLED
    assert view.spent.estimated_calls > 0
    assert told[-1].event.kind is EventKind.RUN_ENDED


FAN_OUT = """
slots: {parts: [Note@1], whole: Note@1}
start: write
steps:
  write:
    each: part in start.items
    agent: toy_writer
    reads: [start]
    writes: parts
    parallel: 3
    next: join
  join: {agent: join, reads: [parts], writes: whole, next: done}
ends:
  done: {outcome: succeeded, output: whole}
  failed: {outcome: failed}
"""


def _each_writer() -> ToyWriter:
    writer = ToyWriter()
    receives = {"start": "Note@1", "part": "Note@1.items[]"}
    writer.__dict__["declaration"] = writer.declaration.model_copy(update={"receives": receives})
    return writer


@pytest.mark.guarantee("budget-holds")
@pytest.mark.parametrize(("budget", "status"), [(7, RunStatus.FAILED), (12, RunStatus.SUCCEEDED)])
async def test_parallel_steps_and_repairs_share_one_budget(
    temporal_address: str, budget: int, status: RunStatus
) -> None:
    """Six parallel items, each answered badly once, never buy more than the run may spend."""
    rejected = Line(exchange=1, fault=Fault.NOT_JSON, times=None)
    async with (
        ScriptedServer(script=Script(lines=(rejected,))) as server,
        Endpoint(server.base_url) as endpoint,
    ):
        head = HEAD.replace("model_calls: 50", f"model_calls: {budget}")
        flow = toy_flow(FAN_OUT, _each_writer(), toy("join", _join, parts="[Note@1]"), head=head)
        bench = await harness(temporal_address, flow, model=OpenAIModel(endpoint))
        items: list[JsonValue] = [{"id": each} for each in "abcdef"]
        view = await bench.finish({"text": "x", "items": items})
        paid = sum(call.is_paid for call in server.calls)

    assert view.status is status
    assert paid == view.spent.calls <= budget
    assert paid > budget / 2


def _join(given: Given) -> Note:
    return Note(text=f"{len(given.many('parts', Note))} parts")


async def eventually(condition: Callable[[], object], seconds: float = 5) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # the other side has no event to wait for
            await asyncio.sleep(0.02)
