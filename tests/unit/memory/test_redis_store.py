"""The context store on a real Valkey: what it refuses, and what happens when it is gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from services.errors import StorageError, UnavailableError, UnsafeMemoryError
from services.memory import keys
from services.memory.base import ContextStore, Swept
from services.memory.batching import Batches
from services.memory.redis import RedisStore
from tests.unit.memory.kept import a_line, an_event, rejected, some_work, value
from tests.unit.memory.valkey import Valkey, valkey

pytestmark = pytest.mark.servers
ONE = value("one")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Valkey]:
    """A server of the test's own."""
    with valkey(tmp_path) as running:
        yield running


@pytest.fixture
async def own_store(own: Valkey) -> AsyncIterator[RedisStore]:
    """A store on that server."""
    opened = RedisStore(own.url)
    yield opened
    await opened.aclose()


@pytest.fixture
async def admin(own: Valkey) -> AsyncIterator[Redis]:
    """Somebody who may do everything to that server."""
    opened = Redis.from_url(own.url)
    yield opened
    await opened.aclose()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
@pytest.mark.guarantee("memory-is-safe")
async def test_a_server_that_may_evict_is_refused(
    own_store: RedisStore, admin: Redis, policy: str
) -> None:
    """A server set to drop keys when it is full is refused with the setting to make."""
    await admin.config_set("maxmemory-policy", policy)

    with pytest.raises(UnsafeMemoryError) as refused:
        await own_store.check()

    await admin.config_set("maxmemory-policy", "noeviction")
    await own_store.check()
    assert f"evicts keys ({policy})" in str(refused.value)
    assert "set maxmemory-policy noeviction" in str(refused.value)


async def test_a_wipe_begins_another_life(own_store: RedisStore, admin: Redis, tenant: str) -> None:
    """After everything was wiped, the store has another name for its life."""
    before = await own_store.epoch(tenant)

    await admin.flushall()

    assert await own_store.epoch(tenant) != before


@pytest.mark.guarantee("memory-is-safe")
async def test_a_full_server_refuses_instead_of_forgetting(
    own_store: RedisStore, admin: Redis, tenant: str
) -> None:
    """A server out of memory makes the write fail, and what was kept before is still there."""
    await own_store.turn(tenant, "r1", write=dict([ONE]))
    await admin.config_set("maxmemory", "2mb")
    large = [value(f"{number}" * 900_000) for number in range(5)]

    with pytest.raises(StorageError, match=r"refuses to work: .*memory"):
        await own_store.turn(tenant, "r1", write=dict(large))

    assert await own_store.turn(tenant, "r1", read=[ONE[0]]) == (ONE[1],)


async def test_one_caller_s_error_is_nobody_else_s(
    own_store: RedisStore, admin: Redis, tenant: str
) -> None:
    """Of what is sent together, only the work whose own command fails is told so."""
    await admin.set(keys.events(tenant, "odd"), "no stream")

    odd, *others = await asyncio.gather(
        own_store.turn(tenant, "odd", events=[an_event(1)]),
        own_store.turn(tenant, "r1", read=[ONE[0]], write=dict([ONE])),
        own_store.record(some_work(tenant), a_line()),
        return_exceptions=True,
    )

    assert isinstance(odd, StorageError)
    assert others == [(ONE[1],), None]


async def test_nobody_waits_for_what_cannot_be_sent(admin: Redis) -> None:
    """When commands cannot even be put together, whoever asked is told, and the next is served."""
    batches = Batches(admin)
    loop = asyncio.get_running_loop()
    logged: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: logged.append(context))

    def stumble(pipeline: Pipeline) -> None:
        raise TypeError("no commands")

    async with asyncio.timeout(5):
        with pytest.raises(RedisError, match="were not sent"):
            await batches.run(stumble)

        assert await batches.run(lambda pipeline: cast("None", pipeline.ping())) == [True]


async def test_a_caller_that_leaves_disturbs_nobody(redis_store: RedisStore, tenant: str) -> None:
    """Work that is cancelled while it waits does not take the others' answers with it."""
    leaving = asyncio.create_task(redis_store.turn(tenant, "r1", events=[an_event(1)]))
    staying = asyncio.create_task(redis_store.turn(tenant, "r1", write=dict([ONE]), read=[ONE[0]]))
    await asyncio.sleep(0)

    leaving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await staying == (ONE[1],)


