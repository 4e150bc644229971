"""Work on the archive's folder: off the event loop, with what the disk says put in our words."""

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from services.errors import StorageError

Answer = TypeVar("Answer")

_REASONS: Final = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EFBIG: "the file-size limit is reached; raise it",
    errno.EROFS: "it is read-only; mount it writable",
    errno.EACCES: "it may not be written; give the service's user write access",
}


async def on_disk(folder: Path, work: Callable[[], Answer]) -> Answer:
    """Do something that blocks on the disk.

    Raises:
        StorageError: the disk or the folder refuses; why, and what to do.
    """
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or type(error).__name__)
        raise StorageError(f"the archive {folder} cannot be used: {reason}") from error
