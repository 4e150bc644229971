"""How files and submitted texts become documents."""

import os
from pathlib import Path

import pytest

from services.errors import InputInvalidError
from services.retrieval.documents import (
    MAX_FILE_BYTES,
    document_id,
    read_documents,
    submitted_document,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file of each kind that can be read, and many that cannot."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.md").write_text("# Heat\n\nIt is *hot*.")
    (tmp_path / "deep" / "b.TXT").write_text("It is\nwet.")
    (tmp_path / "deep" / "er" / "c.html").write_text("<h1>Worms</h1><p>They eat.")
    (tmp_path / ".git" / "d.md").write_text("Hidden.")
    (tmp_path / "latin.txt").write_bytes("Käse".encode("latin-1"))
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "zeros.md").write_bytes(b"\0\0")
    (tmp_path / "blank.md").write_text(" \n")
    (tmp_path / "link.md").symlink_to(tmp_path / "a.md")
    (tmp_path / "large.txt").write_text("x" * (MAX_FILE_BYTES + 1))
    (tmp_path / "front.md").write_text("---\na: [\n---\nText.")
    return tmp_path


def test_folder_is_read_with_its_folders(folder: Path) -> None:
    """Markdown, text and HTML are read recursively, in the order of their paths."""
    reading = read_documents(folder)

    assert [(each.uri, each.title, each.text) for each in reading.documents] == [
        ("a.md", "Heat", "Heat\n\nIt is hot."),
        ("deep/b.TXT", "b", "It is wet."),
        ("deep/er/c.html", "Worms", "Worms\n\nThey eat."),
    ]


def test_files_left_out_are_told_with_the_reason(folder: Path) -> None:
    """What is not read is named, with what would mend it."""
    assert read_documents(folder).skipped == (
        "blank.md: it holds no text",
        "front.md: its front matter is not plain YAML; mend or remove it",
        "large.txt: over 2 MiB; split it into smaller files",
        "latin.txt: not UTF-8 at byte 1; save it as UTF-8",
        "link.md: not a regular file; symbolic links are not followed",
        "logo.png: not Markdown, text or HTML by its ending (.md, .txt, .html)",
        "zeros.md: binary, or text that is not UTF-8; save it as UTF-8",
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("logo.png", "not Markdown"),
        ("latin.txt", "not UTF-8"),
        ("zeros.md", "binary"),
        ("large.txt", "over 2 MiB"),
        ("missing.md", "does not exist"),
    ],
)
def test_file_named_directly_is_refused_by_name(folder: Path, name: str, reason: str) -> None:
    """A single file that cannot be read is the caller's mistake, named with the remedy."""
    with pytest.raises(InputInvalidError, match=f"{name}.*{reason}"):
        read_documents(folder / name)


def test_single_file_is_one_document(folder: Path) -> None:
    """A file may be added alone, also by a link; its address is its name."""
    assert read_documents(folder / "deep" / "b.TXT").documents[0].uri == "b.TXT"
    assert read_documents(folder / "link.md").documents[0].title == "Heat"


def test_folder_with_nothing_to_read_is_refused(tmp_path: Path) -> None:
    """A folder without a readable file says what was in it."""
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")

    with pytest.raises(InputInvalidError, match=r"holds no Markdown.*logo\.png: not Markdown"):
        read_documents(tmp_path)


def test_folder_that_holds_too_much_is_refused(tmp_path: Path) -> None:
    """One add has a bound, and the message says how to stay under it."""
    for number in range(33):
        (tmp_path / f"{number}.txt").write_text("x" * MAX_FILE_BYTES)

    with pytest.raises(InputInvalidError, match=r"more than 64 MiB.*one at a time"):
        read_documents(tmp_path)


def test_byte_order_mark_is_not_text(tmp_path: Path) -> None:
    """Files that some editors begin with a mark read like all others."""
    (tmp_path / "bom.md").write_bytes(b"\xef\xbb\xbf# Heat\n\nHot.")

    assert read_documents(tmp_path / "bom.md").documents[0].title == "Heat"


def test_name_that_cannot_be_shown_is_left_out(tmp_path: Path) -> None:
    """A file whose name is not text is told and left out."""
    (tmp_path / "a.md").write_text("Text.")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).write_text("Text.")

    assert read_documents(tmp_path).skipped == (
        "?.md: its path is over 300 characters or not printable; rename it",
    )


def test_id_comes_from_the_path_and_nothing_else(tmp_path: Path) -> None:
    """The same path gives the same id whatever stands in the file; other paths give others."""
    (tmp_path / "one" / "n").mkdir(parents=True)
    (tmp_path / "one" / "n" / "Hot heaps.md").write_text("Old.")
    before = read_documents(tmp_path / "one").documents[0].id
    (tmp_path / "one" / "n" / "Hot heaps.md").write_text("New.")

    assert read_documents(tmp_path / "one").documents[0].id == before == "hot-heaps-874926b7"
    assert document_id("Hot heaps.md") != before
    assert document_id("???") == document_id("???")


def test_long_title_is_shortened(tmp_path: Path) -> None:
    """A title never outgrows what a source may carry."""
    (tmp_path / "long.md").write_text("# " + "Heat " * 200)

    assert len(read_documents(tmp_path / "long.md").documents[0].title) == 300


def test_submitted_text_becomes_a_document() -> None:
    """A title, a text and an address are all that a caller sends."""
    document = submitted_document(" Heat ", "It is\nhot.\r\n\r\nVery.", "https://example.org/heat")

    assert document.title == "Heat"
    assert document.text == "It is hot.\n\nVery."
    assert document.uri == "https://example.org/heat"
    assert document.id == document_id("https://example.org/heat")


@pytest.mark.parametrize(
    ("title", "text", "uri", "message"),
    [
        ("", "Text.", "u", "title must be one line"),
        ("a\nb", "Text.", "u", "title must be one line"),
        ("T", "Text.", " ", "uri must be one line"),
        ("T", "Text.", "u" * 301, "uri must be one line"),
        ("T", " \n\n ", "u", "the text of 'u' is blank"),
        ("T", "é" * MAX_FILE_BYTES, "u", "the text of 'u' is over 2 MiB"),
    ],
)
def test_submitted_text_that_cannot_be_stored_is_refused(
    title: str, text: str, uri: str, message: str
) -> None:
    """Blank and oversized fields are named."""
    with pytest.raises(InputInvalidError, match=message):
        submitted_document(title, text, uri)
