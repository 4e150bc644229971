"""A part kept running: started, watched, started again when it ends, stopped with its group."""

import asyncio
import logging
import os
import shutil
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from services.errors import UnavailableError
from services.stack import folder, tether
from services.stack.exit_codes import ENVIRONMENT_UNFIT
from services.stack.identity import ProcessIdentity, signal_group
from services.stack.part import Part, RestartPolicy

log = logging.getLogger(__name__)

PROBE_SECONDS = 0.05
"""Between two questions whether a part works yet."""


class SupervisedProcess:
    """One part as a child process in a session, and so a process group, of its own.

    Only the end of the process leads to a restart. A part that is slow to answer is left alone:
    on a busy machine a working model server looks just like a hanging one.
    """

    def __init__(
        self, part: Part, log_file: Path, policy: RestartPolicy, on_change: Callable[[], None]
    ) -> None:
        self.part = part
        self.log_file = log_file
        self.restarts = 0
        self.identity: ProcessIdentity | None = None
        """The leader of the group; None while no process runs."""

        self.ready_seconds: float | None = None
        """How long the first start took."""

        self._policy = policy
        self._on_change = on_change
        self._process: Process | None = None
        self._ready = asyncio.Event()
        self._deaths: deque[float] = deque()
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Start the program and wait until its probe is content; keep it running from then on.

        Raises:
            UnavailableError: it cannot be started, does not become ready or keeps ending; with
                the last lines of its log.
            StorageError: its log or the record cannot be written.
        """
        began = time.monotonic()
        self._keeper = asyncio.create_task(self._keep_running())
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({self._keeper, ready}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self._keeper.done():
            self._keeper.result()
        self.ready_seconds = time.monotonic() - began
        self._on_change()

    async def is_ready(self) -> None:
        """Wait until the first start has succeeded."""
        await self._ready.wait()

    async def wait(self) -> None:
        """Wait until the part is stopped.

        Raises:
            UnavailableError: it kept ending and was given up; with the last lines of its log.
            StorageError: its log or the record cannot be written.
        """
        if self._keeper:
            await asyncio.wait({self._keeper})
            if not self._keeper.cancelled():
                self._keeper.result()

    async def stop(self) -> None:
        """End the whole group: ask, wait for the grace, kill. May be repeated."""
        if self._keeper is None:
            return
        if not self._stopping:
            self._stopping = True
            self._keeper.cancel()
        await asyncio.gather(asyncio.shield(self._keeper), return_exceptions=True)

    async def _keep_running(self) -> None:
        try:
            while True:
                process = await self._spawn()
                if await self._until_ready(process):
                    self._ready.set()
                code = await process.wait()
                await self._end()
                await self._before_restart(code)
                self.restarts += 1
        finally:
            await self._end()

    async def _spawn(self) -> Process:
        if not shutil.which(self.part.command[0]):
            raise UnavailableError(
                f"{self.part.name} cannot be started: no program {self.part.command[0]}"
            )
        with folder.open_log(self.log_file) as output:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *_tethered(self.part.command),
                    stdin=DEVNULL,
                    stdout=output,
                    stderr=STDOUT,
                    env=dict(self.part.environment),
                    start_new_session=True,
                )
            except OSError as error:
                raise UnavailableError(
                    f"{self.part.name} cannot be started: {error.strerror}"
                ) from error
        self.identity = ProcessIdentity.of(self._process.pid)
        self._on_change()
        return self._process

    async def _until_ready(self, process: Process) -> bool:
        """Wait until the probe is content; False when the process has ended before that."""
        deadline = time.monotonic() + self.part.ready_seconds
        while True:
            problem = await self.part.probe.problem()
            if process.returncode is not None:
                return False
            if not problem:
                return True
            if time.monotonic() > deadline:
                raise self._failure(f"is not ready after {self.part.ready_seconds:g} s: {problem}")
            await asyncio.sleep(PROBE_SECONDS)

    async def _before_restart(self, code: int) -> None:
        """Wait before the next start, longer each time; or give the part up."""
        now = time.monotonic()
        self._deaths.append(now)
        while self._deaths[0] < now - self._policy.window_seconds:
            self._deaths.popleft()
        if code == ENVIRONMENT_UNFIT:
            raise self._failure("cannot run in this environment")
        if len(self._deaths) >= self._policy.deaths:
            raise self._failure(
                f"ended {len(self._deaths)} times within {self._policy.window_seconds:g} s,"
                f" at last {_how(code)}"
            )
        log.warning(
            "a part ended and is started again", extra={"part": self.part.name, "how": _how(code)}
        )
        await asyncio.sleep(self._policy.delay_seconds(len(self._deaths)))

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        signal_group(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), self.part.grace_seconds)
        # Also when the leader went in time: what it started itself goes with it.
        signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        self._process = None
        self.identity = None
        self._on_change()

    def _failure(self, what: str) -> UnavailableError:
        return UnavailableError(
            f"{self.part.name} {what}; the last lines of {self.log_file}:\n"
            f"{folder.last_lines(self.log_file)}"
        )


def _tethered(command: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-I", "-S", str(tether.__file__), str(os.getpid()), *command]


def _how(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    with suppress(ValueError):
        return f"by {signal.Signals(-code).name}"
    return f"by signal {-code}"
