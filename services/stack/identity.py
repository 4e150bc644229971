"""Processes known by number and birth, and how a whole group of them is ended."""

import os
import signal
import time
from typing import Self

import psutil
from pydantic import BaseModel, ConfigDict

from services.errors import OperatorError

BIRTH_TOLERANCE_SECONDS = 1.0
"""Clocks are set; numbers are not given again to a newborn within a second of the same birth."""

POLL_SECONDS = 0.05


class ProcessIdentity(BaseModel):
    """A process that a reused number cannot be mistaken for."""

    model_config = ConfigDict(frozen=True)

    pid: int
    created: float
    """When it was born, in seconds since the epoch."""

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Identify a process; None when it has already gone."""
        try:
            return cls(pid=pid, created=psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def is_alive(self) -> bool:
        """Tell whether this very process still runs. A zombie does not."""
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return abs(process.create_time() - self.created) < BIRTH_TOLERANCE_SECONDS
        except psutil.Error:
            return False


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send a signal to all members of a group; a group that has gone is fine.

    Raises:
        OperatorError: the group belongs to another user.
    """
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise OperatorError(
            f"process group {leader} is run by another user; stop the stack as that user"
        ) from error


def end_group(leader: ProcessIdentity, grace_seconds: float) -> bool:
    """End what is left of a group: ask first, kill after the grace. Tell whether any was left.

    Raises:
        OperatorError: the group belongs to another user.
    """
    if not members(leader):
        return False
    signal_group(leader.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while members(leader):
        if time.monotonic() > deadline:
            signal_group(leader.pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    return True


def members(leader: ProcessIdentity) -> list[int]:
    """List the living processes of a group, also when its leader has died.

    A group's number is not given to a new process while the group has members, so a stranger
    with the leader's number means that the group has gone.
    """
    if psutil.pid_exists(leader.pid) and not _is_or_was(leader):
        return []
    return [pid for pid in psutil.pids() if _is_member(pid, leader.pid)]


def _is_or_was(leader: ProcessIdentity) -> bool:
    found = ProcessIdentity.of(leader.pid)
    return found is None or abs(found.created - leader.created) < BIRTH_TOLERANCE_SECONDS


def _is_member(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False
