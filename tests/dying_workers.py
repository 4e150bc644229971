"""Workers as processes of their own, each of which kills itself at a chosen instant.

Run as a program: reads an `Order` from standard input and writes how each worker ended, by queue.
They are forked from one process, which has imported everything once.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from pydantic import BaseModel
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from services.llm.base import (
    LanguageModel,
    Message,
    ModelReply,
    ModelRequest,
    OnText,
    Receipt,
    Work,
)
from services.llm.endpoint import Endpoint
from services.llm.openai import OpenAIModel
from services.llm.scripted.server import ScriptedServer
from services.memory.base import JournalEntry, WorkKey
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.runs.history import RunHistory
from services.settings import Settings
from services.temporal import connect
from services.worker.activities import Assembly, WorkerActivities
from tests.toys import REGISTRY, ToyWriter
from workflows.run_flow import RunFlow

MODEL: Final = "toy-model"
LIFETIME_SECONDS: Final = 60
"""A worker whose instant does not come ends by an alarm, which is another signal."""


class Victim(BaseModel):
    """One worker and its end."""

    queue: str
    base_url: str
    background: bool
    instant: str
    """`before_request`, `mid_stream`, or `before_` or `after_` a state of the journal."""


class Order(BaseModel):
    """What all workers share, and who they are."""

    temporal_address: str
    redis_url: str
    archive: Path
    victims: list[Victim]


def die() -> None:
    """End at once, as a machine without power does."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingModel:
    """A model whose asker may die before the request or at the first word of the reply."""

    def __init__(self, model: LanguageModel, instant: str) -> None:
        self._model = model
        self._instant = instant

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Ask, if there is time."""
        if self._instant == "before_request":
            die()

        async def hear(text: str) -> None:
            if self._instant == "mid_stream":
                die()
            await on_text(text)

        return await self._model.complete(request, hear, receipt)


class DyingStore(RedisStore):
    """A memory whose user may die before or after a line of the journal."""

    instant = ""

    async def record(self, work: WorkKey, entry: JournalEntry) -> None:
        """Append, if there is time."""
        if self.instant == f"before_{entry.state}":
            die()
        await super().record(work, entry)
        if self.instant == f"after_{entry.state}":
            die()


async def work(order: Order, victim: Victim) -> None:
    """Be a worker until the instant has come."""
    settings = Settings(temporal_address=order.temporal_address, task_queue=victim.queue)
    client = await connect(settings)
    store = DyingStore(order.redis_url)
    store.instant = victim.instant
    endpoint = Endpoint(victim.base_url)
    model = OpenAIModel(endpoint, [MODEL] if victim.background else [])
    assembly = Assembly(
        Memory(store, FolderArchive(order.archive), RunHistory(client)),
        {"toy_writer": ToyWriter()},
        DyingModel(model, victim.instant),
        REGISTRY,
    )
    await _run(client, victim.queue, assembly)


async def _run(client: Client, queue: str, assembly: Assembly) -> None:
    activities = WorkerActivities(assembly)
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[RunFlow],
        activities=[activities.step, activities.flush, activities.flush_at_end, activities.seal],
        workflow_runner=UnsandboxedWorkflowRunner(),
        # A run that a dead worker had cached is offered to it for ten seconds more.
        max_cached_workflows=0,
    )
    await worker.run()


async def warm_up() -> None:
    """Ask once in each way: the client library builds its types then, a second of work each."""

    async def ignore(text: str) -> None:
        """Nobody listens."""

    request = ModelRequest(
        model=MODEL,
        messages=(Message(role="user", content="Warm up."),),
        schema_name="Any",
        answer_schema={},
        max_output_tokens=10,
        work=Work(agent="nobody", rung="free", visit=1, exchange=1),
    )
    async with ScriptedServer() as server, Endpoint(server.base_url) as endpoint:
        await OpenAIModel(endpoint).complete(request, ignore)
        await OpenAIModel(endpoint, [MODEL]).complete(request, ignore)


def main() -> None:
    """Fork the workers and wait until all have ended."""
    order = Order.model_validate_json(sys.stdin.read())
    asyncio.run(warm_up())
    queues: dict[int, str] = {}
    for victim in order.victims:
        process = os.fork()
        if not process:
            signal.alarm(LIFETIME_SECONDS)
            asyncio.run(work(order, victim))
        queues[process] = victim.queue
    for _ in order.victims:
        process, status = os.wait()
        print(queues[process], os.WTERMSIG(status), flush=True)  # noqa: T201  read by the test


if __name__ == "__main__":
    main()
