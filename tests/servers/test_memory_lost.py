"""Real memory wiped or damaged under running steps: noticed, restored, nothing bought twice."""

import pytest
from redis.asyncio import Redis

from contracts.event import EventKind
from contracts.run import RunStatus
from services.agents.base import Given
from services.memory.folder_archive import FolderArchive
from services.memory.redis import RedisStore
from tests.harness import harness
from tests.toys import Note, ToyFlow, toy, toy_flow

pytestmark = pytest.mark.servers

THREE = """
slots: {first: Note@1, second: Note@1, third: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: two}
  two: {agent: two, reads: [first], writes: second, next: three}
  three: {agent: three, reads: [start, first, second], writes: third, next: done}
ends:
  done: {outcome: succeeded, output: third}
  failed: {outcome: failed}
"""


class _Wiping:
    """Wipes the memory while the second step runs, and counts how often each step ran."""

    def __init__(self, redis: Redis, size: int, command: str = "wipe") -> None:
        self.ran: list[str] = []
        self._redis = redis
        self._size = size
        self._command = command

    def one(self, given: Given) -> Note:
        self.ran.append("one")
        return Note(text="1" * self._size)

    async def two(self, given: Given) -> Note:
        self.ran.append("two")
        if self._command == "wipe":
            await self._redis.flushall()
        else:
            async for key in self._redis.scan_iter("*:value:*"):
                await self._redis.setrange(key, 3, b"X")
        return Note(text="2" * self._size)

    def three(self, given: Given) -> Note:
        self.ran.append("three")
        return Note(text=given.one("first", Note).text + given.one("second", Note).text)

    def flow(self, *, pure: bool = False) -> ToyFlow:
        return toy_flow(
            THREE,
            toy("one", self.one, pure=pure),
            toy("two", self.two, pure=pure, first="Note@1"),
            toy("three", self.three, pure=pure, start="Note@1", first="Note@1", second="Note@1"),
        )


@pytest.mark.parametrize("command", ["wipe", "flip a byte"])
@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("size", [10, 40_000])
@pytest.mark.guarantee("loss-is-mended")
async def test_lost_values_come_back_from_history_or_archive(
    temporal_address: str,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    size: int,
    pure: bool,
    command: str,
) -> None:
    """Small values come back from history, large ones from the archive; no step runs twice."""
    redis = Redis.from_url(redis_url)
    work = _Wiping(redis, size, command)
    store = RedisStore(redis_url)
    archive = FolderArchive(tmp_path_factory.mktemp("archive"))
    bench = await harness(temporal_address, work.flow(pure=pure), store=store, archive=archive)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.SUCCEEDED
    assert work.ran == ["one", "two", "three"]
    result = await bench.runs.result(ended.id)
    assert result["text"] == "1" * size + "2" * size  # type: ignore[index, call-overload]
    told = [each.event.kind for each in await store.events(bench.runs.tenant, ended.id)]
    assert EventKind.MEMORY_RESTORED in told
    await redis.aclose()
    await store.aclose()


@pytest.mark.guarantee("loss-is-mended")
async def test_values_survive_continue_as_new_and_a_wipe(
    temporal_address: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Values were sealed before the run continued as new, so a later wipe loses nothing."""
    redis = Redis.from_url(redis_url)
    work = _Wiping(redis, 10)
    store = RedisStore(redis_url)
    archive = FolderArchive(tmp_path_factory.mktemp("archive"))
    bench = await harness(temporal_address, work.flow(), store=store, archive=archive)

    async with bench.worker():
        started = await bench.runs.start("toy", {"text": "x"}, history_limit=20)
        ended = await bench.ended(started.run)

    assert (ended.status, work.ran) == (RunStatus.SUCCEEDED, ["one", "two", "three"])
    await redis.aclose()
    await store.aclose()
