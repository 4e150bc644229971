"""What every archive does, and how the one in a folder fails."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from services.errors import StorageError
from services.memory.base import Archive
from services.memory.folder_archive import FolderArchive
from tests.unit.memory.kept import value

ROOT = Path(__file__).parents[3]
ONE, OTHER = value("one"), value("other")


async def test_values_come_back_as_they_were_put(archive: Archive, tenant: str) -> None:
    """What was put is found under its address; what was not is left out."""
    await archive.put(tenant, dict([ONE]))

    assert await archive.get(tenant, [ONE[0], OTHER[0]]) == dict([ONE])


async def test_putting_again_changes_nothing(archive: Archive, tenant: str) -> None:
    """A value that is stored twice is stored."""
    await archive.put(tenant, dict([ONE]))
    await archive.put(tenant, dict([ONE, OTHER]))

    assert await archive.get(tenant, [ONE[0], OTHER[0]]) == dict([ONE, OTHER])


async def test_an_empty_archive_has_nothing(archive: Archive, tenant: str) -> None:
    """Asking an archive that was never used is no error."""
    assert await archive.get(tenant, [ONE[0]]) == {}
    assert await archive.get(tenant, []) == {}


@pytest.mark.guarantee("tenants-apart")
async def test_tenants_have_archives_of_their_own(archive: Archive, tenant: str) -> None:
    """The same address in another tenant's archive is nothing."""
    await archive.put(tenant, dict([ONE]))

    assert await archive.get(f"{tenant}-2", [ONE[0]]) == {}


async def test_many_may_put_the_same_at_once(archive: Archive, tenant: str) -> None:
    """Workers that store one value at the same time all succeed."""
    large = value(b"x" * 100_000)

    await asyncio.gather(*(archive.put(tenant, dict([large])) for _ in range(10)))

    assert await archive.get(tenant, [large[0]]) == dict([large])


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_folder_holds_one_file_a_value(tmp_path: Path) -> None:
    """Nothing but the values is left in the folder, each under its tenant and address."""
    await FolderArchive(tmp_path).put("default", dict([ONE, OTHER]))

    assert sorted(_files(tmp_path)) == sorted(
        tmp_path / "default" / key[:2] / key for key, _ in (ONE, OTHER)
    )


@pytest.mark.guarantee("loss-is-noticed")
async def test_a_damaged_file_is_written_anew(tmp_path: Path) -> None:
    """Storing a value mends a file of the same length that somebody or something changed."""
    archive = FolderArchive(tmp_path)
    await archive.put("default", dict([ONE]))
    [path] = _files(tmp_path)
    path.write_bytes(b"0ne")

    await archive.put("default", dict([ONE]))

    assert await archive.get("default", [ONE[0]]) == dict([ONE])


async def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """When the archive cannot be a folder, the message names it."""
    (tmp_path / "archive").write_text("not a folder", "utf-8")
    archive = FolderArchive(tmp_path / "archive")

    with pytest.raises(StorageError, match="archive cannot be used: "):
        await archive.put("default", dict([ONE]))
    with pytest.raises(StorageError, match="archive cannot be used: "):
        await archive.get("default", [ONE[0]])


IN_ANOTHER_PROCESS = """
import asyncio, concurrent.futures.thread, os, resource, sys
from pathlib import Path
from contracts.base import digest
from services.errors import StorageError
from services.memory.folder_archive import FolderArchive

{limit}
try:
    asyncio.run(FolderArchive(Path(sys.argv[1])).{action})
except StorageError as error:
    print(error)
"""
PUT = "put('default', {digest(b'x' * 9000): b'x' * 9000})"
GET = "get('default', [digest(b'x' * 9000)])"
FULL = "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))"
NOBODY = "os.geteuid() or os.setuid(65534)"


def _told(folder: Path, limit: str, action: str) -> str:
    """Use an archive in a process of its own, under a limit, and return what it complains of."""
    program = IN_ANOTHER_PROCESS.format(limit=limit, action=action)
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.guarantee("memory-is-safe")
def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """When a file cannot grow, the message says what to do, and no half file stays."""
    told = _told(tmp_path, FULL, PUT)

    assert (
        told == f"the archive {tmp_path} cannot be used: the file-size limit is reached; raise it"
    )
    assert _files(tmp_path) == []


@pytest.mark.parametrize("action", [PUT, GET])
def test_a_folder_of_somebody_else_is_told(tmp_path: Path, action: str) -> None:
    """A service without the right to the folder says which right it needs."""
    folder = tmp_path / "archive"
    (folder / "default").mkdir(parents=True)
    (folder / "default").chmod(0)
    folder.chmod(0o500)

    told = _told(folder, NOBODY, action)

    (folder / "default").chmod(0o700)
    assert told == (
        f"the archive {folder} cannot be used: it may not be written;"
        " give the service's user write access"
    )
