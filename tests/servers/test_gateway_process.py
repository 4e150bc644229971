"""The gateway as a process with its real wiring: it starts, serves the shipped flow, and stops."""

import asyncio
import os
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

pytestmark = pytest.mark.servers

PROGRAM = """
import asyncio, os
from services.gateway.serve import serve
from services.settings import Settings
asyncio.run(serve(Settings.from_environ(os.environ), lambda url: print(url, flush=True)))
"""
BRIEF = {
    "title": "How a hot compost heap works",
    "goal": "The reader can balance, warm and turn a heap.",
    "audience": "Gardeners",
    "key_points": ["Balancing greens and browns"],
    "words": {"min": 60, "max": 250},
    "corpus": "composting",
}


@asynccontextmanager
async def _process(
    temporal_address: str, redis_url: str, folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    environ = {
        **os.environ,
        "ORCHESTRA_TEMPORAL_ADDRESS": temporal_address,
        "ORCHESTRA_REDIS_URL": redis_url,
        "ORCHESTRA_GATEWAY_PORT": "0",
        "ORCHESTRA_TENANT": f"t{uuid4().hex[:10]}",
        "ORCHESTRA_ARCHIVE_DIR": str(folder / "archive"),
        "ORCHESTRA_CORPORA_URI": str(folder / "corpora"),
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stdout=pipe, stderr=pipe, env=environ
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


async def test_the_gateway_serves_the_shipped_flow(
    temporal_address: str, redis_url: str, tmp_path: Path
) -> None:
    """Ready with no worker up; the median start takes less than 50 ms; SIGTERM ends it cleanly."""
    took: list[float] = []
    async with _process(temporal_address, redis_url, tmp_path) as process:
        url = await _address(process)
        async with httpx.AsyncClient(base_url=url) as caller:
            ready = await caller.get("/readyz")
            for _ in range(40):
                began = time.perf_counter()
                reply = await caller.post("/v1/runs", json={"flow": "article", "input": BRIEF})
                took.append((time.perf_counter() - began) * 1000)
            stream = await asyncio.wait_for(_first_line(caller, reply.headers["location"]), 10)

        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 15)

    print({"article_start_ms": round(statistics.median(took), 1)})  # noqa: T201  the number to hold
    assert (ready.status_code, reply.status_code, stream) == (200, 202, "event: snapshot")
    assert statistics.median(took) < 50
    assert (process.returncode, errors.decode()) == (0, "")


async def _first_line(caller: httpx.AsyncClient, run: str) -> str:
    async with caller.stream("GET", f"{run}/events") as reply:
        return await anext(reply.aiter_lines())


async def test_documents_are_kept_where_the_settings_say(
    temporal_address: str, redis_url: str, tmp_path: Path
) -> None:
    """What is added over HTTP is searched in the corpora's own store."""
    text = "Greens feed the heap. Browns keep it airy. Turn the heap once a week."
    body = {"documents": [{"title": "Heaps", "text": text, "uri": "heaps.md"}]}
    async with _process(temporal_address, redis_url, tmp_path) as process:
        url = await _address(process)
        async with httpx.AsyncClient(base_url=url, timeout=30) as caller:
            added = await caller.post("/v1/corpora/composting/documents", json=body)
            found = await caller.get("/v1/corpora/composting/search?q=browns&limit=3")

    assert (added.status_code, added.json()["added"]) == (200, 1)
    assert "Browns" in found.json()["passages"][0]["text"]
    assert (tmp_path / "corpora").is_dir()
