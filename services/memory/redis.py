"""The context store on any server of the Redis protocol (Valkey, Redis)."""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError, WatchError
from redis.exceptions import TimeoutError as RedisTimeoutError

from contracts.event import Event
from contracts.reference import Digest
from services.errors import StorageError, UnavailableError, UnsafeMemoryError
from services.memory import keys
from services.memory.base import JournalEntry, Look, Quarantined, StreamEvent, Swept, WorkKey
from services.memory.batching import Batches
from services.memory.stream_order import EVENTS_KEPT, completed, lacking

REBUILDS: Final = 20
"""How often a stream is read again because somebody wrote to it while it was rebuilt."""

SWEEP_GRACE_SECONDS: Final = 300
"""A value touched more recently than this is never swept: its run may just be writing it."""

_DELETE_IDLE: Final = """
local idle = redis.call('OBJECT', 'IDLETIME', KEYS[1])
if idle and idle >= tonumber(ARGV[1]) then return redis.call('DEL', KEYS[1]) end
return 0
"""


class RedisStore:
    """Implements `ContextStore`. One instance a process; close it with `aclose`."""

    def __init__(self, url: str, *, sweep_grace_seconds: int = SWEEP_GRACE_SECONDS) -> None:
        retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), 2)
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=5, socket_connect_timeout=2, retry=retry
        )
        # Waiting for events blocks for longer than any other command may take.
        self._waiting: Redis = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=None)
        # A line in a journal must not wait behind megabytes of values.
        self._values = Batches(self._redis)
        self._lines = Batches(self._redis)
        self._address = url.rpartition("@")[2].removeprefix("redis://")
        self._grace = sweep_grace_seconds

    async def check(self) -> None:
        """See `ContextStore.check`."""
        async with self._translated():
            info = await self._redis.info("memory")
        policy = info.get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            raise UnsafeMemoryError(
                f"the memory at {self._address} evicts keys ({policy}), so a run could lose"
                " context unnoticed; set maxmemory-policy noeviction"
            )

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

        def enqueue(pipeline: Pipeline) -> None:
            if write:
                _keep(pipeline, tenant, run, write)
            for event in events:
                pipeline.xadd(
                    keys.events(tenant, run),
                    {"event": event.model_dump_json(exclude_unset=True)},
                    maxlen=EVENTS_KEPT,
                    approximate=True,
                )
            if read:
                pipeline.mget([keys.value(tenant, digest) for digest in read])

        if not (write or events or read):
            return ()
        async with self._translated():
            answers = await (self._values if read or write else self._lines).run(enqueue)
        return tuple(cast("list[bytes | None]", answers[-1])) if read else ()

    async def journal(self, work: WorkKey) -> tuple[JournalEntry, ...]:
        """See `ContextStore.journal`."""
        async with self._translated():
            lines = await _list(self._redis.lrange(keys.journal(work), 0, -1))
        return tuple(JournalEntry.model_validate_json(line) for line in lines)

    async def record(self, work: WorkKey, entry: JournalEntry) -> None:
        """See `ContextStore.record`."""

        def enqueue(pipeline: Pipeline) -> None:
            pipeline.zadd(keys.runs(work.tenant), {work.run: float("inf")}, nx=True)
            pipeline.rpush(keys.journal(work), entry.model_dump_json())

        async with self._translated():
            await self._lines.run(enqueue)

    async def quarantine(self, tenant: str, run: str, kept: Quarantined) -> None:
        """See `ContextStore.quarantine`."""
        line = kept.cut().model_dump_json()
        async with self._translated():
            await _count(self._redis.rpush(keys.quarantine(tenant, run), line))

    async def quarantined(self, tenant: str, run: str) -> tuple[Quarantined, ...]:
        """See `ContextStore.quarantined`."""
        async with self._translated():
            lines = await _list(self._redis.lrange(keys.quarantine(tenant, run), 0, -1))
        return tuple(Quarantined.model_validate_json(line) for line in lines)

    async def keep_look(self, tenant: str, run: str, reader: str, look: Look) -> None:
        """See `ContextStore.keep_look`."""

        def enqueue(pipeline: Pipeline) -> None:
            pipeline.zadd(keys.runs(tenant), {run: float("inf")}, nx=True)
            pipeline.hset(keys.looks(tenant, run), reader, look.model_dump_json())

        async with self._translated():
            await self._lines.run(enqueue)

    async def look(self, tenant: str, run: str, reader: str) -> Look | None:
        """See `ContextStore.look`."""
        async with self._translated():
            found = await cast(
                "Awaitable[bytes | None]", self._redis.hget(keys.looks(tenant, run), reader)
            )
        return Look.model_validate_json(found) if found else None

    async def epoch(self, tenant: str) -> str:
        """See `ContextStore.epoch`."""
        key = keys.epoch(tenant)
        async with self._translated():
            await self._redis.set(key, secrets.token_hex(4), nx=True)
            found = await self._redis.get(key)
        return cast("bytes", found).decode()

    async def events(
        self, tenant: str, run: str, after: str = "0-0", limit: int = 1000
    ) -> tuple[StreamEvent, ...]:
        """See `ContextStore.events`."""
        async with self._translated():
            found = await self._redis.xrange(keys.events(tenant, run), f"({after}", "+", limit)
        return _stream_events(cast("_Entries", found))

    async def rebuild_events(self, tenant: str, run: str, told: Sequence[Event]) -> int:
        """See `ContextStore.rebuild_events`."""
        async with self._translated():
            for _ in range(REBUILDS):
                # A stream of thousands of entries is replaced as a whole, or not at all.
                with suppress(WatchError):
                    return await self._rebuild(keys.events(tenant, run), told)
        raise UnavailableError(
            f"the event stream of run {run!r} is written to all the time; try again later"
        )

    async def wait_for_events(
        self, tenant: str, run: str, after: str, seconds: float
    ) -> tuple[StreamEvent, ...]:
        """See `ContextStore.wait_for_events`."""
        key = keys.events(tenant, run)
        milliseconds = max(1, int(seconds * 1000))  # 0 would wait for ever
        async with self._translated():
            found = await self._waiting.xread({key: after}, count=1000, block=milliseconds)
        streams = found.values() if isinstance(found, dict) else [each[1] for each in found or []]
        entries = [entry for stream in streams for entry in stream]
        return _stream_events(cast("_Entries", _flat(entries)))

    async def expire(self, tenant: str, run: str, seconds: int) -> None:
        """See `ContextStore.expire`."""
        at = int(time.time()) + seconds
        async with self._translated():
            await self._redis.zadd(keys.runs(tenant), {run: at})

    async def kept_runs(self, tenant: str) -> dict[str, float]:
        """See `ContextStore.kept_runs`."""
        async with self._translated():
            found = await self._redis.zrange(keys.runs(tenant), 0, -1, withscores=True)
        pairs = cast("Sequence[tuple[bytes, float]]", found)
        return {run.decode(): until for run, until in pairs}

    async def kept_until(self, tenant: str, run: str) -> float | None:
        """See `ContextStore.kept_until`."""
        async with self._translated():
            found = await self._redis.zscore(keys.runs(tenant), run)
        return found

    async def held(self, tenant: str, run: str) -> frozenset[Digest]:
        """See `ContextStore.held`."""
        async with self._translated():
            found = await _set(self._redis.smembers(keys.run_values(tenant, run)))
        return frozenset(member.decode() for member in found)

    async def hold(self, tenant: str, run: str, digests: Collection[Digest]) -> None:
        """See `ContextStore.hold`."""

        def enqueue(pipeline: Pipeline) -> None:
            _list_as_kept(pipeline, tenant, run, digests)

        if digests:
            async with self._translated():
                await self._lines.run(enqueue)

    async def sweep(self, tenant: str) -> Swept:
        """See `ContextStore.sweep`."""
        async with self._translated():
            expired = await self._redis.zrangebyscore(keys.runs(tenant), "-inf", time.time())
            gone = [cast("bytes", run).decode() for run in expired]
            for run in gone:
                await self._forget(tenant, run)
            # Candidates first, marks second: what is written in between is marked or not listed.
            candidates = [key async for key in self._redis.scan_iter(keys.all_values(tenant))]
            marked = await self._marked(tenant)
            values = 0
            for key in candidates:
                name = cast("bytes", key).decode()
                if name.rpartition(":")[2] not in marked:
                    values += await self._delete_idle(name)
        return Swept(runs=len(gone), values=values)

    async def forget(self, tenant: str, digests: Collection[Digest]) -> None:
        """See `ContextStore.forget`."""
        if digests:
            async with self._translated():
                await self._redis.delete(*(keys.value(tenant, digest) for digest in digests))

    async def aclose(self) -> None:
        """See `ContextStore.aclose`."""
        await self._redis.aclose()
        await self._waiting.aclose()

    async def _rebuild(self, key: str, told: Sequence[Event]) -> int:
        """Replace a stream by one with what it has lost.

        Raises:
            WatchError: somebody wrote to it meanwhile.
        """
        async with self._redis.pipeline(transaction=True) as pipeline:
            await pipeline.watch(key)
            entries = await cast("Awaitable[_Entries]", pipeline.xrange(key))
            kept = _stream_events(entries)
            lost = lacking(kept, told)
            if lost:
                pipeline.multi()  # type: ignore[no-untyped-call]
                pipeline.delete(f"{key}:rebuilt")
                for each in completed(kept, lost):
                    line = each.event.model_dump_json(exclude_unset=True)
                    pipeline.xadd(f"{key}:rebuilt", {"event": line}, id=each.id)
                pipeline.rename(f"{key}:rebuilt", key)
                await pipeline.execute()
        return len(lost)

    async def _forget(self, tenant: str, run: str) -> None:
        async for key in self._redis.scan_iter(keys.run_keys(tenant, run)):
            await self._redis.delete(key)
        await self._redis.zrem(keys.runs(tenant), run)

    async def _marked(self, tenant: str) -> set[str]:
        marked: set[str] = set()
        for run in await self._redis.zrange(keys.runs(tenant), 0, -1):
            key = keys.run_values(tenant, cast("bytes", run).decode())
            marked |= {member.decode() for member in await _set(self._redis.smembers(key))}
        return marked

    async def _delete_idle(self, key: str) -> int:
        deleted = self._redis.eval(_DELETE_IDLE, 1, key, str(self._grace))
        return await _count(cast("Awaitable[int]", deleted))

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        """Turn the client library's errors into ours, once."""
        try:
            yield
        except (RedisConnectionError, RedisTimeoutError, OSError, RuntimeError) as error:
            # The RuntimeError is the event loop's, about a connection that was just lost.
            raise UnavailableError(
                f"the memory at {self._address} does not answer; check that the server runs"
            ) from error
        except ResponseError as error:
            raise StorageError(
                f"the memory at {self._address} refuses to work: {str(error)[:120]}"
            ) from error
        except RedisError as error:
            raise UnavailableError(
                f"the memory at {self._address} failed: {type(error).__name__}"
            ) from error


