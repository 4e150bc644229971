"""Reading entries: heads, versions and histories, each value verified."""

import time

from contracts.base import digest as digest_of
from contracts.long_term import Provenance
from services.errors import ErasedError, NotFoundError, StorageError
from services.long_term.chain import Chains, broken
from services.long_term.record import EntryRecord, EntryValue, StoredRecord
from services.memory.base import Archive


class Reader:
    """Reads the entries of all tenants."""

    def __init__(self, chains: Chains, archive: Archive) -> None:
        self.chains = chains
        self.archive = archive

    async def get(self, tenant: str, entry: str, version: int = 0) -> EntryValue:
        """Read a version, or the head; the value is what its digest says.

        Raises:
            ErasedError: it was erased.
            NotFoundError: there is no such entry or version.
            StorageError: record or value is damaged or lost.
        """
        head = await self._head(tenant, entry)
        if version in (0, head.record.version):
            return await self.value(tenant, _present(head.record))
        kept = await self.chains.all(tenant, entry)
        for each in kept:
            if each.record.version == version:
                return await self.value(tenant, _present(each.record))
        if kept and kept[0].record.is_erased and version < kept[0].record.version:
            raise erased(kept[0].record)
        if version > head.record.version:
            raise NotFoundError(
                f"{entry} has {head.record.version} versions; there is no version {version}"
            )
        raise StorageError(
            f"the archive has lost version {version} of {entry}; restore it from a backup"
        )

    async def heads(self, tenant: str, namespace: str = "") -> tuple[EntryRecord, ...]:
        """List the heads of all entries, or of those of a namespace, by name; erased ones too."""
        names = await self.chains.records.entries(tenant)
        wanted = [name for name in names if not namespace or name.startswith(f"{namespace}.")]
        found = [await self.chains.head(tenant, name) for name in wanted]
        return tuple(each.record for each in found if each is not None)

    async def history(self, tenant: str, entry: str) -> tuple[EntryRecord, ...]:
        """Tell every version that is there, oldest first.

        Raises:
            NotFoundError: there is no such entry.
            StorageError: a link of the chain is broken.
        """
        await self._head(tenant, entry)
        kept = await self.chains.all(tenant, entry)
        for wrong in broken(entry, kept):
            raise StorageError(f"{wrong}; restore the archive from its backup")
        return tuple(each.record for each in kept)

    async def tombstone(self, tenant: str, entry: str, version: int) -> ErasedError | None:
        """Say who erased a version and when; None when nobody did."""
        for each in await self.chains.all(tenant, entry):
            if each.record.is_erased and each.record.version > version:
                return erased(each.record)
        return None

    async def body(self, tenant: str, record: EntryRecord) -> bytes | None:
        """Read a version's value, unless it is lost or damaged."""
        if record.body is not None:
            body: bytes | None = record.body.encode()
        else:
            found = await self.archive.get(tenant, [record.digest])
            body = found.get(record.digest)
        return body if body is not None and digest_of(body) == record.digest else None

    async def value(self, tenant: str, record: EntryRecord) -> EntryValue:
        """Read the value of a record that is not erased.

        Raises:
            StorageError: it is lost or damaged.
        """
        body = await self.body(tenant, record)
        if body is None:
            raise StorageError(lost_value(record))
        return EntryValue(record, body)

    async def verify(self, tenant: str, entry: str) -> tuple[str, ...]:
        """Check every link and every value, and what memory knows. Returns what is wrong."""
        wrong = [*await self.chains.verify(tenant, entry)]
        if not wrong:
            for each in await self.chains.all(tenant, entry):
                if not each.record.is_erased and await self.body(tenant, each.record) is None:
                    wrong.append(lost_value(each.record))
        return tuple(wrong)

    async def _head(self, tenant: str, entry: str) -> StoredRecord:
        head = await self.chains.head(tenant, entry)
        if head is None:
            raise NotFoundError(
                f"no entry {entry!r}; `orchestra memory list` shows which there are, and"
                f" `orchestra memory put {entry}` writes it"
            )
        return head


def erased(record: EntryRecord) -> ErasedError:
    """Say what a tombstone says."""
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(record.at_ms / 1000))
    return ErasedError(
        f"{record.entry} was erased on {at}{_by(record.provenance)}, with all of its versions"
    )


def lost_value(record: EntryRecord) -> str:
    """Say that a version's value is not what its record says."""
    return (
        f"the value of version {record.version} of {record.entry} is lost or damaged in the"
        " archive; restore the archive from its backup"
    )


def _by(provenance: Provenance) -> str:
    return f" by {provenance.who}" if provenance.who else ""


def _present(record: EntryRecord) -> EntryRecord:
    if record.is_erased:
        raise erased(record)
    return record
