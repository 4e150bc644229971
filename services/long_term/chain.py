"""The chain of an entry's records: finding its head, adding to it, and checking every link."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from services.errors import StorageError
from services.long_term.base import Heads, Records
from services.long_term.record import StoredRecord

LOOKS: Final = 20
"""How often the head is looked for again because records were erased meanwhile."""


AT_ONCE: Final = 16
"""Records read at once."""


class Chains:
    """The records of all entries, with a cache of heads that is believed in nothing."""

    def __init__(self, records: Records, heads: Heads) -> None:
        self.records = records
        self._heads = heads

    async def head(self, tenant: str, entry: str) -> StoredRecord | None:
        """Find the last version; None when there is none.

        What memory knows is checked against the archive, and put right where it is behind.

        Raises:
            StorageError: the archive is behind what memory has seen in it, or a record is damaged.
        """
        known = await self._heads.get(tenant, entry)
        if known and await self._is_last(tenant, known):
            return known
        found = await self._look(tenant, entry)
        if known and (found is None or found.record.version <= known.record.version):
            raise StorageError(_gone_back(known, found))
        if found:
            await self._heads.keep(tenant, found)
        return found

    async def record(self, tenant: str, entry: str, version: int) -> StoredRecord | None:
        """Read one version; None when there is none.

        Raises:
            StorageError: it is damaged.
        """
        stored = await self.records.read(tenant, entry, version)
        return None if stored is None else StoredRecord.read(stored, entry, version)

    async def append(self, tenant: str, made: StoredRecord) -> bool:
        """Keep a new head, unless somebody was quicker; tell whether it was kept."""
        entry, version = made.record.entry, made.record.version
        if not await self.records.create(tenant, entry, version, made.stored):
            return False
        await self._heads.keep(tenant, made)
        return True

    async def all(self, tenant: str, entry: str) -> tuple[StoredRecord, ...]:
        """Read every version, oldest first; those that were erased are left out.

        Raises:
            StorageError: a record is damaged.
        """
        versions = await self.records.versions(tenant, entry)
        found: list[StoredRecord | None] = []
        for first in range(0, len(versions), AT_ONCE):
            some = versions[first : first + AT_ONCE]
            found += await asyncio.gather(*(self.record(tenant, entry, each) for each in some))
        return _since_erased([each for each in found if each is not None])

    async def verify(self, tenant: str, entry: str) -> tuple[str, ...]:
        """Check every link, and the cached head. Returns what is wrong, a sentence each."""
        known = await self._heads.get(tenant, entry)
        try:
            records = await self.all(tenant, entry)
        except StorageError as error:
            return (str(error),)
        wrong = list(broken(entry, records))
        if known and known not in records[:-1] and (not records or records[-1] != known):
            last = records[-1] if records else None
            if last is None or last.record.version <= known.record.version:
                wrong.append(_gone_back(known, last))
        return tuple(wrong)

    async def forget(self, tenant: str, entry: str) -> None:
        """Let memory forget the head, and so take the archive for what it is now."""
        await self._heads.drop(tenant, entry)

    async def _is_last(self, tenant: str, known: StoredRecord) -> bool:
        entry, version = known.record.entry, known.record.version
        if await self.records.exists(tenant, entry, version + 1):
            return False
        return await self.records.read(tenant, entry, version) == known.stored

    async def _look(self, tenant: str, entry: str) -> StoredRecord | None:
        for _ in range(LOOKS):
            versions = await self.records.versions(tenant, entry)
            if not versions:
                return None
            found = await self.record(tenant, entry, versions[-1])
            if found is not None:
                return found
        raise StorageError(f"the archive lists records of {entry} that it has not; look at it")


def _since_erased(records: Sequence[StoredRecord]) -> tuple[StoredRecord, ...]:
    """Leave out what an erasing that broke off has not yet removed."""
    last = max((at for at, each in enumerate(records) if each.record.is_erased), default=0)
    return tuple(records[last:])


def broken(entry: str, records: Sequence[StoredRecord]) -> Iterator[str]:
    """Say which links of a chain do not hold; nothing when all do."""
    if records and not records[0].record.is_erased and records[0].record.version != 1:
        yield f"{entry} has lost its versions before {records[0].record.version}"
    for before, after in pairwise(records):
        if after.record.version != before.record.version + 1:
            first, last = before.record.version + 1, after.record.version - 1
            yield f"{entry} has lost its versions {first} to {last}"
        elif after.record.previous != before.address:
            yield (
                f"version {after.record.version} of {entry} was made after another version"
                f" {before.record.version} than the one that is there"
            )


def _gone_back(known: StoredRecord, found: StoredRecord | None) -> str:
    entry, version = known.record.entry, known.record.version
    now = f"its version {found.record.version}" if found else "nothing of it"
    return (
        f"the archive has gone back: it held version {version} of {entry}"
        f" ({known.address[:12]}), and has {now} now; restore the archive from its backup, or take"
        " it as it is with `orchestra memory verify --repair`"
    )
