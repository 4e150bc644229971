"""What happens to the stack while an issue is at work: a worker lost, memory wiped, a deploy."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from temporalio.client import Client

from tests.chaos.client import GatewayClient
from tests.chaos.fault import WORKERS
from tests.chaos.model import read_calls
from tests.chaos.processes import PartProcess
from tests.chaos.stack import ChaosStack, memory_of
from tests.week.deploying import NEW, Deployment
from tests.week.judging import Event
from tests.week.tracing import pids_at_work

PATIENCE_SECONDS: Final = 60.0
CALLS_TO_THE_MIDDLE: Final = 3
"""Of the seven or so that an issue makes."""

THINKING_MS: Final = 400
"""How long the model takes, so that there is a middle of an issue to do something in."""

SLOW_MS: Final = 2_000
"""How long it takes where somebody has to be caught waiting for it."""


class Happenings:
    """Each method does one thing to the stack in the middle of a run, and tells what it did."""

    def __init__(
        self,
        stack: ChaosStack,
        gateway: GatewayClient,
        client: Client,
        tell: Callable[[str], None],
    ) -> None:
        self._stack = stack
        self._gateway = gateway
        self._client = client
        self._tell = tell
        self.deployment = Deployment(stack)

    async def nothing(self, run: str) -> Event:
        """Let a run be."""
        return Event()

    async def kill(self, run: str) -> Event:
        """Kill the worker that waits for an answer to this run, and start it again."""
        await self._stack.pace(SLOW_MS)
        await self._middle()
        worker = await self._at_work(run)
        await worker.kill()
        self._tell(f"kill -9 {worker.part.name}: it was waiting for the model")
        await self._stack.pace(THINKING_MS)
        await worker.start()
        self._tell(
            f"{worker.part.name} is started again; what it had in hand waits for its heartbeat"
        )
        return Event(told=f"{worker.part.name} killed", workers_killed=1)

    async def wipe(self, run: str) -> Event:
        """Empty memory, the values of this run with it."""
        await self._middle()
        async with memory_of(self._stack.redis_url) as memory:
            keys = await memory.dbsize()
            await memory.flushall()
        self._tell(f"memory wiped: {keys} keys gone, the run's values among them")
        return Event(told=f"memory wiped ({keys} keys)", keys_wiped=keys)

    async def deploy(self, run: str) -> Event:
        """Deploy other prompts as a new build while this run waits for a person."""
        await self._asked()
        replayed = await self.deployment.deploy()
        self._tell(f"{NEW} has other prompts; it replays the {replayed} open workflows")
        self._tell(f"{NEW} is up and promoted: it takes new runs, the open one stays where it is")
        return Event(told=f"{NEW} deployed")

    async def retire(self, run: str) -> Event:
        """Replace the workers of the old build, on which nothing is open any more."""
        await self.deployment.retire()
        self._tell("the workers of the old build are replaced")
        return Event(told="old build retired")

    async def _middle(self) -> None:
        """Wait until some model calls of this issue have arrived."""
        known = len(read_calls(self._stack.calls))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(read_calls(self._stack.calls)) < known + CALLS_TO_THE_MIDDLE:
            if time.monotonic() > deadline:
                raise RuntimeError("the issue does not ask the model")
            await asyncio.sleep(0.05)

    async def _asked(self) -> None:
        """Wait until a gate is open."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            inbox: Any = await self._gateway.get("/gates")
            if inbox["gates"]:
                return
            if time.monotonic() > deadline:
                raise RuntimeError("the issue asks nobody")
            await asyncio.sleep(0.1)

    async def _at_work(self, run: str) -> PartProcess:
        deadline = time.monotonic() + PATIENCE_SECONDS
        by_pid = {self._stack.processes[name].pid: self._stack.processes[name] for name in WORKERS}
        while time.monotonic() < deadline:
            async for pid in pids_at_work(self._client, f"{self._stack.tenant}/{run}"):
                if pid in by_pid:
                    return by_pid[pid]
            await asyncio.sleep(0.05)
        raise RuntimeError(f"no worker has a step of run {run} in hand")
