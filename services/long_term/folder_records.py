"""Records as files: one a version, made by a link, which only one writer of many can make."""

from pathlib import Path
from typing import TypeVar

from services.durable_file import created
from services.long_term.places import entries_place, entry_place, record_place, version_of
from services.memory.archive_folder import on_disk

Answer = TypeVar("Answer")


class FolderRecords:
    """Implements `Records` below one folder, which all processes have to share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def create(self, tenant: str, entry: str, version: int, body: bytes) -> bool:
        """See `Records.create`."""
        path = self._path(tenant, entry, version)
        return await on_disk(self._folder, lambda: created(path, body))

    async def read(self, tenant: str, entry: str, version: int) -> bytes | None:
        """See `Records.read`."""
        path = self._path(tenant, entry, version)
        return await on_disk(self._folder, lambda: _read(path))

    async def exists(self, tenant: str, entry: str, version: int) -> bool:
        """See `Records.exists`."""
        return await on_disk(self._folder, self._path(tenant, entry, version).exists)

    async def versions(self, tenant: str, entry: str) -> tuple[int, ...]:
        """See `Records.versions`."""
        folder = self._folder / entry_place(tenant, entry)
        names = await on_disk(self._folder, lambda: _names(folder))
        return tuple(sorted(version for name in names if (version := version_of(name))))

    async def entries(self, tenant: str) -> tuple[str, ...]:
        """See `Records.entries`."""
        folder = self._folder / entries_place(tenant)
        return await on_disk(self._folder, lambda: _entries(folder))

    async def delete(self, tenant: str, entry: str, version: int) -> None:
        """See `Records.delete`."""
        path = self._path(tenant, entry, version)
        await on_disk(self._folder, lambda: path.unlink(missing_ok=True))

    def _path(self, tenant: str, entry: str, version: int) -> Path:
        return self._folder / record_place(tenant, entry, version)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir())
    except FileNotFoundError:
        return []


def _entries(folder: Path) -> tuple[str, ...]:
    return tuple(
        f"{namespace}.{name}"
        for namespace in _names(folder)
        for name in _names(folder / namespace)
        if any(version_of(each) for each in _names(folder / namespace / name))
    )
