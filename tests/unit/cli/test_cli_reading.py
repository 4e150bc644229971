"""Reading files that a person wrote."""

from pathlib import Path

import pytest

from services.cli.reading import LARGEST_BYTES, read_mapping
from services.errors import InputInvalidError, Problem

BRIEF = """\
title: How a heap works   # a comment
words: {min: 60, max: 250}
key_points:
  - Turning
  - 2020-01-01
"""


def a_file(folder: Path, text: str, name: str = "brief.yaml") -> Path:
    """Write a file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_is_read_with_dates_as_text(tmp_path: Path) -> None:
    """What looks like a date stays the text that was written."""
    found = read_mapping(a_file(tmp_path, BRIEF))

    assert found.data == {
        "title": "How a heap works",
        "words": {"min": 60, "max": 250},
        "key_points": ["Turning", "2020-01-01"],
    }


def test_json_is_read_too(tmp_path: Path) -> None:
    """JSON with tabs, which YAML does not allow, is read by its ending."""
    assert read_mapping(a_file(tmp_path, '{\n\t"title": "x"\n}', "b.json")).data == {"title": "x"}


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/input/brief/words/min", "brief.yaml:2: words.min"),
        ("/input/key_points/1", "brief.yaml:5: key_points.1"),
        ("/title", "brief.yaml:1: title"),
        ("/input/brief/goal", "brief.yaml: goal"),
        ("/input/brief/words/unit", "brief.yaml:2: words.unit"),
        ("", "brief.yaml"),
    ],
)
def test_problems_are_found_in_the_file(tmp_path: Path, pointer: str, place: str) -> None:
    """A problem that the gateway names is shown with file and line."""
    written = read_mapping(a_file(tmp_path, BRIEF))

    [problem] = written.locate((Problem(pointer, "is wrong"),))

    assert problem.pointer.endswith(place)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("title: [x\n", "b.yaml", r"b.yaml:2: this is not YAML"),
        ("a: 1\na: 2\n", "b.yaml", r"b.yaml:\d: this is not YAML: found duplicate key"),
        ('{"a": 1,\n}', "b.json", r"b.json:2: this is not JSON"),
        ("- a\n- b\n", "b.yaml", "no mapping"),
        ("", "b.yaml", "no mapping"),
        ("1: x\n", "b.yaml", "write it as text"),
        ("x" * (LARGEST_BYTES + 1), "b.yaml", "over 1 MiB"),
        ("a: !!python/object:os.system {}\n", "b.yaml", "not YAML"),
    ],
)
def test_unfit_files_are_named_with_the_line(
    tmp_path: Path, text: str, name: str, message: str
) -> None:
    """A file that cannot be used is an error that names it, not a traceback."""
    with pytest.raises(InputInvalidError, match=message):
        read_mapping(a_file(tmp_path, text, name))


def test_missing_and_binary_files_are_named(tmp_path: Path) -> None:
    """A file that is not there or is no text says so."""
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InputInvalidError, match="No such file"):
        read_mapping(tmp_path / "nope.yaml")
    with pytest.raises(InputInvalidError, match="not UTF-8"):
        read_mapping(binary)
