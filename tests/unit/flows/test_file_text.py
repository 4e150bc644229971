"""Reading the text of a flow: from files, from pipes, and never without an end."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.errors import FlowInvalidError
from services.flows.file_text import FLOW_FILE_BYTES, stored_text

SOON = 0.2
"""Seconds of patience, where nobody will write."""

LONG = 20.0


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe."""
    path = tmp_path / "flow.yaml"
    os.mkfifo(path)
    return path


@pytest.fixture
def written() -> Iterator[Callable[[bytes], Path]]:
    """A pipe without a name, as a shell hands it over, with something written to it."""
    opened: list[int] = []

    def write(stored: bytes) -> Path:
        reading, writing = os.pipe()
        opened.append(reading)
        os.write(writing, stored)
        os.close(writing)
        return Path(f"/dev/fd/{reading}")

    yield write
    for each in opened:
        os.close(each)


def test_a_pipe_that_nobody_writes_to_is_given_up(pipe: Path) -> None:
    """It is a finding like any other unreadable file, and not a program that hangs."""
    with pytest.raises(FlowInvalidError, match=r"FO106 file: .* nothing came from it for 0\.2 s"):
        stored_text(pipe, "flow.yaml", patience=SOON)


def test_a_pipe_whose_writer_says_nothing_is_given_up() -> None:
    """An open writer that is silent is waited for no longer than one that is not there."""
    reading, writing = os.pipe()

    with pytest.raises(FlowInvalidError, match="nothing came from it"):
        stored_text(Path(f"/dev/fd/{reading}"), "flow.yaml", patience=SOON)

    os.close(reading)
    os.close(writing)


def test_a_named_pipe_is_read_once_somebody_writes(pipe: Path) -> None:
    """Who opens the pipe a moment later is waited for."""
    writer = threading.Timer(SOON, pipe.write_text, ["flow: late\n"])
    writer.start()

    assert stored_text(pipe, "flow.yaml", patience=LONG) == "flow: late\n"
    writer.join()


@pytest.mark.parametrize("stored", [b"flow: a\n", b""])
def test_what_a_shell_substitutes_is_read(written: Callable[[bytes], Path], stored: bytes) -> None:
    """`<(...)` and /dev/stdin are pipes that have their text, or have been closed without any."""
    assert stored_text(written(stored), "/dev/fd/63", patience=LONG) == stored.decode()


def test_an_endless_file_is_read_no_further_than_a_flow_goes(tmp_path: Path) -> None:
    """A link to /dev/zero is too large, and is not read into memory to find that out."""
    (tmp_path / "flow.yaml").symlink_to("/dev/zero")

    with pytest.raises(FlowInvalidError, match="FO106 file: it is over 1 MiB"):
        stored_text(tmp_path / "flow.yaml", "flow.yaml")


def test_the_largest_file_is_still_read(tmp_path: Path) -> None:
    """The limit is the last size that is read."""
    path = tmp_path / "flow.yaml"
    path.write_bytes(b"#" * FLOW_FILE_BYTES)

    assert len(stored_text(path, "flow.yaml")) == FLOW_FILE_BYTES
