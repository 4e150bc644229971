"""One program of the stack as a process group that can be killed, frozen and started otherwise."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.stack import tether
from services.stack.identity import signal_group
from services.stack.part import Part

POLL_SECONDS: Final = 0.05


class PartProcess:
    """A part of the stack. Dies with the process that started it; ended with `end`."""

    def __init__(self, part: Part, log: Path, cwd: Path) -> None:
        self.part = part
        self.extra: Mapping[str, str] = {}
        """Added to the environment at the next start."""

        self.lock = asyncio.Lock()
        """Held by whoever does something to this process."""

        self._log = log
        self._cwd = cwd
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Number of the process, 0 before the first start."""
        return self._running.pid if self._running else 0

    async def start(self) -> None:
        """Start the program and wait until it works.

        Raises:
            RuntimeError: it ended or does not become ready; with the last lines of its log.
        """
        command = [sys.executable, "-I", "-S", str(tether.__file__), str(os.getpid())]
        with self._log.open("ab") as output:
            self._running = subprocess.Popen(  # noqa: ASYNC220  # takes a millisecond or two
                [*command, *self.part.command],
                cwd=self._cwd,
                env={**self.part.environment, **self.extra},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        await self._until_ready(self._running)

    async def _until_ready(self, running: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + self.part.ready_seconds
        while await self.part.probe.problem():
            if running.poll() is not None or time.monotonic() > deadline:
                lines = self._log.read_text("utf-8", "replace").splitlines()[-15:]
                raise RuntimeError(f"{self.part.name} does not work:\n" + "\n".join(lines))
            await asyncio.sleep(POLL_SECONDS)

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._running:
            signal_group(self._running.pid, signal.SIGKILL)
            await asyncio.to_thread(self._running.wait)

    async def end(self) -> None:
        """Ask it to end, as a deploy does; kill it after its grace."""
        if not self._running:
            return
        signal_group(self._running.pid, signal.SIGTERM)
        try:
            await asyncio.to_thread(self._running.wait, self.part.grace_seconds)
        except subprocess.TimeoutExpired:
            await self.kill()

    def freeze(self) -> None:
        """Stop it where it stands."""
        assert self._running is not None
        signal_group(self._running.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._running is not None
        signal_group(self._running.pid, signal.SIGCONT)
