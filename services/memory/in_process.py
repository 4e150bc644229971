"""A context store and an archive in one process: the fakes that unit tests and benchmarks use."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from contracts.event import Event
from contracts.reference import Digest
from services.memory import keys
from services.memory.base import JournalEntry, Look, Quarantined, StreamEvent, Swept, WorkKey
from services.memory.stream_order import completed, place_of


class InProcessStore:
    """Implements `ContextStore` with dictionaries; passes the same contract tests as Redis."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self._reach: dict[str, set[Digest]] = defaultdict(set)
        self._streams: dict[str, list[StreamEvent]] = defaultdict(list)
        self._journals: dict[str, list[JournalEntry]] = defaultdict(list)
        self._quarantine: dict[str, list[Quarantined]] = defaultdict(list)
        self._looks: dict[str, dict[str, Look]] = defaultdict(dict)
        self._runs: dict[tuple[str, str], float] = {}
        self._told = asyncio.Condition()

    async def check(self) -> None:
        """Memory of a process never evicts."""

    async def turn(
        self,
        tenant: str,
        run: str,
        *,
        read: Sequence[Digest] = (),
        write: Mapping[Digest, bytes] | None = None,
        events: Sequence[Event] = (),
    ) -> tuple[bytes | None, ...]:
        """See `ContextStore.turn`."""
        for digest, body in (write or {}).items():
            self._runs.setdefault((tenant, run), float("inf"))
            self._reach[keys.run_values(tenant, run)].add(digest)
            self.values[keys.value(tenant, digest)] = body
        await self._append(keys.events(tenant, run), events)
        return tuple(self.values.get(keys.value(tenant, digest)) for digest in read)

    async def journal(self, work: WorkKey) -> tuple[JournalEntry, ...]:
        """See `ContextStore.journal`."""
        return tuple(self._journals[keys.journal(work)])

    async def record(self, work: WorkKey, entry: JournalEntry) -> None:
        """See `ContextStore.record`."""
        self._runs.setdefault((work.tenant, work.run), float("inf"))
        self._journals[keys.journal(work)].append(entry)

    async def quarantine(self, tenant: str, run: str, kept: Quarantined) -> None:
        """See `ContextStore.quarantine`."""
        self._quarantine[keys.quarantine(tenant, run)].append(kept.cut())

    async def quarantined(self, tenant: str, run: str) -> tuple[Quarantined, ...]:
        """See `ContextStore.quarantined`."""
        return tuple(self._quarantine[keys.quarantine(tenant, run)])

    async def keep_look(self, tenant: str, run: str, reader: str, look: Look) -> None:
        """See `ContextStore.keep_look`."""
        self._runs.setdefault((tenant, run), float("inf"))
        self._looks[keys.looks(tenant, run)][reader] = look

    async def look(self, tenant: str, run: str, reader: str) -> Look | None:
        """See `ContextStore.look`."""
        return self._looks[keys.looks(tenant, run)].get(reader)

    async def epoch(self, tenant: str) -> str:
        """See `ContextStore.epoch`."""
        return f"{id(self):x}"

    async def events(
        self, tenant: str, run: str, after: str = "0-0", limit: int = 1000
    ) -> tuple[StreamEvent, ...]:
        """See `ContextStore.events`."""
        return self._after(keys.events(tenant, run), after)[:limit]

    async def rebuild_events(self, tenant: str, run: str, told: Sequence[Event]) -> int:
        """See `ContextStore.rebuild_events`."""
        key = keys.events(tenant, run)
        kept = self._streams[key]
        self._streams[key] = list(completed(kept, told))
        async with self._told:
            self._told.notify_all()
        return len(self._streams[key]) - len(kept)

    async def wait_for_events(
        self, tenant: str, run: str, after: str, seconds: float
    ) -> tuple[StreamEvent, ...]:
        """See `ContextStore.wait_for_events`."""
        key = keys.events(tenant, run)
        try:
            async with asyncio.timeout(seconds), self._told:
                await self._told.wait_for(lambda: bool(self._after(key, after)))
        except TimeoutError:
            return ()
        return self._after(key, after)

    async def expire(self, tenant: str, run: str, seconds: int) -> None:
        """See `ContextStore.expire`."""
        self._runs[tenant, run] = time.time() + seconds

    async def kept_runs(self, tenant: str) -> dict[str, float]:
        """See `ContextStore.kept_runs`."""
        return {run: until for (owner, run), until in self._runs.items() if owner == tenant}

    async def kept_until(self, tenant: str, run: str) -> float | None:
        """See `ContextStore.kept_until`."""
        return self._runs.get((tenant, run))

    async def held(self, tenant: str, run: str) -> frozenset[Digest]:
        """See `ContextStore.held`."""
        return frozenset(self._reach[keys.run_values(tenant, run)])

    async def hold(self, tenant: str, run: str, digests: Collection[Digest]) -> None:
        """See `ContextStore.hold`."""
        if digests:
            self._runs.setdefault((tenant, run), float("inf"))
            self._reach[keys.run_values(tenant, run)].update(digests)

    async def sweep(self, tenant: str) -> Swept:
        """See `ContextStore.sweep`."""
        gone = [key for key, at in self._runs.items() if key[0] == tenant and at <= time.time()]
        for owner, run in gone:
            del self._runs[owner, run]
            for kept in (self._reach, self._streams, self._journals, self._quarantine, self._looks):
                for key in [k for k in kept if k.startswith(f"{owner}:run:{run}:")]:
                    del kept[key]
        held = [reach for key, reach in self._reach.items() if key.startswith(f"{tenant}:")]
        marked = {keys.value(tenant, digest) for reach in held for digest in reach}
        mine = keys.value(tenant, "")
        unreached = [key for key in self.values if key.startswith(mine) and key not in marked]
        for key in unreached:
            del self.values[key]
        return Swept(runs=len(gone), values=len(unreached))

    async def forget(self, tenant: str, digests: Collection[Digest]) -> None:
        """See `ContextStore.forget`."""
        for digest in digests:
            self.values.pop(keys.value(tenant, digest), None)

    async def aclose(self) -> None:
        """Nothing is open."""

    def _after(self, key: str, after: str) -> tuple[StreamEvent, ...]:
        first = place_of(after)
        return tuple(each for each in self._streams[key] if place_of(each.id) > first)

    async def _append(self, key: str, events: Sequence[Event]) -> None:
        stream = self._streams[key]
        for event in events:
            last = place_of(stream[-1].id)[0] if stream else 0
            stream.append(StreamEvent(id=f"{last + 1}-0", event=event))
        if events:
            async with self._told:
                self._told.notify_all()


class InProcessArchive:
    """Implements `Archive` with a dictionary."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, Digest], bytes] = {}

    async def put(self, tenant: str, values: Mapping[Digest, bytes]) -> None:
        """See `Archive.put`."""
        self.values.update({(tenant, digest): body for digest, body in values.items()})

    async def get(self, tenant: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """See `Archive.get`."""
        kept = {digest: self.values.get((tenant, digest)) for digest in digests}
        return {digest: body for digest, body in kept.items() if body is not None}

    async def delete(self, tenant: str, digests: Collection[Digest]) -> None:
        """See `Archive.delete`."""
        for digest in digests:
            self.values.pop((tenant, digest), None)
