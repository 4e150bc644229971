"""Does a schedule fire as often as it should, whatever is killed meanwhile?

    python -m tests.endurance.schedule --fires 1000

Starts Temporal, Valkey and a worker of its own, lets a schedule fire once a second, kills each of
them in turn, some for longer than others, starts it again, and counts at the end: every second has
to have one launch and one run, and nothing else may have either.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from temporalio.client import Client, WorkflowExecutionStatus

from contracts.schedule import ScheduleContent, ScheduleView
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.runs.history import RunHistory
from services.runs.runs import Runs
from services.schedules.schedules import Schedules
from services.settings import Settings
from services.stack import parts
from services.stack.part import Part
from services.stack.ports import choose_ports
from services.stack.probes import HttpProbe
from services.temporal import connect
from tests.chaos.processes import PartProcess
from tests.endurance.worker import copying
from tests.toys import REGISTRY, toy_shelf
from workflows import names

QUEUE: Final = "endurance"
NAME: Final = "every-second"
DOWN_SECONDS: Final = (0.0, 3.0, 8.0)
"""How long what was killed stays away, in turn."""

WAIT_SECONDS: Final = 120
"""How long the last runs may take after the last time that was due."""


@dataclass(frozen=True)
class Count:
    """What the schedule has done, as the list of all workflows tells it."""

    launches: int
    succeeded: int
    """Launches that ended in success."""

    times: int
    """Different times at which a launch was due."""

    twice: int
    """Times that have more than one launch."""

    gaps: int
    """Seconds between the first time and the last that have none."""

    runs: int
    runs_succeeded: int

    def is_exact(self, fires: int) -> bool:
        """Whether every time had one launch and one run, and both succeeded."""
        wanted = (fires, fires, fires, 0, 0, fires, fires)
        return wanted == (
            self.launches,
            self.succeeded,
            self.times,
            self.twice,
            self.gaps,
            self.runs,
            self.runs_succeeded,
        )


class Trial:
    """Three processes, a schedule, and whoever kills."""

    def __init__(self, folder: Path) -> None:
        ports = choose_ports({"temporal": 0, "ui": 0, "valkey": 0, "worker": 0})
        for each in ("temporal", "valkey"):
            (folder / each).mkdir()
        self._folder = folder
        temporal = parts.temporal_part(
            ports["temporal"], ports["ui"], folder, "default", os.environ
        )
        valkey = parts.valkey_part(ports["valkey"], folder, os.environ)
        worker = _worker(temporal.address, valkey.address, folder, ports["worker"])
        self.address, self.redis = temporal.address, valkey.address
        self.processes = [
            PartProcess(each, folder / f"{each.name}.log", Path.cwd())
            for each in (temporal, valkey, worker)
        ]
        self.kills: Counter[str] = Counter()

    async def run(self, fires: int, kills: int) -> tuple[Count, ScheduleView]:
        """Let the schedule fire so often, kill each process so often, and count."""
        for each in self.processes:
            await each.start()
        client = await connect(Settings(temporal_address=self.address))
        schedules = self._schedules(client)
        content = {
            "flow": "toy",
            "input": {"text": "{{scheduled.at}}"},
            "times": {"every": "1s"},
            "overlap": "allow_all",
            "catch_up": "1h",
            "at_most": fires,
        }
        await schedules.create(NAME, ScheduleContent.model_validate(content))
        began = time.monotonic()
        await self._kill_in_turn(fires, kills)
        await asyncio.sleep(max(0.0, began + fires - time.monotonic()))
        counted = await self._settled(client, fires)
        return counted, await schedules.get(NAME)

    async def end(self) -> None:
        """End what runs."""
        for each in reversed(self.processes):
            await each.end()

    async def _kill_in_turn(self, fires: int, kills: int) -> None:
        total = kills * len(self.processes)
        began = time.monotonic()
        for number in range(total):
            due = began + fires * (number + 1) / (total + 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            process = self.processes[number % len(self.processes)]
            down = DOWN_SECONDS[(number // len(self.processes)) % len(DOWN_SECONDS)]
            await process.kill()
            await asyncio.sleep(down)
            await process.start()
            self.kills[process.part.name] += 1
            told = f"{time.monotonic() - began:6.0f} s  {process.part.name} killed, away {down:g} s"
            print(told, flush=True)  # noqa: T201  # a program for the command line

    async def _settled(self, client: Client, fires: int) -> Count:
        """Count until it is exact, or until no time is left for that."""
        deadline = time.monotonic() + WAIT_SECONDS
        counted = await count(client)
        while not counted.is_exact(fires) and time.monotonic() < deadline:
            await asyncio.sleep(2)
            counted = await count(client)
        return counted

    def _schedules(self, client: Client) -> Schedules:
        settings = Settings(temporal_address=self.address, task_queue=QUEUE)
        store, archive = RedisStore(self.redis), FolderArchive(self._folder / "archive")
        memory = Memory(store, archive, RunHistory(client))
        return Schedules(Runs(client, memory, toy_shelf(copying().flow), REGISTRY, settings))


async def count(client: Client) -> Count:
    """Read all launches and runs of the schedule."""
    query = f"{names.SCHEDULE.name} = '{NAME}' AND WorkflowType = "
    launches = [each async for each in client.list_workflows(f"{query}'{names.LAUNCH}'")]
    runs = [each async for each in client.list_workflows(f"{query}'{names.WORKFLOW_TYPE}'")]
    due = [each.typed_search_attributes[names.DUE] for each in launches]
    seconds = Counter(int(each.timestamp()) for each in due)
    span = max(seconds) - min(seconds) + 1 if seconds else 0
    done = WorkflowExecutionStatus.COMPLETED
    return Count(
        launches=len(launches),
        succeeded=sum(each.status is done for each in launches),
        times=len(seconds),
        twice=sum(number > 1 for number in seconds.values()),
        gaps=span - len(seconds),
        runs=len(runs),
        runs_succeeded=sum(
            each.status is done and each.typed_search_attributes.get(names.STATUS) == "succeeded"
            for each in runs
        ),
    )


def _worker(temporal: str, redis: str, folder: Path, port: int) -> Part:
    command = [sys.executable, "-m", "tests.endurance.worker", temporal, redis]
    health = f"http://127.0.0.1:{port}/healthz"
    return Part(
        name="worker",
        command=(*command, str(folder / "archive"), QUEUE, str(port)),
        environment={**parts.bare(os.environ), "PYTHONPATH": str(Path.cwd())},
        probe=HttpProbe(health),
        address=health,
        ready_seconds=60,
    )


async def main(fires: int, kills: int) -> int:
    """Try it and print what came of it; the exit code says whether the count is exact."""
    with tempfile.TemporaryDirectory(prefix="endurance-") as folder:
        trial = Trial(Path(folder))
        try:
            counted, schedule = await trial.run(fires, kills)
        finally:
            await trial.end()
    exact = counted.is_exact(fires)
    killed = ", ".join(f"{name} {times} times" for name, times in trial.kills.items())
    print(f"killed: {killed}")  # noqa: T201
    print(f"counted: {counted}")  # noqa: T201
    print(f"the schedule says: fired {schedule.fired}, missed {schedule.missed}")  # noqa: T201
    print(f"{counted.times} of {fires} times fired: {'exact' if exact else 'NOT exact'}")  # noqa: T201
    return 0 if exact else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fires", type=int, default=1000, help="how often it should fire")
    parser.add_argument("--kills", type=int, default=4, help="how often each process is killed")
    given = parser.parse_args()
    raise SystemExit(asyncio.run(main(given.fires, given.kills)))
