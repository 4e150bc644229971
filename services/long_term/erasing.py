"""Erasing an entry: a tombstone first, for everybody to see, then everything before it."""

from contracts.long_term import Act, Provenance
from services.errors import NotFoundError, StorageError, UnavailableError
from services.long_term.entries import LongTermMemory
from services.long_term.record import EntryRecord, StoredRecord
from services.long_term.writing import TRIES
from services.memory.base import ContextStore


async def erase(
    entries: LongTermMemory, store: ContextStore, tenant: str, entry: str, provenance: Provenance
) -> EntryRecord:
    """Remove all versions of an entry, and its values from memory and archive.

    Runs that pinned a version fail from now on when they read it. What a run made itself stays in
    that run's history until its retention ends. An erasing that broke off is finished by another.

    Returns the tombstone.

    Raises:
        NotFoundError: there is no such entry.
        UnavailableError: memory or archive does not answer; the entry may be erased in part.
    """
    tombstone = await _tombstone(entries, tenant, entry, provenance)
    records = entries.chains.records
    versions = [
        version for version in await records.versions(tenant, entry) if version < tombstone.version
    ]
    digests = await _digests(entries, tenant, entry, versions)
    mine = digests - await _held_by_others(entries, tenant, entry)
    await entries.archive.delete(tenant, sorted(mine))
    await store.forget(tenant, sorted(mine))
    for version in versions:
        await records.delete(tenant, entry, version)
    return tombstone


async def _tombstone(
    entries: LongTermMemory, tenant: str, entry: str, provenance: Provenance
) -> EntryRecord:
    for _ in range(TRIES):
        head = await entries.chains.head(tenant, entry)
        if head is None:
            raise NotFoundError(
                f"no entry {entry!r}; `orchestra memory list` shows which there are"
            )
        if head.record.is_erased:
            return head.record
        made = EntryRecord(
            entry=entry,
            version=head.record.version + 1,
            previous=head.address,
            act=Act.ERASED,
            at_ms=int(entries.clock() * 1000),
            provenance=provenance,
        )
        if await entries.chains.append(tenant, StoredRecord.of(made)):
            return made
    raise UnavailableError(f"{entry} is written by others all the time; try again later")


async def _digests(
    entries: LongTermMemory, tenant: str, entry: str, versions: list[int]
) -> frozenset[str]:
    """Collect what the records name; one that is damaged names nothing, and goes all the same."""
    found: set[str] = set()
    for version in versions:
        try:
            kept = await entries.chains.record(tenant, entry, version)
        except StorageError:
            continue
        if kept is not None and kept.record.digest:
            found.add(kept.record.digest)
    return frozenset(found)


async def _held_by_others(entries: LongTermMemory, tenant: str, entry: str) -> frozenset[str]:
    """Collect the values of all other entries: one that is equal stays."""
    found: set[str] = set()
    for other in await entries.chains.records.entries(tenant):
        if other != entry:
            found |= {each.record.digest for each in await entries.chains.all(tenant, other)}
    return frozenset(found)
