"""The data folder: what the stack keeps in it, who owns it, and how it is emptied."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from services.errors import ConflictError, StorageError

LOGS = "logs"
LOCK = "stack.lock"
RECORD = "stack.json"
CONTENTS = ("valkey", "temporal", "archive", "corpora", LOGS, RECORD, LOCK)
"""All that is ever removed: a data folder set to somebody's home does not cost him his home."""

OWNER_SECONDS = 0.3
"""How long an owner may seem to be there: asking whether there is one takes the lock briefly."""

LOG_BYTES = 10 << 20
"""A log longer than this is set aside when its part is started, and the one before is dropped."""


def prepare(data_dir: Path) -> None:
    """Make the folder and see that it can be written.

    Raises:
        StorageError: it cannot, for the reason given.
    """
    try:
        (data_dir / LOGS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(data_dir, error) from error
    try_writing(data_dir)


def try_writing(folder: Path) -> None:
    """Write a file into a folder and remove it again.

    Raises:
        StorageError: it cannot be written, for the reason given.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"written")
    except OSError as error:
        raise _cannot_write(folder, error) from error


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Be the only stack on this folder, for as long as the process lives at most.

    Raises:
        ConflictError: another process owns it.
        StorageError: the folder cannot be written.
    """
    try:
        # Children do not inherit it: Python opens files that close when another program starts.
        lock = (data_dir / LOCK).open("a")
    except OSError as error:
        raise _cannot_write(data_dir, error) from error
    with lock:
        deadline = time.monotonic() + OWNER_SECONDS
        while not _locked(lock.fileno(), data_dir / LOCK):
            if time.monotonic() < deadline:
                time.sleep(OWNER_SECONDS / 10)
                continue
            raise ConflictError(f"a stack runs on {data_dir}; stop it with `orchestra down`")
        yield


def is_owned(data_dir: Path) -> bool:
    """Tell whether a process owns the folder now.

    Raises:
        StorageError: the folder cannot be written.
    """
    try:
        with (data_dir / LOCK).open("a") as lock:
            return not _locked(lock.fileno(), data_dir / LOCK)
    except OSError as error:
        raise _cannot_write(data_dir, error) from error


def _locked(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The folder may have been emptied meanwhile: a lock on a removed file guards nothing.
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError as error:
        raise _cannot_write(path.parent, error) from error


def replace(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new, only for its owner's eyes.

    Raises:
        StorageError: the folder cannot be written.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(_private(draft), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise _cannot_write(path.parent, error) from error


def log_path(data_dir: Path, name: str) -> Path:
    """Tell where a part's output goes."""
    return data_dir / LOGS / f"{name}.log"


def open_log(log: Path) -> BinaryIO:
    """Open a part's log to append to; one that has grown long is set aside first.

    Raises:
        StorageError: the folder cannot be written.
    """
    try:
        # Only here, between two runs of the part: while it runs it holds the file open.
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))
        return log.open("ab")
    except OSError as error:
        raise _cannot_write(log.parent, error) from error


def last_lines(log: Path, count: int = 15) -> str:
    """Read the end of a log, indented; a line saying so when there is nothing."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            lines = file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        lines = []
    return "\n".join(f"    {line}" for line in lines) or "    (nothing was logged)"


def remove(path: Path) -> bool:
    """Remove a file or a folder with all that is in it; tell whether there was one.

    Raises:
        StorageError: it cannot be removed.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.exists() or path.is_symlink():
            path.unlink()
        else:
            return False
    except OSError as error:
        raise StorageError(f"{path} cannot be removed: {error.strerror}") from error
    return True


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _cannot_write(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"the data folder {folder} cannot be written: {error.strerror};"
        " make room or permit it, or set ORCHESTRA_DATA_DIR to another folder"
    )
