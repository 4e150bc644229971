"""A worker of a small flow as a process of its own, for trials that kill it.

python -m tests.endurance.worker TEMPORAL REDIS ARCHIVE QUEUE HEALTH_PORT
"""

import asyncio
import sys
from pathlib import Path

from services.cli.health import Health, State
from services.llm.in_process import ScriptedModel
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.runs.history import RunHistory
from services.settings import Settings
from services.temporal import connect
from services.worker.activities import Assembly
from services.worker.app import running
from tests.servers.small_flows import ONE
from tests.toys import REGISTRY, Note, ToyFlow, toy, toy_flow, toy_shelf


def copying() -> ToyFlow:
    """A flow of one step without a model, whose product is its input."""
    return toy_flow(ONE, toy("one", lambda given: given.one("start", Note), pure=True))


async def work(address: str, redis: str, archive: Path, queue: str, port: int) -> None:
    """Work until somebody ends the process."""
    client = await connect(Settings(temporal_address=address, task_queue=queue))
    flow = copying()
    memory = Memory(RedisStore(redis), FolderArchive(archive), RunHistory(client))
    shelf = toy_shelf(flow.flow)
    assembly = Assembly(memory, flow.agents, ScriptedModel(), REGISTRY, shelf)
    async with Health("127.0.0.1", port) as health, running(client, queue, assembly):
        health.state = State.OK
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])))
