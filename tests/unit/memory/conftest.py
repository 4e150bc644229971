"""Both context stores and both archives, each behind its port."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.memory.base import Archive, ContextStore
from services.memory.folder_archive import FolderArchive
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.redis import RedisStore

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


@pytest.fixture(params=["in process", "folder"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """An archive that is still empty."""
    return InProcessArchive() if request.param == "in process" else FolderArchive(tmp_path / "a")


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return f"t{uuid4().hex[:10]}"