async def test_a_sweep_spares_what_was_just_touched(redis_store: RedisStore, tenant: str) -> None:
    """A value that no run lists yet may be one that a run is writing, so it has a time of grace."""
    await redis_store.turn(tenant, "r1", write=dict([ONE]))
    await redis_store.expire(tenant, "r1", seconds=0)

    assert await redis_store.sweep(tenant) == Swept(runs=1, values=0)
    assert await redis_store.turn(tenant, "r2", read=[ONE[0]]) == (ONE[1],)


@pytest.mark.guarantee("tenants-apart")
async def test_every_key_begins_with_its_tenant(
    own_store: RedisStore, admin: Redis, tenant: str
) -> None:
    """Nothing is kept that could not be told to belong to one tenant."""
    await own_store.turn(tenant, "r1", write=dict([ONE]), events=[an_event(1)])
    await own_store.record(some_work(tenant), a_line())
    await own_store.quarantine(tenant, "r1", rejected())
    await own_store.epoch(tenant)

    found = [key async for key in admin.scan_iter()]

    assert len(found) == 7
    assert all(key.startswith(f"{tenant}:".encode()) for key in found)


USES: list[tuple[str, Callable[[ContextStore, str], Awaitable[object]]]] = [
    ("check", lambda store, tenant: store.check()),
    ("read", lambda store, tenant: store.turn(tenant, "r1", read=[ONE[0]])),
    ("write", lambda store, tenant: store.turn(tenant, "r1", write=dict([ONE]))),
    ("tell", lambda store, tenant: store.turn(tenant, "r1", events=[an_event(1)])),
    ("journal", lambda store, tenant: store.journal(some_work(tenant))),
    ("record", lambda store, tenant: store.record(some_work(tenant), a_line())),
    ("quarantine", lambda store, tenant: store.quarantine(tenant, "r1", rejected())),
    ("quarantined", lambda store, tenant: store.quarantined(tenant, "r1")),
    ("epoch", lambda store, tenant: store.epoch(tenant)),
    ("events", lambda store, tenant: store.events(tenant, "r1")),
    ("wait", lambda store, tenant: store.wait_for_events(tenant, "r1", "0-0", 0.1)),
    ("expire", lambda store, tenant: store.expire(tenant, "r1", 1)),
    ("sweep", lambda store, tenant: store.sweep(tenant)),
]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a server that is no longer there."""
    with valkey(tmp_path_factory.mktemp("stopped")) as running:
        running.stop()
        return running.url


@pytest.mark.parametrize("use", [each[1] for each in USES], ids=[each[0] for each in USES])
async def test_a_server_that_is_gone_is_unavailable(
    stopped: str, tenant: str, use: Callable[[ContextStore, str], Awaitable[object]]
) -> None:
    """Whatever is asked of a server that is gone, the answer comes in seconds and names it."""
    store = RedisStore(stopped.replace("redis://", "redis://user:secret@"))
    begun = time.monotonic()

    with pytest.raises(UnavailableError, match="does not answer; check that the server") as told:
        await use(store, tenant)

    assert time.monotonic() - begun < 5
    assert "secret" not in str(told.value)
    assert "127.0.0.1" in str(told.value)
    await store.aclose()


async def test_a_server_that_stops_meanwhile_is_unavailable(own: Valkey, tenant: str) -> None:
    """A reader that waits for events is told when the server goes, as is whoever writes."""
    store = RedisStore(own.url)
    await store.turn(tenant, "r1", write=dict([ONE]))
    waiting = asyncio.create_task(store.wait_for_events(tenant, "r1", "0-0", seconds=60))
    await asyncio.sleep(0.1)

    own.stop()

    with pytest.raises(UnavailableError):
        await store.turn(tenant, "r1", read=[ONE[0]])
    async with asyncio.timeout(20):
        with pytest.raises(UnavailableError):
            await waiting
    await store.aclose()
