"""Reads the text of a flow file, wherever it stands: bounded in size and in patience."""

import os
import select
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.errors import FlowInvalidError
from services.flows.source import SourceText
from workflows.checking.finding import Finding

FLOW_FILE_BYTES: Final = 1024 * 1024

PATIENCE: Final = 20.0
"""Seconds for which a pipe may say nothing; a shell that downloads into one takes a few."""

_NAME_A_FILE: Final = "Name a flow file, or a folder of them, that this user may read."


def stored_text(path: Path, name: str, patience: float = PATIENCE) -> str:
    """Read a file's text; also from a pipe, as `<(...)` or /dev/stdin.

    Args:
        path: where it is.
        name: what findings call it.
        patience: seconds to wait for a pipe that says nothing.

    Raises:
        FlowInvalidError: it is missing, over 1 MiB, not UTF-8, or nobody writes to it (FO106).
    """
    try:
        stored = _read(path, patience)
    except TimeoutError as error:
        message = f"it cannot be read: it is a pipe, and nothing came from it for {patience:g} s"
        remedy = "Name a flow file, or start the program that writes to this pipe first."
        raise unreadable(name, message, remedy) from error
    except OSError as error:
        raise unreadable(name, f"it cannot be read: {error.strerror}", _NAME_A_FILE) from error
    if len(stored) > FLOW_FILE_BYTES:
        remedy = "Name a flow file; the largest there are have some 100 KiB."
        raise unreadable(name, "it is over 1 MiB; that is no flow file", remedy)
    try:
        return stored.decode()
    except UnicodeDecodeError as error:
        raise unreadable(
            name, "it cannot be read: it is not UTF-8 text", "Save it as UTF-8."
        ) from error


def unreadable(name: str, message: str, remedy: str) -> FlowInvalidError:
    """Say that there is no text to look at."""
    return SourceText(name).refusal(
        [Finding(code="FO106", place=(), message=message, remedy=remedy)]
    )


def _read(path: Path, patience: float) -> bytes:
    """Read at most a byte more than a flow file may have.

    Opening a pipe would otherwise wait for somebody to write to it, without any end.

    Raises:
        OSError: it cannot be opened or read.
        TimeoutError: it is a pipe that says nothing.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        os.set_blocking(descriptor, not is_pipe)
        return b"".join(_chunks(descriptor, patience if is_pipe else None))
    finally:
        os.close(descriptor)


def _chunks(descriptor: int, patience: float | None) -> Iterator[bytes]:
    """Read to the end, or a byte too far; with a patience, wait no longer for each part."""
    left = FLOW_FILE_BYTES + 1
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    while left:
        if patience is not None and not waiting.poll(patience * 1000):
            raise TimeoutError
        chunk = os.read(descriptor, left)
        if not chunk:
            return
        left -= len(chunk)
        yield chunk
