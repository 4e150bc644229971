"""How a system is measured: so many runs, so many at a time, then one history is weighed."""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from temporalio.client import Client


@dataclass(frozen=True)
class Measured:
    """What a batch of runs took."""

    runs_per_second: float
    seconds: list[float]
    workflow_id: str
    cpu_ms: float
    """Of this process, a run."""


async def measure(one: Callable[[], Awaitable[str]], runs: int, concurrency: int) -> Measured:
    """Warm up with five runs, then time a batch."""
    for _ in range(5):
        await one()
    places = asyncio.Semaphore(concurrency)
    seconds: list[float] = []

    async def timed() -> str:
        async with places:
            begun = time.perf_counter()
            name = await one()
            seconds.append(time.perf_counter() - begun)
            return name

    begun, cpu = time.perf_counter(), time.process_time()
    names = await asyncio.gather(*(timed() for _ in range(runs)))
    elapsed = time.perf_counter() - begun
    cpu_ms = (time.process_time() - cpu) * 1e3 / runs
    return Measured(runs / elapsed, sorted(seconds), names[0], cpu_ms)


async def report(system: str, client: Client, measured: Measured, body: int) -> None:
    """Print one JSON line: runs a second, latencies in ms, history in bytes, memory in MB."""
    history = await client.get_workflow_handle(measured.workflow_id).fetch_history()
    count = len(measured.seconds)
    line = {
        "system": system,
        "body": body,
        "runs_per_s": round(measured.runs_per_second, 2),
        "p50_ms": round(measured.seconds[count // 2] * 1e3, 1),
        "p99_ms": round(measured.seconds[int(count * 0.99)] * 1e3, 1),
        "cpu_ms": round(measured.cpu_ms, 1),
        "history_events": len(history.events),
        "history_bytes": sum(event.ByteSize() for event in history.events),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
