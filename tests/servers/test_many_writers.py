"""Long-term memory on real servers: many writers, a Valkey wiped or gone back, and none at all."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from contracts.long_term import Merge
from services.errors import UnavailableError
from services.long_term.bucket_records import BucketRecords
from services.long_term.entries import LongTermMemory
from services.long_term.folder_records import FolderRecords
from services.long_term.redis_heads import RedisHeads
from services.memory.bucket import Bucket, Credentials
from services.memory.folder_archive import FolderArchive
from services.memory.object_archive import ObjectArchive
from tests.guarantees.figures import Figures
from tests.unit.long_term.remembered import ENTRY, REGISTRY, ids, topics, write_many, writing
from tests.unit.memory import buckets
from tests.unit.memory.valkey import valkey

pytestmark = pytest.mark.servers

WRITERS = 200
PROCESSES = 4
TENANT = "default"

IN_A_PROCESS = """
import asyncio, sys
from pathlib import Path
from services.long_term.entries import LongTermMemory
from services.long_term.folder_records import FolderRecords
from services.long_term.redis_heads import RedisHeads
from services.memory.folder_archive import FolderArchive
from contracts.long_term import Merge
from tests.unit.long_term.remembered import REGISTRY, topics, writing

async def main(folder, url, first, count):
    memory = LongTermMemory(FolderRecords(folder), RedisHeads(url), FolderArchive(folder), REGISTRY)
    puts = [
        memory.put("default", writing(topics(f"t{number}"), merge=Merge.UNION))
        for number in range(first, first + count)
    ]
    await asyncio.gather(*puts)
    await memory.aclose()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


@pytest.fixture(scope="module")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server with one bucket; it ignores `If-None-Match`."""
    with buckets.served(tmp_path_factory.mktemp("buckets")) as endpoint:
        yield endpoint


@pytest.fixture
async def heads(redis_url: str) -> AsyncIterator[RedisHeads]:
    """Heads on a real Valkey that knows nothing yet."""
    opened = RedisHeads(redis_url)
    await opened.drop(TENANT, ENTRY)
    yield opened
    await opened.drop(TENANT, ENTRY)
    await opened.aclose()


def _memory(folder: Path, heads: RedisHeads) -> LongTermMemory:
    return LongTermMemory(FolderRecords(folder), heads, FolderArchive(folder), REGISTRY)


@pytest.mark.guarantee("no-update-lost")
async def test_200_writers_in_four_processes_lose_nothing(
    tmp_path: Path, heads: RedisHeads, redis_url: str, figures: Figures
) -> None:
    """Every one of 200 updates of one entry is there in the end, in a whole chain."""
    each = WRITERS // PROCESSES
    began = time.monotonic()
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", IN_A_PROCESS, str(tmp_path), redis_url, str(first), str(each),
            cwd=Path(__file__).parents[2],
        )
        for first in range(0, WRITERS, each)
    ]  # fmt: skip
    codes = [await process.wait() for process in processes]
    seconds = time.monotonic() - began

    memory = _memory(tmp_path, heads)
    assert codes == [0] * PROCESSES
    assert sorted(await ids(memory, TENANT)) == sorted(f"t{n}" for n in range(WRITERS))
    assert len(await memory.history(TENANT, ENTRY)) == WRITERS
    assert await memory.verify(TENANT, ENTRY) == ()
    figures.add("updates lost", 0)
    figures.add(f"{WRITERS} writers of one entry", seconds, "s")


@pytest.mark.guarantee("no-update-lost")
async def test_200_writers_in_a_bucket_lose_nothing(
    s3_endpoint: str, heads: RedisHeads, redis_url: str, figures: Figures
) -> None:
    """On a server that ignores `If-None-Match` the lock in Valkey lets one at a time write."""
    url = f"s3://{buckets.BUCKET}/many?endpoint={s3_endpoint}"
    identity = Credentials(buckets.KEY, SecretStr(buckets.SECRET))
    others = [heads, *(RedisHeads(redis_url) for _ in range(PROCESSES - 1))]
    memories = [
        LongTermMemory(
            BucketRecords(Bucket(url, identity), each), each, ObjectArchive(url, identity), REGISTRY
        )
        for each in others
    ]
    began = time.monotonic()

    await write_many(memories, TENANT, WRITERS)

    figures.add(f"{WRITERS} writers of one entry in a bucket", time.monotonic() - began, "s")
    assert sorted(await ids(memories[0], TENANT)) == sorted(f"t{n}" for n in range(WRITERS))
    assert await memories[0].verify(TENANT, ENTRY) == ()
    for each in others[1:]:
        await each.aclose()


@pytest.mark.guarantee("no-update-lost")
async def test_valkey_may_be_wiped_between_writers(tmp_path: Path, heads: RedisHeads) -> None:
    """Writers go on where they were when Valkey forgets everything again and again."""
    memory = _memory(tmp_path, heads)
    for number in range(10):
        await memory.put(TENANT, writing(topics(f"t{number}"), merge=Merge.UNION))
        await heads.drop(TENANT, ENTRY)

    assert len(await ids(memory, TENANT)) == 10
    assert await memory.verify(TENANT, ENTRY) == ()


@pytest.mark.guarantee("no-update-lost")
async def test_a_head_that_went_back_is_put_right(
    tmp_path: Path, heads: RedisHeads, redis_url: str
) -> None:
    """A Valkey that was restored from an old copy misleads neither readers nor writers."""
    memory = _memory(tmp_path, heads)
    await memory.put(TENANT, writing(topics("a")))
    server: Redis = Redis.from_url(redis_url)
    key = f"{TENANT}:entry:{ENTRY}:head"
    older = await server.get(key)
    assert isinstance(older, bytes)
    await memory.put(TENANT, writing(topics("a", "b"), expected=1))
    await server.set(key, older)

    assert await ids(memory, TENANT) == ["a", "b"]
    await server.set(key, older)
    assert (await memory.put(TENANT, writing(topics("c"), 2, Merge.UNION))).version == 3
    await server.set(key, older[:-3] + b"xyz")
    assert await ids(memory, TENANT) == ["c"]
    await server.aclose()


async def test_entries_are_read_and_written_without_valkey(tmp_path: Path) -> None:
    """In a folder nothing but the archive is needed; a bucket's lock says that it is missing."""
    with valkey(tmp_path) as server:
        heads = RedisHeads(server.url)
        server.stop()
        memory = _memory(tmp_path / "archive", heads)

        assert (await memory.put(TENANT, writing(topics("a")))).version == 1
        assert await ids(memory, TENANT) == ["a"]
        with pytest.raises(UnavailableError, match=f"nobody may write {ENTRY} now"):
            await heads.held(TENANT, ENTRY).__aenter__()
        await heads.aclose()
