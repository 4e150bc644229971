"""The archive as a folder: one file a value, named by its digest, written atomically."""

import asyncio
import errno
import os
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path

from contracts.reference import Digest
from services.errors import StorageError


class FolderArchive:
    """Implements `Archive` below one folder, which all workers have to share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, tenant: str, values: Mapping[Digest, bytes]) -> None:
        """See `Archive.put`."""
        await asyncio.to_thread(self._put_all, tenant, values)

    async def get(self, tenant: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """See `Archive.get`."""
        return await asyncio.to_thread(self._get_all, tenant, digests)

    def _path(self, tenant: str, digest: Digest) -> Path:
        return self._folder / tenant / digest[:2] / digest

    def _put_all(self, tenant: str, values: Mapping[Digest, bytes]) -> None:
        for digest, body in values.items():
            path = self._path(tenant, digest)
            try:
                # Compared, not trusted: a file that was damaged is written anew.
                if not path.exists() or path.read_bytes() != body:
                    _write_durably(path, body)
            except OSError as error:
                raise StorageError(_explain(self._folder, error)) from error

    def _get_all(self, tenant: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        found: dict[Digest, bytes] = {}
        for digest in digests:
            try:
                found[digest] = self._path(tenant, digest).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StorageError(_explain(self._folder, error)) from error
        return found


def _write_durably(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _explain(folder: Path, error: OSError) -> str:
    reasons = {
        errno.ENOSPC: "the disk is full; free some space",
        errno.EFBIG: "the file-size limit is reached; raise it",
        errno.EROFS: "it is read-only; mount it writable",
        errno.EACCES: "it may not be written; give the service's user write access",
    }
    reason = reasons.get(error.errno or 0, error.strerror or type(error).__name__)
    return f"the archive {folder} cannot be used: {reason}"
