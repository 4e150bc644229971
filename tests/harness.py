"""Runs toy flows on a real Temporal server, each on a queue of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import uuid4

from pydantic import JsonValue
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import WorkflowRunner

from contracts.run import GateView, RunView
from services.deployment.pinning import pinned
from services.errors import NotFoundError
from services.llm.base import LanguageModel
from services.llm.in_process import ScriptedModel
from services.long_term.base import Heads, Records
from services.long_term.entries import LongTermMemory
from services.long_term.in_process import InProcessHeads, InProcessRecords
from services.memory.base import Archive, ContextStore
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory
from services.runs.gates import Gates
from services.runs.history import RunHistory
from services.runs.runs import Runs
from services.settings import Settings
from services.temporal import connect, sandbox_runner
from services.worker.activities import Assembly
from services.worker.app import build
from tests.toys import REGISTRY, ToyFlow, toy_shelf


@dataclass(frozen=True)
class Harness:
    """A client, its memory and what a worker needs."""

    client: Client
    runs: Runs
    gates: Gates
    memory: Memory
    assembly: Assembly
    queue: str
    runner: WorkflowRunner

    @asynccontextmanager
    async def worker(self, of: Settings | None = None) -> AsyncIterator[None]:
        """Run a worker for as long as the context is open; of a build, where settings say so."""
        pins = pinned(of) if of else None
        async with build(self.client, self.queue, self.assembly, runner=self.runner, pinned=pins):
            yield

    async def finish(
        self, given: Mapping[str, JsonValue] | None = None, history_limit: int = 8000
    ) -> RunView:
        """Start a run with a worker up and wait for its end."""
        async with self.worker():
            started = await self.runs.start("toy", given or {}, history_limit=history_limit)
            return await self.ended(started.run)

    async def waiting(self, run: str) -> GateView:
        """Wait until a gate of a run is open; the run may be one that another starts."""
        for _ in range(200):
            with suppress(NotFoundError):
                if waiting := await self.gates.open(run):
                    return waiting[0]
            await asyncio.sleep(0.05)
        raise AssertionError("no gate has opened")

    async def ended(self, run: str) -> RunView:
        """Wait until a run has ended, in whatever way."""
        with suppress(WorkflowFailureError):
            await self.runs.handle(run).result()
        return await self.runs.get(run)


async def harness(
    address: str,
    toy: ToyFlow,
    *,
    model: LanguageModel | None = None,
    store: ContextStore | None = None,
    archive: Archive | None = None,
    records: Records | None = None,
    heads: Heads | None = None,
) -> Harness:
    """Set up one flow on a queue and a tenant of its own."""
    name = f"t{uuid4().hex[:10]}"
    settings = Settings(temporal_address=address, tenant=name, task_queue=name)
    client = await connect(settings)
    memory = Memory(store or InProcessStore(), archive or InProcessArchive(), RunHistory(client))
    shelf = toy_shelf(toy.flow)
    homes = records or InProcessRecords(), heads or InProcessHeads(), memory.archive
    entries = LongTermMemory(*homes, REGISTRY)
    runs = Runs(client, memory, shelf, REGISTRY, settings, entries)
    assembly = Assembly(
        memory, toy.agents, model or ScriptedModel(), REGISTRY, shelf, entries=entries
    )
    return Harness(client, runs, Gates(runs), memory, assembly, name, sandbox_runner())
