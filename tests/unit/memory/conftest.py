"""The context stores and the archives, each behind its port."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.memory.base import Archive, ContextStore
from services.memory.folder_archive import FolderArchive
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.redis import RedisStore
from tests.unit.memory.buckets import Bucket, served

ARCHIVES = ["in process", "folder", pytest.param("bucket", marks=pytest.mark.servers)]
STORES = ["in process", pytest.param("redis", marks=pytest.mark.servers)]


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ContextStore]:
    """A context store; the one on a real Valkey sweeps without grace."""
    opened: ContextStore = InProcessStore()
    if request.param == "redis":
        opened = RedisStore(request.getfixturevalue("redis_url"), sweep_grace_seconds=0)
    yield opened
    await opened.aclose()


@pytest.fixture
async def redis_store(redis_url: str) -> AsyncIterator[RedisStore]:
    """The context store on a real Valkey."""
    opened = RedisStore(redis_url)
    yield opened
    await opened.aclose()


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server with one bucket."""
    with served(tmp_path_factory.mktemp("buckets")) as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_endpoint: str) -> Bucket:
    """A bucket that is still empty, as far as the test can see."""
    return Bucket(s3_endpoint, f"p{uuid4().hex[:10]}")


@pytest.fixture(params=ARCHIVES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """An archive that is still empty."""
    match request.param:
        case "in process":
            return InProcessArchive()
        case "folder":
            return FolderArchive(tmp_path / "a")
        case _:
            bucket: Bucket = request.getfixturevalue("bucket")
            return bucket.archive()


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return f"t{uuid4().hex[:10]}"
