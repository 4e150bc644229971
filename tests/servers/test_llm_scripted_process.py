"""The scripted server as a process of its own."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

pytestmark = pytest.mark.servers

PROGRAM = """
import asyncio, sys
from services.llm.scripted.script import Fault, Line, Script
from services.llm.scripted.server import serve
asyncio.run(serve(int(sys.argv[1]), script=Script(lines=(Line(fault=Fault.HANG, times=None),))))
"""
CHAT = {"model": "m", "messages": [{"role": "user", "content": "Say yes."}]}


@pytest.fixture
def started() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A server in which every call hangs."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)])
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def wait_until_healthy(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    """Poll until it answers; half a minute at most."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"no answer; the process ended with {process.poll()}")


def test_process_ends_when_it_is_told(started: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    """A server that is told to end does so within seconds, though calls hang in it."""
    url, process = started
    with httpx.Client(base_url=url, trust_env=False, timeout=1) as client:
        wait_until_healthy(client, process)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/chat/completions", json=CHAT, timeout=0.2)
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=10) == -signal.SIGTERM
