"""Publishes articles and pages as Markdown files in a folder."""

import asyncio
import os
import tempfile
from pathlib import Path

from contracts.base import digest
from services.errors import StorageError
from services.publishing.base import Article, Page, Published
from services.publishing.markdown import file_name, render


class FolderPublisher:
    """Writes one file an article or page; the folder is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def publish(self, article: Article) -> Published:
        """Write the article's file, or leave it alone when it is there already, byte for byte.

        A reader never sees half a file, not even after a power cut.

        Raises:
            StorageError: the folder cannot be written.
        """
        return await self._put(file_name(article), render(article))

    async def publish_page(self, page: Page) -> Published:
        """Write the page's file as an article's is written.

        Raises:
            StorageError: the folder cannot be written.
        """
        return await self._put(page.name, page.text.encode())

    async def _put(self, name: str, content: bytes) -> Published:
        try:
            await asyncio.to_thread(_write, self._folder / name, content)
        except OSError as error:
            raise StorageError(
                f"cannot publish into {self._folder}: {error.strerror or error}; make the folder"
                " writable with room to spare, or set ORCHESTRA_PUBLISH_DIR"
            ) from error
        return Published(where=name, digest=digest(content))


def _write(path: Path, content: bytes) -> None:
    """Write beside the place, make it durable, then rename onto it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.read_bytes() == content:
        return
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A temporary file is its owner's alone; a published one is for everybody to read.
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable: it is a change of the folder, not of the file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
