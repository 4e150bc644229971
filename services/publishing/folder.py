"""Publishes articles and pages as Markdown files in a folder."""

import asyncio
from pathlib import Path

from contracts.base import digest
from services.durable_file import replaced
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
    """Write a file for everybody to read, or leave it alone where it is there already."""
    if not path.is_file() or path.read_bytes() != content:
        replaced(path, content, mode=0o644)
