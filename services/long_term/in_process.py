"""The fakes: records, heads and a lock of one process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contracts.registry import Registry
from services.long_term.entries import LongTermMemory
from services.long_term.record import StoredRecord
from services.memory.base import Archive


class InProcessRecords:
    """Implements `Records` with a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, int], bytes] = {}

    async def create(self, tenant: str, entry: str, version: int, body: bytes) -> bool:
        """See `Records.create`."""
        return self.kept.setdefault((tenant, entry, version), body) is body

    async def read(self, tenant: str, entry: str, version: int) -> bytes | None:
        """See `Records.read`."""
        return self.kept.get((tenant, entry, version))

    async def exists(self, tenant: str, entry: str, version: int) -> bool:
        """See `Records.exists`."""
        return (tenant, entry, version) in self.kept

    async def versions(self, tenant: str, entry: str) -> tuple[int, ...]:
        """See `Records.versions`."""
        return tuple(sorted(key[2] for key in self.kept if key[:2] == (tenant, entry)))

    async def entries(self, tenant: str) -> tuple[str, ...]:
        """See `Records.entries`."""
        return tuple(sorted({key[1] for key in self.kept if key[0] == tenant}))

    async def delete(self, tenant: str, entry: str, version: int) -> None:
        """See `Records.delete`."""
        self.kept.pop((tenant, entry, version), None)


class InProcessHeads:
    """Implements `Heads` with a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], StoredRecord] = {}

    async def get(self, tenant: str, entry: str) -> StoredRecord | None:
        """See `Heads.get`."""
        return self.kept.get((tenant, entry))

    async def keep(self, tenant: str, head: StoredRecord) -> None:
        """See `Heads.keep`."""
        self.kept[tenant, head.record.entry] = head

    async def drop(self, tenant: str, entry: str) -> None:
        """See `Heads.drop`."""
        self.kept.pop((tenant, entry), None)

    async def aclose(self) -> None:
        """Nothing is open."""


class InProcessLock:
    """Implements `Lock` among the tasks of one process."""

    def __init__(self) -> None:
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def held(self, tenant: str, entry: str) -> AsyncIterator[None]:
        """See `Lock.held`."""
        async with self._locks[tenant, entry]:
            yield


def empty_memory(archive: Archive, registry: Registry) -> LongTermMemory:
    """A long-term memory of this process alone, in which nothing is."""
    return LongTermMemory(InProcessRecords(), InProcessHeads(), archive, registry)
