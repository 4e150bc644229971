"""How the archive on S3-compatible storage fails, mends itself and keeps its secrets."""

import socket
from pathlib import Path

import pytest

from services import composition
from services.errors import SettingsError, StorageError, UnavailableError
from services.memory.bucket import Credentials, Place
from services.memory.folder_archive import FolderArchive
from services.memory.object_archive import ObjectArchive
from services.settings import Settings
from tests.unit.memory.buckets import SECRET, Bucket
from tests.unit.memory.kept import value

ONE, OTHER = value("one"), value("other")


@pytest.mark.servers
async def test_a_bucket_holds_one_object_a_value(bucket: Bucket) -> None:
    """Each value is one object under the prefix, its tenant and its address."""
    await bucket.archive().put("default", dict([ONE, OTHER]))

    assert bucket.objects() == sorted(f"default/{key[:2]}/{key}" for key, _ in (ONE, OTHER))


@pytest.mark.servers
@pytest.mark.parametrize("damage", [b"0ne", b"on", b""])
async def test_a_damaged_object_is_written_anew(bucket: Bucket, damage: bytes) -> None:
    """Storing a value mends an object that was changed, cut short or emptied."""
    archive = bucket.archive()
    await archive.put("default", dict([ONE]))
    bucket.damage(bucket.objects()[0], damage)

    await archive.put("default", dict([ONE]))

    assert await archive.get("default", [ONE[0]]) == dict([ONE])


@pytest.mark.servers
async def test_a_value_of_three_megabytes_is_kept(bucket: Bucket) -> None:
    """The largest answers there are go in and come back."""
    large = value(b"x" * 3_000_000)

    await bucket.archive().put("default", dict([large]))

    assert await bucket.archive().get("default", [large[0]]) == dict([large])


@pytest.mark.servers
async def test_a_wrong_secret_is_told_without_it(bucket: Bucket) -> None:
    """Who is denied learns which variables to look at, and the message quotes no secret."""
    archive = bucket.archive(secret="a-wrong-secret")

    with pytest.raises(StorageError, match="access is denied; look at AWS_ACCESS_KEY_ID") as told:
        await archive.put("default", dict([ONE]))
    with pytest.raises(StorageError, match="access is denied"):
        await archive.get("default", [ONE[0]])
    assert "secret" not in str(told.value)


@pytest.mark.servers
async def test_a_bucket_that_is_not_there_is_named(bucket: Bucket) -> None:
    """An archive without its bucket says which one to create, reading as well as writing."""
    archive = bucket.archive(url=f"s3://other/kept?endpoint={bucket.endpoint}")

    with pytest.raises(StorageError, match=r"s3://other/kept .* no such bucket; create it"):
        await archive.put("default", dict([ONE]))
    with pytest.raises(StorageError, match="no such bucket"):
        await archive.get("default", [ONE[0]])


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    """No answer is told as such, so that a step waits and tries again."""
    archive = ObjectArchive("s3://bucket?endpoint=http://127.0.0.1:1", Credentials("key"))

    with pytest.raises(UnavailableError, match=r"s3://bucket at .*:1 does not answer"):
        await archive.get("default", [ONE[0]])


async def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and says nothing costs no more than the deadline."""
    monkeypatch.setattr("services.memory.bucket.DEADLINE_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        archive = ObjectArchive(f"s3://bucket?endpoint={endpoint}", Credentials("key"))

        with pytest.raises(UnavailableError, match="does not answer"):
            await archive.get("default", [ONE[0]])


def test_an_address_is_read() -> None:
    """Bucket, prefix and endpoint come from one address; the last two may be left out."""
    assert Place.read("s3://b/p/q?endpoint=http://h:9") == Place("b", "p/q", "http://h:9")
    assert Place.read("s3://b") == Place("b")


@pytest.mark.parametrize(
    "url",
    [
        "bucket",
        "http://bucket",
        "s3://",
        "s3://key:hidden@bucket",
        "s3://bucket?secret=hidden",
        "s3://bucket?endpoint=hidden",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """The message says how an address is written, and repeats nothing that may be a secret."""
    with pytest.raises(SettingsError, match="s3://bucket/prefix") as told:
        ObjectArchive(url)

    assert "hidden" not in str(told.value)


def test_the_setting_chooses_the_archive(tmp_path: Path) -> None:
    """With an address values go to the bucket, without one to the folder."""
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": SECRET}
    settings = Settings.from_environ({"ORCHESTRA_ARCHIVE_URL": "s3://bucket", **keys})

    assert isinstance(composition.archive(settings), ObjectArchive)
    assert isinstance(composition.archive(Settings(archive_dir=tmp_path)), FolderArchive)
    assert settings.aws_secret_access_key.get_secret_value() == SECRET
    assert SECRET not in repr(settings)
