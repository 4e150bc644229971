"""Does the faults of a schedule to a stack, each at its time, and takes each back."""

import asyncio
import random
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

from services.llm.scripted.script import Fault as ModelFault
from services.llm.scripted.script import Line
from tests.chaos.fault import GATEWAY, MEMORY, WORKERS, Fault, Kind
from tests.chaos.proxy import FAIR, Weather
from tests.chaos.schedule import Schedule
from tests.chaos.stack import ChaosStack, memory_of

REFUSALS: Final = 6
RETRY_AFTER_MS: Final = 1_000
WEATHERS: Final[Mapping[Kind, Weather]] = {
    Kind.SLOW_LINK: Weather(delay_seconds=0.25),
    Kind.SILENT_LINK: Weather(silent=True),
    Kind.THROTTLED_LINK: Weather(bytes_per_second=20_000),
}
HOUR_SECONDS: Final = 3_600
CLOCK_READ_SECONDS: Final = 1
SHARE: Final = 0.5
"""Of all keys, that is deleted or corrupted at once."""


@dataclass(frozen=True)
class Done:
    """A fault that has happened, with when it began and was over (Unix time)."""

    fault: Fault
    began: float
    ended: float
    note: str = ""


class Injector:
    """Knows how each kind of fault is done. One fault at a time is done to any one process."""

    def __init__(
        self, stack: ChaosStack, repeat: Callable[[random.Random], Awaitable[str]]
    ) -> None:
        self._stack = stack
        self._repeat = repeat
        self._clocks = stack.folder / "clocks"
        self._clocks.mkdir(exist_ok=True)
        self._weather = {name: asyncio.Lock() for name in stack.proxies}
        self._how: Mapping[Kind, Callable[[Fault], Awaitable[str]]] = {
            Kind.KILLED: self._kill,
            Kind.FROZEN: self._freeze,
            Kind.WIPED: self._wipe,
            Kind.ROLLED_BACK: self._roll_back,
            Kind.READ_ONLY: self._refuse_writes,
            Kind.FULL: self._fill,
            Kind.DELETED: self._delete,
            Kind.CORRUPTED: self._corrupt,
            Kind.RESET_LINK: self._reset,
            Kind.CLOCK_FORWARD: self._turn_clock,
            Kind.CLOCK_BACK: self._turn_clock,
            Kind.REPEATED: self._repeat_starts,
            Kind.DEPLOYED: self._deploy,
            Kind.LIMITED: self._fail_model,
            Kind.FAILING: self._fail_model,
            **dict.fromkeys(WEATHERS, self._weathered),
        }

    async def perform(self, schedule: Schedule) -> list[Done]:
        """Do all faults of a schedule, from now on; returns when the last one is over."""
        begun = time.monotonic()
        return await asyncio.gather(*(self._at_its_time(each, begun) for each in schedule.faults))

    async def _at_its_time(self, fault: Fault, begun: float) -> Done:
        await asyncio.sleep(max(0.0, begun + fault.at - time.monotonic()))
        async with AsyncExitStack() as held:
            for lock in self._locks(fault):
                await held.enter_async_context(lock)
            began = time.time()
            note = await self._how[fault.kind](fault)
            return Done(fault, began, time.time(), note)

    def _locks(self, fault: Fault) -> tuple[asyncio.Lock, ...]:
        """Find what a fault needs for itself, always in the same order."""
        if fault.kind is Kind.DEPLOYED:
            return tuple(self._stack.processes[name].lock for name in (*WORKERS, GATEWAY))
        if fault.kind in WEATHERS:
            return (self._weather[fault.target],)
        if fault.kind in (Kind.REPEATED, Kind.RESET_LINK):
            return ()
        return (self._stack.processes[fault.target].lock,)

    async def _kill(self, fault: Fault) -> str:
        process = self._stack.processes[fault.target]
        await process.kill()
        await asyncio.sleep(fault.seconds)
        await process.start()
        return ""

    async def _freeze(self, fault: Fault) -> str:
        process = self._stack.processes[fault.target]
        process.freeze()
        await asyncio.sleep(fault.seconds)
        process.thaw()
        return ""

    async def _wipe(self, fault: Fault) -> str:
        async with memory_of(self._stack.redis_url) as memory:
            keys = await memory.dbsize()
            await memory.flushall()
        return f"{keys} keys"

    async def _roll_back(self, fault: Fault) -> str:
        files = self._stack.folder / "valkey"
        older = self._stack.folder / f"older-{fault.number}"
        process = self._stack.processes[MEMORY]
        await asyncio.to_thread(shutil.copytree, files, older)
        await asyncio.sleep(fault.seconds)
        await process.kill()
        await asyncio.to_thread(shutil.rmtree, files)
        older.rename(files)
        await process.start()
        return f"by {fault.seconds:.1f} s"

    async def _refuse_writes(self, fault: Fault) -> str:
        return await self._configured(fault, "min-replicas-to-write", "1", "0")

    async def _fill(self, fault: Fault) -> str:
        return await self._configured(fault, "maxmemory", "1", "0")

    async def _configured(self, fault: Fault, name: str, bad: str, good: str) -> str:
        async with memory_of(self._stack.redis_url) as memory:
            await memory.config_set(name, bad)
            await asyncio.sleep(fault.seconds)
            await memory.config_set(name, good)
        return ""

    async def _delete(self, fault: Fault) -> str:
        async with memory_of(self._stack.redis_url) as memory:
            chosen = await self._some(memory, fault, "*")
            if chosen:
                await memory.delete(*chosen)
        return f"{len(chosen)} keys"

    async def _corrupt(self, fault: Fault) -> str:
        async with memory_of(self._stack.redis_url) as memory:
            chosen = await self._some(memory, fault, "value:*")
            for key in chosen:
                body = await memory.get(key)
                if isinstance(body, bytes) and body:
                    middle = len(body) // 2
                    flipped = bytes([body[middle] ^ 1])
                    await memory.set(key, body[:middle] + flipped + body[middle + 1 :])
        return f"{len(chosen)} values"

    async def _some(self, memory: Redis, fault: Fault, pattern: str) -> list[bytes]:
        chance = random.Random(fault.seed)
        keys = [key async for key in memory.scan_iter(f"{self._stack.tenant}:{pattern}")]
        return [key for key in sorted(keys) if chance.random() < SHARE]

    async def _reset(self, fault: Fault) -> str:
        return f"{self._stack.proxies[fault.target].reset()} connections"

    async def _weathered(self, fault: Fault) -> str:
        proxy = self._stack.proxies[fault.target]
        proxy.change(WEATHERS[fault.kind])
        await asyncio.sleep(fault.seconds)
        proxy.change(FAIR)
        return ""

    async def _turn_clock(self, fault: Fault) -> str:
        """Start a worker under a clock that is told by a file, turn it there and back, replace it.

        Replaced, for the library before the clock slows a worker for as long as it runs.
        """
        hour = HOUR_SECONDS if fault.kind is Kind.CLOCK_FORWARD else -HOUR_SECONDS
        process, clock = self._stack.processes[fault.target], self._clocks / fault.target
        clock.write_text("+0\n")
        process.extra = under_clock(clock)
        await process.end()
        await process.start()
        clock.write_text(f"{hour:+d}\n")
        await asyncio.sleep(fault.seconds)
        clock.write_text("+0\n")
        await asyncio.sleep(2 * CLOCK_READ_SECONDS)
        process.extra = {}
        await process.end()
        await process.start()
        return f"{hour:+d} s for {fault.seconds:.1f} s"

    async def _repeat_starts(self, fault: Fault) -> str:
        return await self._repeat(random.Random(fault.seed))

    async def _deploy(self, fault: Fault) -> str:
        """Start workers and gateway anew, one after the other, as a rolling deploy does."""
        await asyncio.to_thread(self._stack.deploy)
        for name in (*WORKERS, GATEWAY):
            await self._stack.processes[name].end()
            await self._stack.processes[name].start()
        return f"revision {self._stack.revision}"

    async def _fail_model(self, fault: Fault) -> str:
        kinds = (ModelFault.HTTP_500, ModelFault.HTTP_503_RETRY_AFTER)
        if fault.kind is Kind.LIMITED:
            kinds = (ModelFault.HTTP_429_RETRY_AFTER,) * 2
        lines = [
            Line(agent="*", fault=kind, times=REFUSALS // 2, after_ms=RETRY_AFTER_MS)
            for kind in kinds
        ]
        await self._stack.pace(self._stack.delay_ms, *lines)
        return f"{REFUSALS} refusals"


def under_clock(clock: Path) -> dict[str, str]:
    """Write the environment under which a program's clock is what a file says.

    Time that only passes (the monotonic clock) is left alone, as setting a real clock leaves it.
    """
    return {
        "LD_PRELOAD": str(clock_library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": str(CLOCK_READ_SECONDS),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Else waits on condition variables, the interpreter lock's among them, take far too long.
        "FAKETIME_FORCE_MONOTONIC_FIX": "1",
    }


def clock_library() -> Path:
    """Find the library that stands between a program and its clock."""
    found = find_spec("libfaketime")
    assert found is not None, "the libfaketime package is missing; run `make setup`"
    assert found.submodule_search_locations is not None
    (folder,) = found.submodule_search_locations
    (library,) = Path(folder).rglob("libfaketime.so.1")
    return library
