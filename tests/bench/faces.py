"""What a user waits for: the stack's start, a start request, an event, an idle worker's memory."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
from ruamel.yaml import YAML

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples"
STARTS = 50


def measure_faces() -> bool:
    """Start a stack of its own with the scripted model, measure, and stop it."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "ORCHESTRA_DATA_DIR": folder, "ORCHESTRA_PUBLISH_DIR": folder}
        begun = time.monotonic()
        told = _orchestra(environ, "up", "--detach", "--json", "--model", "scripted")
        seconds = time.monotonic() - begun
        try:
            return _measure(json.loads(told), environ, seconds)
        finally:
            _orchestra(environ, "down")


def _measure(stack: dict[str, Any], environ: dict[str, str], seconds: float) -> bool:
    gateway = stack["addresses"]["gateway"]
    idle = _worker_megabytes(environ["ORCHESTRA_DATA_DIR"])
    _orchestra(environ, "corpus", "add", "composting", str(SAMPLES / "corpora" / "composting"))
    brief = YAML(typ="safe").load((SAMPLES / "briefs" / "hot-heap.yaml").read_text("utf-8"))
    with httpx.Client(base_url=gateway, timeout=30) as client:
        lag = statistics.median(_event_lag_ms(client, brief) for _ in range(5))
        started = [_start_ms(client, brief) for _ in range(STARTS)]
    rows = [
        ("stack up", seconds, 15.0, "s"),
        ("start request, median", statistics.median(started), 50.0, "ms"),
        ("event at an SSE client after its step", lag, 250.0, "ms"),
        ("idle worker", idle, 250.0, "MB"),
    ]
    for name, value, limit, unit in rows:
        sys.stdout.write(f"{name:40} {value:8.1f} {unit:3} (under {limit:.0f})\n")
    return all(value < limit for _, value, limit, _ in rows)


def _start_ms(client: httpx.Client, brief: dict[str, Any]) -> float:
    begun = time.perf_counter()
    client.post("/v1/runs", json={"flow": "article", "input": brief}).raise_for_status()
    took = (time.perf_counter() - begun) * 1e3
    # Fifty whole articles at once would measure two full cores, not the gateway.
    time.sleep(0.4)
    return took


def _event_lag_ms(client: httpx.Client, brief: dict[str, Any]) -> float:
    """Take the longest time from a value being produced to its event at a client."""
    run = client.post("/v1/runs", json={"flow": "article", "input": brief}).json()["id"]
    lags: list[float] = []
    name = ""
    with client.stream("GET", f"/v1/runs/{run}/events") as stream:
        for line in stream.iter_lines():
            name = line[7:] if line.startswith("event: ") else name
            if line.startswith("data:") and name == "produced":
                lags.append(time.time() * 1e3 - json.loads(line[5:])["at_ms"])
            if name == "end":
                break
    return max(lags)


def _worker_megabytes(folder: str) -> float:
    """Weigh the worker of this stack; others may run on the same machine."""
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [])[-1:] != ["worker"]:
            continue
        if process.environ().get("ORCHESTRA_DATA_DIR") == folder:
            return float(process.memory_info().rss / 1e6)
    raise RuntimeError("the stack has no worker")


def _orchestra(environ: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "services.cli.app", *arguments]
    done = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, text=True, check=True, timeout=180
    )
    return done.stdout
