"""Starts the stack in the background and waits until it works."""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from services.errors import UnavailableError
from services.settings import Settings
from services.stack import folder
from services.stack.control import STOP_SECONDS, down
from services.stack.identity import POLL_SECONDS, ProcessIdentity, end_group
from services.stack.record import Phase, StackRecord, read_record, stack_state

SUPERVISOR = (sys.executable, "-m", "services.stack.supervisor")
SUPERVISOR_LOG = "stack"
START_SECONDS = 180.0
"""Until a stack that does not come up is ended: longer than its parts may take one by one."""


def up(
    environ: Mapping[str, str],
    supervisor: tuple[str, ...] = SUPERVISOR,
    start_seconds: float = START_SECONDS,
) -> StackRecord:
    """Start the stack in the background and wait until all parts work.

    A stack that runs already on the same data folder is given back as it is; one that starts is
    waited for; one that stops is replaced once it has.

    Args:
        environ: what describes the stack; the supervisor gets all of it.
        supervisor: a program that calls `run_stack` for the same data folder.
        start_seconds: for everything.

    Raises:
        SettingsError: a setting is wrong.
        UnavailableError: a part cannot be started; with the last lines of its log.
        StorageError: the data folder cannot be written.
    """
    data_dir = Settings.from_environ(environ).data_dir.resolve()
    folder.prepare(data_dir)
    deadline = time.monotonic() + start_seconds
    while (found := stack_state(data_dir)) and found.phase is Phase.STOPPING:
        _pause(deadline, data_dir, None)
    started = None if found else _start(supervisor, environ, data_dir)
    while found is None or found.phase is not Phase.RUNNING:
        # Another supervisor may have been quicker and not have written its record yet.
        if found is None and not _is_alive(started) and not folder.is_owned(data_dir):
            raise _failure(data_dir, started)
        _pause(deadline, data_dir, started)
        found = stack_state(data_dir)
    if started and started.pid != found.supervisor.pid:
        # Another was quicker. Ours must not come up later, when that one has been stopped.
        end_group(started, STOP_SECONDS)
    return found


def _start(
    supervisor: tuple[str, ...], environ: Mapping[str, str], data_dir: Path
) -> ProcessIdentity | None:
    """Start a process in a session of its own, so that it outlives this one and its terminal."""
    with folder.open_log(folder.log_path(data_dir, SUPERVISOR_LOG)) as log:
        pid = os.posix_spawn(
            supervisor[0],
            supervisor,
            environ,
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
            ],
        )
    return ProcessIdentity.of(pid)


def _is_alive(started: ProcessIdentity | None) -> bool:
    if started is None:
        return False
    with suppress(ChildProcessError):
        # Where this process stays for long, it is the one that has to bury its child.
        os.waitpid(started.pid, os.WNOHANG)
    return started.is_alive()


def _pause(deadline: float, data_dir: Path, started: ProcessIdentity | None) -> None:
    if time.monotonic() > deadline:
        down(data_dir)
        if started:
            # It may not have come as far as to write its record.
            end_group(started, STOP_SECONDS)
        raise UnavailableError(
            f"the stack did not come up in time; its logs are in {data_dir / folder.LOGS}"
        )
    time.sleep(POLL_SECONDS)


def _failure(data_dir: Path, started: ProcessIdentity | None) -> UnavailableError:
    record = read_record(data_dir)
    if record and record.failure and (not started or started.pid == record.supervisor.pid):
        return UnavailableError(f"the stack did not come up: {record.failure}")
    log = folder.log_path(data_dir, SUPERVISOR_LOG)
    return UnavailableError(
        f"the stack did not come up; the last lines of {log}:\n{folder.last_lines(log)}"
    )
