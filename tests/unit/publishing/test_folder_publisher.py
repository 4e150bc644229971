"""The folder publisher: whole files or none, and errors that say what to mend."""

from pathlib import Path

import pytest

from services.errors import StorageError
from services.publishing.folder import FolderPublisher
from tests.unit.publishing.articles import an_article


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_folder_that_cannot_be_made_is_an_error_for_the_operator(tmp_path: Path) -> None:
    """Where the folder's place is taken by a file, the error names it and the setting."""
    taken = tmp_path / "published"
    taken.write_text("a file")

    with pytest.raises(StorageError, match="ORCHESTRA_PUBLISH_DIR"):
        await FolderPublisher(taken).publish(an_article())


async def test_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    """Readers never see half a file: when the place is taken, the temporary file goes as well."""
    publisher = FolderPublisher(tmp_path)
    published = await publisher.publish(an_article())
    (tmp_path / published.where).unlink()
    (tmp_path / published.where).mkdir()

    with pytest.raises(StorageError):
        await publisher.publish(an_article())

    assert _names(tmp_path) == [published.where]


async def test_unchanged_file_is_left_alone(tmp_path: Path) -> None:
    """A second publication does not even touch the file."""
    publisher = FolderPublisher(tmp_path)
    published = await publisher.publish(an_article())
    before = (tmp_path / published.where).stat()

    await publisher.publish(an_article())

    assert (tmp_path / published.where).stat() == before


async def test_damaged_file_is_restored(tmp_path: Path) -> None:
    """A published file that was cut short is written again as a whole."""
    publisher = FolderPublisher(tmp_path)
    published = await publisher.publish(an_article())
    whole = (tmp_path / published.where).read_bytes()
    (tmp_path / published.where).write_bytes(whole[:10])

    await publisher.publish(an_article())

    assert (tmp_path / published.where).read_bytes() == whole


async def test_published_file_is_readable_for_others(tmp_path: Path) -> None:
    """A web server that runs as somebody else can serve the file."""
    published = await FolderPublisher(tmp_path).publish(an_article())

    assert (tmp_path / published.where).stat().st_mode & 0o777 == 0o644
