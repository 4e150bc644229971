"""Files that are there whole or not at all, and survive a power cut once they were written."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replaced(path: Path, body: bytes, mode: int | None = None) -> None:
    """Write a file, whatever was there; who may read it is left to the process unless told.

    Raises:
        OSError: the disk or the folder refuses.
    """
    with _prepared(path, body) as temporary:
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(path)


def created(path: Path, body: bytes) -> bool:
    """Write a file where there is none; tell whether it was written. Of many, one succeeds.

    Raises:
        OSError: the disk or the folder refuses.
    """
    if path.exists():
        return False
    with _prepared(path, body) as temporary:
        try:
            # A link is made at once with all of its bytes, and never over another file.
            os.link(temporary, path)
        except FileExistsError:
            return False
    return True


@contextmanager
def _prepared(path: Path, body: bytes) -> Iterator[Path]:
    """Write the bytes beside their place, let the caller put them there, and make it last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
