"""Long-term memory over every home that records can have."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.long_term.base import Records
from services.long_term.bucket_records import BucketRecords
from services.long_term.entries import LongTermMemory
from services.long_term.folder_records import FolderRecords
from services.long_term.in_process import InProcessHeads, InProcessLock, InProcessRecords
from services.memory.base import Archive
from services.memory.bucket import Bucket, Credentials
from services.memory.folder_archive import FolderArchive
from services.memory.in_process import InProcessArchive
from services.memory.object_archive import ObjectArchive
from tests.unit.long_term import conditional_bucket
from tests.unit.long_term.conditional_bucket import ConditionalBucket
from tests.unit.long_term.remembered import REGISTRY
from tests.unit.memory import buckets

HOMES = [
    "in process",
    "folder",
    "conditional bucket",
    pytest.param("bucket", marks=pytest.mark.servers),
]


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server with one bucket; it ignores `If-None-Match`."""
    with buckets.served(tmp_path_factory.mktemp("buckets")) as endpoint:
        yield endpoint


@pytest.fixture
def conditional() -> ConditionalBucket:
    """A bucket of which one writer of many creates an object."""
    return ConditionalBucket()


@pytest.fixture(params=HOMES)
async def home(
    request: pytest.FixtureRequest, tmp_path: Path, conditional: ConditionalBucket
) -> AsyncIterator[tuple[Records, Archive]]:
    """Where records and large values lie; still empty."""
    match request.param:
        case "in process":
            yield InProcessRecords(), InProcessArchive()
        case "folder":
            yield FolderRecords(tmp_path / "archive"), FolderArchive(tmp_path / "archive")
        case "conditional bucket":
            async with conditional_bucket.served(conditional) as endpoint:
                yield _in_bucket(f"s3://b/p?endpoint={endpoint}")
        case _:
            endpoint = request.getfixturevalue("s3_endpoint")
            name = f"{buckets.BUCKET}/p{uuid4().hex[:10]}"
            yield _in_bucket(f"s3://{name}?endpoint={endpoint}")


@pytest.fixture
def heads() -> InProcessHeads:
    """What memory knows."""
    return InProcessHeads()


@pytest.fixture
def memory(home: tuple[Records, Archive], heads: InProcessHeads) -> LongTermMemory:
    """Long-term memory without an entry."""
    records, archive = home
    return LongTermMemory(records, heads, archive, REGISTRY)


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return f"t{uuid4().hex[:10]}"


def _in_bucket(url: str) -> tuple[Records, Archive]:
    identity = Credentials(buckets.KEY, SecretStr(buckets.SECRET))
    return BucketRecords(Bucket(url, identity), InProcessLock()), ObjectArchive(url, identity)
