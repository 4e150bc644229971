"""The memory layer as agents' steps use it: every read verified, every loss repaired or named."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from contracts.base import digest as digest_of
from contracts.event import Event
from contracts.failure import FailureKind
from contracts.reference import Digest
from contracts.work import INLINE_LIMIT_BYTES
from services.errors import StepError
from services.memory.base import Archive, ContextStore, HistorySource


class NotInMemoryError(StepError):
    """Values are missing or damaged; `lost` names their digests."""

    def __init__(self, lost: Sequence[Digest]) -> None:
        named = ", ".join(digest[:12] for digest in lost)
        super().__init__(
            FailureKind.MEMORY_LOST,
            f"memory, archive and history have lost {len(lost)} value(s): {named}; restore the"
            " archive from a backup, then retry",
        )
        self.lost = tuple(lost)


class Memory:
    """Store, archive and history as one: values by digest that are what their digest says."""

    def __init__(
        self, store: ContextStore, archive: Archive, history: HistorySource | None
    ) -> None:
        self.store = store
        self.archive = archive
        self._history = history

    async def read(
        self,
        tenant: str,
        run: str,
        digests: Sequence[Digest],
        *,
        events: Sequence[Event] = (),
        from_history: bool = True,
    ) -> tuple[dict[Digest, bytes], tuple[Digest, ...]]:
        """Read values, verified; write events in the same round trip.

        Returns the values, and the digests that had to be restored.

        Raises:
            NotInMemoryError: a value is nowhere to be found.
        """
        wanted = tuple(dict.fromkeys(digests))
        stored = await self.store.turn(tenant, run, read=wanted, events=events)
        found = _verified(dict(zip(wanted, stored, strict=True)))
        missing = [digest for digest in wanted if digest not in found]
        if not missing:
            return found, ()
        restored = await self.restore(tenant, run, missing, from_history=from_history)
        return {**found, **restored}, tuple(restored)

    async def look_up(
        self, tenant: str, run: str, digests: Collection[Digest]
    ) -> dict[Digest, bytes]:
        """Find values of a run in store, archive or history, and restore nothing.

        What is nowhere is left out.
        """
        wanted = tuple(dict.fromkeys(digests))
        stored = await self.store.turn(tenant, run, read=wanted)
        found = _verified(dict(zip(wanted, stored, strict=True)))
        if missing := [digest for digest in wanted if digest not in found]:
            found |= _verified(await self.archive.get(tenant, missing))
        missing = [digest for digest in wanted if digest not in found]
        if missing and self._history:
            found |= _verified(await self._history.find(tenant, run, missing))
        return found

    async def adopt(self, tenant: str, run: str, values: Mapping[Digest, bytes]) -> None:
        """Keep values for a run whose history does not carry them: the small ones archived too."""
        await self.archive.put(tenant, values)
        await self.store.turn(tenant, run, write=values)

    async def restore(
        self, tenant: str, run: str, digests: Collection[Digest], *, from_history: bool = True
    ) -> dict[Digest, bytes]:
        """Bring values back from the archive or the run's history, and write them to the store.

        Raises:
            NotInMemoryError: one or more are in neither.
        """
        found = _verified(await self.archive.get(tenant, digests))
        missing = [digest for digest in digests if digest not in found]
        if missing and from_history and self._history:
            found |= _verified(await self._history.find(tenant, run, missing))
            missing = [digest for digest in digests if digest not in found]
        if missing:
            raise NotInMemoryError(missing)
        await self.store.turn(tenant, run, write=found)
        return found

    async def write(
        self, tenant: str, run: str, values: Mapping[Digest, bytes], events: Sequence[Event] = ()
    ) -> None:
        """Keep values: the large ones in the archive first, then all in the store."""
        large = {key: body for key, body in values.items() if len(body) > INLINE_LIMIT_BYTES}
        if large:
            await self.archive.put(tenant, large)
        await self.store.turn(tenant, run, write=values, events=events)

    async def seal(self, tenant: str, run: str, digests: Sequence[Digest]) -> None:
        """Copy values to the archive, restoring first what the store has lost."""
        values, _ = await self.read(tenant, run, digests)
        await self.archive.put(tenant, values)

    async def aclose(self) -> None:
        """Close the store's connections."""
        await self.store.aclose()


def _verified(values: Mapping[Digest, bytes | None]) -> dict[Digest, bytes]:
    """Keep what hashes to its own address; a flipped byte reads as missing."""
    return {key: body for key, body in values.items() if body and digest_of(body) == key}


async def hash_in_thread(body: bytes) -> Digest:
    """Hash large bytes off the event loop; a megabyte takes about 0.6 ms."""
    if len(body) < 256 * 1024:
        return digest_of(body)
    return await asyncio.to_thread(digest_of, body)
