"""The webhooks' home as a folder beside the archive's values: one file a record."""

import asyncio
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, TypeVar

from services.errors import StorageError
from services.memory.durable_file import explain, replaced

Found = TypeVar("Found")

_FOLDER: Final = "webhooks"
_OWN: Final = 0o700
"""Records hold secrets: nobody but the service's user enters their folder."""


class FolderRecords:
    """Implements `WebhookRecords` below one folder, which gateway and workers have to share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(self, tenant: str, name: str, body: bytes) -> None:
        """See `WebhookRecords.write`."""
        await self._done(lambda: _write(self._path(tenant), name, body))

    async def names(self, tenant: str) -> tuple[str, ...]:
        """See `WebhookRecords.names`."""
        return await self._done(lambda: _names(self._path(tenant)))

    async def read(self, tenant: str, names: Collection[str]) -> dict[str, bytes]:
        """See `WebhookRecords.read`."""
        return await self._done(lambda: _read(self._path(tenant), names))

    async def delete(self, tenant: str, names: Collection[str]) -> None:
        """See `WebhookRecords.delete`."""
        await self._done(lambda: _delete(self._path(tenant), names))

    def _path(self, tenant: str) -> Path:
        return self._folder / tenant / _FOLDER

    async def _done(self, work: Callable[[], Found]) -> Found:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise StorageError(explain(self._folder, error)) from error


def _names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(name for name in os.listdir(folder) if not name.startswith(".")))
    except FileNotFoundError:
        return ()


def _read(folder: Path, names: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in names:
        try:
            found[name] = (folder / name).read_bytes()
        except FileNotFoundError:
            continue
    return found


def _delete(folder: Path, names: Collection[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _write(folder: Path, name: str, body: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=_OWN)
    replaced(folder / name, body)
