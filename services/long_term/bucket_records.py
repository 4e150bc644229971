"""Records as objects of a bucket: one a version, written with `If-None-Match: *`.

Amazon S3 and most servers of its protocol then let one writer of many succeed. One that ignores
the header is found out before the first write, and there a lock stands in: a weaker promise, for
when the lock's holder stalls for longer than its lease, or the lock is wiped while it is held,
two writers may write one version, and the later one's update stays.
"""

import logging
from typing import Final

from services.long_term.base import Lock
from services.long_term.places import entries_place, entry_place, record_place, version_of
from services.memory.bucket import Bucket

PROBE: Final = "created-once"
"""An empty object that is written twice, to see what the server makes of it."""

log = logging.getLogger(__name__)


class BucketRecords:
    """Implements `Records` below one prefix of one bucket, which has to exist."""

    def __init__(self, bucket: Bucket, lock: Lock) -> None:
        self._bucket = bucket
        self._lock = lock
        self._creates: bool | None = None

    async def create(self, tenant: str, entry: str, version: int, body: bytes) -> bool:
        """See `Records.create`."""
        place = record_place(tenant, entry, version)
        if await self.creates_once(tenant):
            if await self._bucket.create(place, body):
                return True
            # The client asks again when an answer is lost: then the first request has written it.
            return await self._bucket.get(place) == body
        async with self._lock.held(tenant, entry):
            if await self._bucket.exists(place):
                return False
            await self._bucket.put(place, body)
            # Whoever wrote here all the same, with a lock that was lost, is noticed if it was now.
            return await self._bucket.get(place) == body

    async def creates_once(self, tenant: str) -> bool:
        """Whether the server lets one writer of many create an object; asked once a process."""
        if self._creates is None:
            # The object stays: where it is there already, refusing to write it is the answer.
            writes = [await self._bucket.create(f"{tenant}/{PROBE}", b"") for _ in range(2)]
            self._creates = not all(writes)
            if not self._creates:
                log.warning(
                    "the archive %s ignores If-None-Match: writers of long-term memory hold a"
                    " lock in memory instead, which is a weaker promise",
                    self._bucket.place,
                )
        return self._creates

    async def read(self, tenant: str, entry: str, version: int) -> bytes | None:
        """See `Records.read`."""
        return await self._bucket.get(record_place(tenant, entry, version))

    async def exists(self, tenant: str, entry: str, version: int) -> bool:
        """See `Records.exists`."""
        return await self._bucket.exists(record_place(tenant, entry, version))

    async def versions(self, tenant: str, entry: str) -> tuple[int, ...]:
        """See `Records.versions`."""
        names = await self._bucket.names(entry_place(tenant, entry))
        return tuple(sorted(version for name in names if (version := version_of(name))))

    async def entries(self, tenant: str) -> tuple[str, ...]:
        """See `Records.entries`."""
        place = entries_place(tenant)
        found: list[str] = []
        for namespace in await self._bucket.folders(place):
            names = await self._bucket.folders(f"{place}/{namespace}")
            found += (f"{namespace}.{name}" for name in names)
        return tuple(sorted(found))

    async def delete(self, tenant: str, entry: str, version: int) -> None:
        """See `Records.delete`."""
        await self._bucket.delete(record_place(tenant, entry, version))
