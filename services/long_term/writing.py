"""Writing entries: compare-and-set on the chain, with the merges that are declared."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from contracts.base import Contract
from contracts.base import digest as digest_of
from contracts.long_term import Act, Merge, Provenance
from contracts.reference import Trust, least_trust
from contracts.registry import MissingMigrationError, Registry, UnknownContractError
from contracts.work import INLINE_LIMIT_BYTES
from services.errors import ConflictError, ErasedError, UnavailableError, VersionConflictError
from services.long_term.merging import NoUnionError, union
from services.long_term.reading import Reader, erased
from services.long_term.record import EntryRecord, EntryValue, StoredRecord

TRIES: Final = 1_000
"""How often a version is made again because another writer was quicker."""


@dataclass(frozen=True)
class Writing:
    """A new version of an entry, as its writer wants it."""

    entry: str
    value: Contract
    provenance: Provenance
    expected: int = 0
    """The version that the value was made from; 0 for an entry that is not there."""

    merge: Merge | None = None
    """What becomes of it when there is another version meanwhile; None: it is refused."""

    trust: Trust = Trust.OPERATOR
    write: str = ""
    """Names the act of writing, so that a repeated one finds what it wrote; empty: it has none."""

    act: Act = Act.WRITTEN
    of: int = 0
    """The version that it restores."""


class Writer:
    """Writes entries. The archive decides who writes which version."""

    def __init__(self, reader: Reader, registry: Registry, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._chains = reader.chains
        self._registry = registry
        self._clock = clock
        # Writers of one process take turns; what they lose to other processes they try again.
        self._turns: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def put(self, tenant: str, writing: Writing) -> EntryRecord:
        """See `LongTermMemory.put`."""
        looked_to = writing.expected
        async with self._turns[tenant, writing.entry]:
            for _ in range(TRIES):
                head = await self._chains.head(tenant, writing.entry)
                if done := await self._done(tenant, head, writing, looked_to):
                    return done
                looked_to = head.record.version if head else looked_to
                made = await self._next(tenant, head, writing)
                if await self._chains.append(tenant, made):
                    return made.record
                await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311 - spreads the writers
        raise UnavailableError(
            f"{writing.entry} is written by others all the time; try again later"
        )

    async def _done(
        self, tenant: str, head: StoredRecord | None, writing: Writing, looked_to: int
    ) -> EntryRecord | None:
        """Find what this very writing wrote in an earlier attempt."""
        at = head
        while writing.write and at is not None and at.record.version > looked_to:
            if at.record.write == writing.write:
                return at.record
            at = await self._chains.record(tenant, writing.entry, at.record.version - 1)
        return None

    async def _next(self, tenant: str, head: StoredRecord | None, writing: Writing) -> StoredRecord:
        """Make the record that follows the head; a large value is in the archive before it."""
        body, trust, over = await self._united(tenant, head, writing)
        digest = digest_of(body)
        is_small = len(body) <= INLINE_LIMIT_BYTES
        if not is_small:
            await self._reader.archive.put(tenant, {digest: body})
        return StoredRecord.of(
            EntryRecord(
                entry=writing.entry,
                version=head.record.version + 1 if head else 1,
                previous=head.address if head else "",
                act=Act.MERGED if over else writing.act,
                at_ms=int(self._clock() * 1000),
                provenance=writing.provenance,
                contract=writing.value.key(),
                trust=trust,
                digest=digest,
                size=len(body),
                body=body.decode() if is_small else None,
                of=over or writing.of,
                write=writing.write,
            )
        )

    async def _united(
        self, tenant: str, head: StoredRecord | None, writing: Writing
    ) -> tuple[bytes, Trust, int]:
        """Say what is written, how far it is trusted, and over which unseen version."""
        ours = writing.value.encode()
        if head is None or head.record.is_erased:
            if writing.expected:
                raise _not_there(writing, head)
            return ours, writing.trust, 0
        there = head.record
        if there.contract.partition("@")[0] != writing.value.contract_name:
            raise ConflictError(
                f"{there.entry} is a {there.contract}, and takes no {writing.value.key()}; erase"
                " it first, or choose another name"
            )
        if there.version == writing.expected:
            return ours, writing.trust, 0
        match writing.merge:
            case None:
                raise _conflict(writing, there, "nobody declared a merge")
            case Merge.REPLACE:
                return ours, writing.trust, there.version
            case Merge.UNION:
                body = await self._union(tenant, there, writing)
                return body, least_trust(there.trust, writing.trust), there.version

    async def _union(self, tenant: str, there: EntryRecord, writing: Writing) -> bytes:
        key, base = writing.value.key(), b""
        theirs = await self._reader.value(tenant, there)
        try:
            if writing.expected:
                found = await self._reader.get(tenant, writing.entry, writing.expected)
                base = self._as(found, key)
            made = union(base, self._as(theirs, key), writing.value.encode())
            return self._registry.read(made, key, key).encode()
        except NoUnionError as error:
            raise _conflict(writing, there, f"the two have no union: {error}") from error
        except (ValidationError, MissingMigrationError, UnknownContractError) as error:
            told = f"their union is no {key}"
            if isinstance(error, ValidationError):
                first = error.errors()[0]
                told += f": /{'/'.join(map(str, first['loc']))}: {first['msg']}"
            raise _conflict(writing, there, told) from error

    def _as(self, held: EntryValue, key: str) -> bytes:
        return self._registry.read(held.body, held.record.contract, key).encode()


def _not_there(writing: Writing, head: StoredRecord | None) -> ErasedError | VersionConflictError:
    if head is not None:
        return erased(head.record)
    return VersionConflictError(
        f"there is no {writing.entry}, and so no version {writing.expected} of it to follow;"
        " expect 0 to write its first",
        0,
    )


def _conflict(writing: Writing, there: EntryRecord, why: str) -> VersionConflictError:
    seen = f"version {writing.expected} was expected" if writing.expected else "none was expected"
    return VersionConflictError(
        f"{there.entry} has version {there.version} now, and {seen}; {why}; read what is there,"
        f" and write again with expected {there.version}",
        there.version,
    )
