"""Long-term memory: named, typed entries whose versions are a chain of immutable records."""

import time
from collections.abc import Callable

from contracts.long_term import Act, Provenance
from contracts.registry import Registry
from services.long_term.base import Heads, Records
from services.long_term.chain import Chains
from services.long_term.reading import Reader
from services.long_term.record import EntryRecord
from services.long_term.writing import Writer, Writing
from services.memory.base import Archive


class LongTermMemory(Reader):
    """Entries of all tenants. The archive decides; what memory knows of heads is checked."""

    def __init__(
        self,
        records: Records,
        heads: Heads,
        archive: Archive,
        registry: Registry,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(Chains(records, heads), archive)
        self.registry = registry
        self.clock = clock
        self._heads = heads
        self._writer = Writer(self, registry, clock)

    async def put(self, tenant: str, writing: Writing) -> EntryRecord:
        """Write a version after the one expected, or unite it with what is there.

        A repeated writing of the same name returns the version that the first one made.

        Raises:
            VersionConflictError: somebody else has changed the entry, and no merge was declared or
                none unites the two; nothing was written.
            ConflictError: the entry is of another contract.
            ErasedError: the version that was expected is erased.
            UnavailableError: other writers were quicker all the time.
        """
        return await self._writer.put(tenant, writing)

    async def restore(
        self, tenant: str, entry: str, version: int, provenance: Provenance, expected: int
    ) -> EntryRecord:
        """Write a new version that equals an old one.

        Raises as `get` and `put` do.
        """
        old = await self.get(tenant, entry, version)
        contract = old.record.contract
        writing = Writing(
            entry,
            self.registry.read(old.body, contract, contract),
            provenance,
            expected,
            trust=old.record.trust,
            act=Act.RESTORED,
            of=version,
        )
        return await self.put(tenant, writing)

    async def aclose(self) -> None:
        """Close connections."""
        await self._heads.aclose()
