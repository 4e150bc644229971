"""Scripts: which line serves which call."""

from pathlib import Path
from typing import Any

import pytest

from services.errors import InputInvalidError, StorageError
from services.llm.scripted.script import Fault, Line, Playback, Script, load_script, read_script
from tests.unit.llm.builders import a_work


@pytest.mark.parametrize(
    ("line", "matches"),
    [
        ({"agent": "writer"}, True),
        ({"agent": "*"}, True),
        ({}, True),
        ({"agent": "reviewer"}, False),
        ({"agent": "writer", "rung": "free"}, True),
        ({"agent": "writer", "rung": "verbatim"}, False),
        ({"agent": "writer", "visit": 2}, True),
        ({"agent": "writer", "visit": 1}, False),
        ({"agent": "writer", "item": "s1"}, True),
        ({"agent": "writer", "item": "s2"}, False),
        ({"agent": "writer", "exchange": 3}, True),
        ({"agent": "writer", "exchange": 1}, False),
    ],
)
def test_line_matches_what_it_names(line: dict[str, Any], matches: bool) -> None:
    """A line serves the calls that agree with all that it names."""
    work = a_work(visit=2, item="s1", exchange=3)

    assert Line.model_validate({"fault": Fault.EMPTY, **line}).matches(work) is matches


def test_first_open_line_serves() -> None:
    """Lines serve in their order, each as often as it says, the last one for ever."""
    lines = (
        Line(agent="writer", reply="first"),
        Line(agent="writer", reply="second", times=2),
        Line(agent="reviewer", reply="never"),
        Line(reply="always", times=None),
    )
    playback = Playback(Script(lines=lines))

    served = [playback.next_line(a_work()) for _ in range(5)]

    assert [line.reply for line in served if line] == [
        "first",
        "second",
        "second",
        "always",
        "always",
    ]


def test_used_up_script_serves_nothing() -> None:
    """After its last line a script leaves the calls alone."""
    playback = Playback(Script(lines=(Line(reply="once"),)))
    playback.next_line(a_work())

    assert playback.next_line(a_work()) is None


def test_script_is_loaded_from_a_file(tmp_path: Path) -> None:
    """A script can be written down as YAML."""
    path = tmp_path / "script.yaml"
    path.write_text(
        "lines:\n"
        "  - {agent: section_writer, item: s2, fault: http_503_retry_after, times: 2}\n"
        "  - {agent: reviewer, visit: 1, reply: {verdict: revise, comments: []}}\n"
    )

    first, second = load_script(path).lines

    assert (first.fault, first.times) == (Fault.HTTP_503_RETRY_AFTER, 2)
    assert second.reply == {"verdict": "revise", "comments": []}


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"lines": [{"fault": "no_such_fault"}]}, "/lines/0/fault"),
        ({"lines": [{"agent": "writer"}]}, "/lines/0"),
        ({"lines": [{"reply": 1, "fault": "empty"}]}, "/lines/0"),
        ({"lines": [{"reply": 1, "tmies": 2}]}, "/lines/0/tmies"),
        ({"line": []}, "/line"),
        ([], "/"),
    ],
)
def test_mistakes_in_a_script_are_named(data: object, pointer: str) -> None:
    """What is wrong in a script is said with its place; misspelt names are not passed over."""
    with pytest.raises(InputInvalidError) as caught:
        read_script(data)

    assert [problem.pointer for problem in caught.value.problems] == [pointer]


def test_missing_script_is_told(tmp_path: Path) -> None:
    """A script that is not there is a matter of the file, not of its content."""
    with pytest.raises(StorageError, match="cannot be read"):
        load_script(tmp_path / "none.yaml")


def test_unreadable_script_is_told(tmp_path: Path) -> None:
    """A file that is no YAML is no script."""
    path = tmp_path / "script.yaml"
    path.write_text("lines: [")

    with pytest.raises(InputInvalidError, match="neither YAML nor JSON"):
        load_script(path)
