"""Heads of entries, and a lock on one, on any server of the Redis protocol."""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Final, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.errors import StorageError, UnavailableError
from services.long_term.record import StoredRecord

LOST: Final = (RedisError, OSError, RuntimeError)
"""What a lost connection raises; the RuntimeError is the event loop's own."""

ANSWER_SECONDS: Final = 2.0

LEASE_SECONDS: Final = 60
"""How long a lock is held by a process that died: longer than all requests of a write together."""

PATIENCE_SECONDS: Final = 90.0
"""How long a writer waits for its turn: a dead one's lease, and some more."""

_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

log = logging.getLogger(__name__)


class RedisHeads:
    """Implements `Heads` and `Lock`. One instance a process; close it with `aclose`."""

    def __init__(self, url: str) -> None:
        once = Retry(NoBackoff(), 1)  # a connection that the server closed while idle
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=once
        )
        self._address = url.rpartition("@")[2].removeprefix("redis://")

    async def get(self, tenant: str, entry: str) -> StoredRecord | None:
        """See `Heads.get`."""
        try:
            line = await self._redis.get(_head(tenant, entry))
        except LOST as error:
            self._note(error)
            return None
        return _read(cast("bytes", line), entry) if line else None

    async def keep(self, tenant: str, head: StoredRecord) -> None:
        """See `Heads.keep`."""
        line = b"%d %s %s" % (head.record.version, head.address.encode(), head.stored)
        try:
            await self._redis.set(_head(tenant, head.record.entry), line)
        except LOST as error:
            self._note(error)

    async def drop(self, tenant: str, entry: str) -> None:
        """See `Heads.drop`."""
        try:
            await self._redis.delete(_head(tenant, entry))
        except LOST as error:
            self._note(error)

    @asynccontextmanager
    async def held(self, tenant: str, entry: str) -> AsyncIterator[None]:
        """See `Lock.held`."""
        key, token = f"{tenant}:entry:{entry}:writer", secrets.token_hex(8)
        try:
            await self._acquire(key, token, entry)
        except LOST as error:
            raise UnavailableError(
                f"the memory at {self._address} does not answer, so nobody may write {entry} now;"
                " check that the server runs"
            ) from error
        try:
            yield
        finally:
            with suppress(*LOST):  # the lease ends by itself
                await cast("Awaitable[int]", self._redis.eval(_RELEASE, 1, key, token))

    async def aclose(self) -> None:
        """See `Heads.aclose`."""
        await self._redis.aclose()

    async def _acquire(self, key: str, token: str, entry: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not await self._redis.set(key, token, nx=True, ex=LEASE_SECONDS):
            if time.monotonic() > until:
                raise UnavailableError(
                    f"{entry} is written by others all the time; try again later"
                )
            await asyncio.sleep(random.uniform(0.005, 0.02))  # noqa: S311 - spreads the writers

    def _note(self, error: Exception) -> None:
        log.debug("heads of entries are read without memory: %s", type(error).__name__)


def _head(tenant: str, entry: str) -> str:
    return f"{tenant}:entry:{entry}:head"


def _read(line: bytes, entry: str) -> StoredRecord | None:
    """Read what was kept; whatever is not exactly that is as good as forgotten."""
    version, _, rest = line.partition(b" ")
    address, _, stored = rest.partition(b" ")
    try:
        found = StoredRecord.read(stored, entry, int(version))
    except (StorageError, ValueError):
        return None
    return found if found.address.encode() == address else None
