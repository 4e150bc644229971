"""The archive as a folder: one file a value, named by its digest, written atomically."""

from collections.abc import Collection, Mapping
from pathlib import Path

from contracts.reference import Digest
from services.durable_file import replaced
from services.memory.archive_folder import on_disk


class FolderArchive:
    """Implements `Archive` below one folder, which all workers have to share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, tenant: str, values: Mapping[Digest, bytes]) -> None:
        """See `Archive.put`."""
        await on_disk(self._folder, lambda: self._put_all(tenant, values))

    async def get(self, tenant: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """See `Archive.get`."""
        return await on_disk(self._folder, lambda: self._get_all(tenant, digests))

    async def delete(self, tenant: str, digests: Collection[Digest]) -> None:
        """See `Archive.delete`."""
        await on_disk(self._folder, lambda: self._delete_all(tenant, digests))

    def _path(self, tenant: str, digest: Digest) -> Path:
        return self._folder / tenant / digest[:2] / digest

    def _put_all(self, tenant: str, values: Mapping[Digest, bytes]) -> None:
        for digest, body in values.items():
            path = self._path(tenant, digest)
            # Compared, not trusted: a file that was damaged is written anew.
            if not path.exists() or path.read_bytes() != body:
                replaced(path, body)

    def _get_all(self, tenant: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        found: dict[Digest, bytes] = {}
        for digest in digests:
            try:
                found[digest] = self._path(tenant, digest).read_bytes()
            except FileNotFoundError:
                continue
        return found

    def _delete_all(self, tenant: str, digests: Collection[Digest]) -> None:
        for digest in digests:
            self._path(tenant, digest).unlink(missing_ok=True)