def _keep(pipeline: Pipeline, tenant: str, run: str, values: Mapping[Digest, bytes]) -> None:
    # Listed before it is stored, so that a sweep in between cannot take it for garbage.
    _list_as_kept(pipeline, tenant, run, values)
    for digest, body in values.items():
        pipeline.set(keys.value(tenant, digest), body)


def _list_as_kept(pipeline: Pipeline, tenant: str, run: str, digests: Collection[Digest]) -> None:
    pipeline.zadd(keys.runs(tenant), {run: float("inf")}, nx=True)
    pipeline.sadd(keys.run_values(tenant, run), *digests)


_Entries = Sequence[tuple[bytes, Mapping[bytes, bytes]]]


def _stream_events(entries: _Entries) -> tuple[StreamEvent, ...]:
    return tuple(
        StreamEvent(id=key.decode(), event=Event.model_validate_json(fields[b"event"]))
        for key, fields in entries
    )


def _flat(entries: Sequence[object]) -> Sequence[object]:
    """Unwrap the nesting that the newer protocol adds around one stream's entries."""
    if len(entries) == 1 and isinstance(entries[0], list):
        return entries[0]
    return entries


async def _list(command: Awaitable[object] | object) -> list[bytes]:
    return cast("list[bytes]", await cast("Awaitable[object]", command))


async def _set(command: Awaitable[object] | object) -> set[bytes]:
    return cast("set[bytes]", await cast("Awaitable[object]", command))


async def _count(command: Awaitable[object] | object) -> int:
    return cast("int", await cast("Awaitable[object]", command))
