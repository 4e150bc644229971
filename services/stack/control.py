"""Taking a data folder over, ending the stack on it, and removing what it keeps."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.errors import OperatorError
from services.stack import folder
from services.stack.identity import POLL_SECONDS, end_group
from services.stack.record import StackRecord, read_record

STOP_SECONDS = 90.0
"""Until a supervisor that was asked to stop is killed: longer than all its parts' graces."""

ORPHAN_SECONDS = 10.0
"""Until a part that outlived its supervisor is killed."""


@contextmanager
def claimed(data_dir: Path) -> Iterator[None]:
    """Own a data folder, free of what a supervisor that died has left running.

    Raises:
        ConflictError: a stack runs on it.
        StorageError: it cannot be written.
    """
    folder.prepare(data_dir)
    with folder.owned(data_dir):
        if record := read_record(data_dir):
            end_parts(record)
            folder.remove(data_dir / folder.RECORD)
        yield


def end_parts(record: StackRecord) -> tuple[str, ...]:
    """End every recorded part that still runs, with its whole group; name those that did.

    Raises:
        OperatorError: a part is run by another user.
    """
    return tuple(
        part.name
        for part in reversed(record.parts)
        if part.process and end_group(part.process, ORPHAN_SECONDS)
    )


def down(data_dir: Path, stop_seconds: float = STOP_SECONDS) -> bool:
    """Stop the stack on this folder and see that nothing of it remains. Data are kept.

    Returns:
        Whether there was anything to stop.

    Raises:
        StorageError: the record cannot be read.
        OperatorError: the stack is run by another user.
    """
    record = read_record(data_dir)
    if record is None:
        return False
    ran = record.supervisor.is_alive()
    _stop_supervisor(record, stop_seconds)
    latest = read_record(data_dir)
    if latest and latest.supervisor == record.supervisor:
        # It may have started a part again since the first reading.
        ran = bool(end_parts(latest)) or ran
        folder.remove(data_dir / folder.RECORD)
    return bool(end_parts(record)) or ran


def remove_data(data_dir: Path) -> tuple[Path, ...]:
    """Remove what the stack keeps: runs, memory, archive, corpora, logs. It cannot be undone.

    Files that are not the stack's stay, and so does the folder around them.

    Returns:
        What was removed.

    Raises:
        ConflictError: the stack runs.
        StorageError: something cannot be removed.
    """
    if not data_dir.is_dir():
        return ()
    with claimed(data_dir):
        paths = [data_dir / name for name in folder.CONTENTS]
        removed = tuple(path for path in paths if folder.remove(path))
    with suppress(OSError):
        data_dir.rmdir()
    return removed


def _stop_supervisor(record: StackRecord, stop_seconds: float) -> None:
    """Ask once, wait, then kill."""
    supervisor = record.supervisor
    if not supervisor.is_alive():
        return
    _signal(supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + stop_seconds
    while supervisor.is_alive():
        if time.monotonic() > deadline:
            _signal(supervisor.pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise OperatorError(
            f"the stack is run by another user as process {pid}; stop it as that user"
        ) from error
