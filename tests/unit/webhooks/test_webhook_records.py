"""What every home of webhooks does, told once for all of them."""

import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.errors import StorageError
from services.memory.bucket import Bucket, Credentials
from services.webhooks.base import WebhookRecords
from services.webhooks.bucket_records import BucketRecords
from services.webhooks.folder_records import FolderRecords
from services.webhooks.in_process import InProcessRecords
from tests.unit.memory.buckets import BUCKET, KEY, SECRET, served

HOMES = ["in process", "folder", pytest.param("bucket", marks=pytest.mark.servers)]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server with one bucket."""
    with served(tmp_path_factory.mktemp("webhook-buckets")) as url:
        yield url


@pytest.fixture(params=HOMES)
def records(request: pytest.FixtureRequest, tmp_path: Path) -> WebhookRecords:
    """A home that is still empty."""
    match request.param:
        case "in process":
            return InProcessRecords()
        case "folder":
            return FolderRecords(tmp_path / "archive")
        case _:
            server = request.getfixturevalue("endpoint")
            url = f"s3://{BUCKET}/{uuid4().hex[:8]}?endpoint={server}"
            return BucketRecords(Bucket(url, Credentials(KEY, SecretStr(SECRET))))


async def test_an_empty_home_has_nothing(records: WebhookRecords) -> None:
    """Before anything was written, listing, reading and removing are no errors."""
    await records.delete("t", ["a"])

    assert await records.names("t") == ()
    assert await records.read("t", ["a"]) == {}


async def test_what_was_written_is_listed_and_read(records: WebhookRecords) -> None:
    """Names come sorted, bodies byte for byte, and what is not there is left out."""
    await records.write("t", "b.1", b"two")
    await records.write("t", "a.1", b"one")

    assert await records.names("t") == ("a.1", "b.1")
    assert await records.read("t", ["b.1", "a.1", "c"]) == {"a.1": b"one", "b.1": b"two"}


async def test_what_was_removed_is_gone(records: WebhookRecords) -> None:
    """Removing leaves the others."""
    await records.write("t", "a.1", b"one")
    await records.write("t", "b.1", b"two")
    await records.delete("t", ["a.1", "c"])

    assert await records.names("t") == ("b.1",)
    assert await records.read("t", ["a.1"]) == {}


async def test_tenants_have_webhooks_of_their_own(records: WebhookRecords) -> None:
    """The same name at another tenant is nothing."""
    await records.write("t", "a.1", b"one")

    assert await records.names("t-2") == ()
    assert await records.read("t-2", ["a.1"]) == {}


async def test_nobody_else_enters_the_folder(tmp_path: Path) -> None:
    """It holds secrets."""
    await FolderRecords(tmp_path).write("t", "a.1", b"one")

    assert stat.S_IMODE((tmp_path / "t" / "webhooks").stat().st_mode) == 0o700


async def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """When its place is taken by a file, the message names the archive."""
    (tmp_path / "t").write_text("taken")

    with pytest.raises(StorageError, match=f"{tmp_path}"):
        await FolderRecords(tmp_path).write("t", "a.1", b"one")
