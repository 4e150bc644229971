"""Turns files of Markdown, text and HTML, and texts sent by callers, into documents to store."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from contracts.base import Part
from services.errors import InputInvalidError, NotFoundError, StorageError
from services.retrieval import markup
from services.retrieval.base import Document, Retriever

MAX_FILE_BYTES = 2 * 1024 * 1024
"""Longer than any book chapter; a larger file is a dump or not text at all."""

MAX_TOTAL_BYTES = 64 * 1024 * 1024
"""What one `add` may hold in memory at once, in a worker that is meant to stay small."""

MAX_FILES = 5_000
_MAX_LINE = 300
"""The longest title and path that a source may carry (`contracts.content.text.Line`)."""

_READERS: dict[str, Callable[[str], markup.Plain]] = {
    ".md": markup.from_markdown,
    ".markdown": markup.from_markdown,
    ".txt": markup.from_text,
    ".text": markup.from_text,
    ".html": markup.from_html,
    ".htm": markup.from_html,
}


class Reading(Part):
    """What a file or folder gave."""

    documents: tuple[Document, ...]
    skipped: tuple[str, ...] = ()
    """Files left out, each with the reason: `logo.png: not Markdown, text or HTML`."""


class _SkippedError(Exception):
    """A file cannot become a document; the message is the reason and the remedy."""


def read_documents(path: Path) -> Reading:
    """Read one file, or all files of a folder and the folders in it, in the order of their paths.

    Hidden files, hidden folders and symbolic links are left out. Blocks on the disk.

    Raises:
        InputInvalidError: the path is not there; a file named directly cannot be read as text; a
            folder holds nothing to read or more than `MAX_TOTAL_BYTES` or `MAX_FILES`.
        StorageError: the folder cannot be listed.
    """
    if path.is_dir():
        return _read_folder(path)
    if not path.exists():
        raise InputInvalidError(f"{str(path)!r} does not exist; give a file or folder to read")
    try:
        return Reading(documents=(_read_file(path.resolve(), PurePosixPath(path.name)),))
    except _SkippedError as error:
        raise InputInvalidError(f"{str(path)!r} cannot be added: {error}") from error


def submitted_document(title: str, text: str, uri: str) -> Document:
    """Make a document of plain text that a caller sent; its id derives from `uri`.

    Raises:
        InputInvalidError: a field is blank or too long.
    """
    for name, value in (("title", title), ("uri", uri)):
        if not value.strip() or len(value) > _MAX_LINE or len(value.splitlines()) > 1:
            raise InputInvalidError(f"{name} must be one line of 1 to {_MAX_LINE} characters")
    if len(text.encode(errors="replace")) > MAX_FILE_BYTES:
        raise InputInvalidError(
            f"the text of {uri!r} is over {_mebibytes(MAX_FILE_BYTES)}; split it into documents"
        )
    plain = markup.from_text(text)
    if not plain.text:
        raise InputInvalidError(f"the text of {uri!r} is blank; send the text to search")
    return Document(id=document_id(uri), title=title.strip(), uri=uri, text=plain.text)


def document_id(uri: str) -> str:
    """Name a document after its path or URL: readable, fit for a URL, the same every time."""
    slug = re.sub(r"[^a-z0-9]+", "-", PurePosixPath(uri).stem.casefold()).strip("-")[:60]
    return f"{slug or 'document'}-{hashlib.sha256(uri.encode()).hexdigest()[:8]}"


async def find(retriever: Retriever, corpus: str, name: str) -> Document:
    """Fetch a document by its id, or by its path or URL, from which the id derives.

    Raises:
        NotFoundError: there is no such corpus or document.
    """
    try:
        return await retriever.document(corpus, name)
    except NotFoundError:
        return await retriever.document(corpus, document_id(name))


def _read_folder(folder: Path) -> Reading:
    documents: list[Document] = []
    skipped: list[str] = []
    total = 0
    for relative in _walk(folder):
        try:
            document = _read_file(folder / relative, relative)
        except _SkippedError as error:
            skipped.append(f"{str(relative).encode(errors='replace').decode()}: {error}")
            continue
        documents.append(document)
        total += len(document.text.encode())
        if total > MAX_TOTAL_BYTES or len(documents) > MAX_FILES:
            raise InputInvalidError(
                f"{str(folder)!r} holds more than {_mebibytes(MAX_TOTAL_BYTES)} of text or"
                f" {MAX_FILES} files; add its folders one at a time"
            )
    if not documents:
        raise InputInvalidError(
            f"{str(folder)!r} holds no Markdown, text or HTML that can be read"
            + "".join(f"; {line}" for line in skipped[:5])
        )
    return Reading(documents=tuple(documents), skipped=tuple(skipped))


def _walk(folder: Path) -> Iterator[PurePosixPath]:
    def refuse(error: OSError) -> None:
        raise StorageError(f"{error.filename!r} cannot be listed: {error.strerror}") from error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        relative = PurePosixPath(Path(parent).relative_to(folder).as_posix())
        yield from (relative / name for name in sorted(files) if not name.startswith("."))


def _read_file(path: Path, relative: PurePosixPath) -> Document:
    reader = _READERS.get(path.suffix.casefold())
    if reader is None:
        raise _SkippedError("not Markdown, text or HTML by its ending (.md, .txt, .html)")
    if len(str(relative)) > _MAX_LINE or not str(relative).isprintable():
        raise _SkippedError(f"its path is over {_MAX_LINE} characters or not printable; rename it")
    try:
        plain = reader(_decoded(path))
    except InputInvalidError as error:
        raise _SkippedError(str(error)) from error
    if not plain.text:
        raise _SkippedError("it holds no text")
    title = plain.title or path.stem
    return Document(
        id=document_id(str(relative)), title=title[:_MAX_LINE], uri=str(relative), text=plain.text
    )


def _decoded(path: Path) -> str:
    """Read a regular file's text; at most one byte more than allowed is ever in memory."""
    if path.is_symlink() or not path.is_file():
        raise _SkippedError("not a regular file; symbolic links are not followed")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _SkippedError(f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise _SkippedError(f"over {_mebibytes(MAX_FILE_BYTES)}; split it into smaller files")
    if b"\0" in raw:
        raise _SkippedError("binary, or text that is not UTF-8; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _SkippedError(f"not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _mebibytes(size: int) -> str:
    return f"{size // (1024 * 1024)} MiB"
