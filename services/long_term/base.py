"""The ports of long-term memory: records that are created once, a cache of heads, a lock."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.long_term.record import StoredRecord


class Records(Protocol):
    """Where the records of entries lie: numbered, each created once, never changed.

    Creating decides who writes a version, so nothing else has to agree on it. Every method raises
    StorageError when the place cannot be used, and UnavailableError when it does not answer.
    """

    async def create(self, tenant: str, entry: str, version: int, body: bytes) -> bool:
        """Keep a record where there is none; durable when this returns.

        Returns whether it was kept. Of many at once, one succeeds.
        """
        ...

    async def read(self, tenant: str, entry: str, version: int) -> bytes | None:
        """Read a record; None when there is none."""
        ...

    async def exists(self, tenant: str, entry: str, version: int) -> bool:
        """Whether there is such a record, without reading it."""
        ...

    async def versions(self, tenant: str, entry: str) -> tuple[int, ...]:
        """List the versions of which there are records, ascending."""
        ...

    async def entries(self, tenant: str) -> tuple[str, ...]:
        """List the entries of which there are records, `brand.voice`, sorted."""
        ...

    async def delete(self, tenant: str, entry: str, version: int) -> None:
        """Remove a record for good; one that is not there is removed."""
        ...


class Heads(Protocol):
    """The last known version of each entry. A cache: whatever it says is checked.

    It may forget or go back at any moment. No method raises: a cache that is away knows nothing.
    """

    async def get(self, tenant: str, entry: str) -> StoredRecord | None:
        """Read the head that was kept last; None when none is known."""
        ...

    async def keep(self, tenant: str, head: StoredRecord) -> None:
        """Keep a record as the head of its entry."""
        ...

    async def drop(self, tenant: str, entry: str) -> None:
        """Forget an entry's head."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class Lock(Protocol):
    """Lets one writer at a time at an entry, where the records' home cannot decide."""

    def held(self, tenant: str, entry: str) -> AbstractAsyncContextManager[None]:
        """Wait until nobody else holds the entry, and hold it.

        Raises:
            UnavailableError: who holds it cannot be asked, or holds it for too long.
        """
        ...
