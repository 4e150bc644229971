"""Taking a data folder over after a crash, ending what is left, removing data."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from services.errors import ConflictError, StorageError
from services.settings import ModelSource
from services.stack import folder
from services.stack.control import claimed, down, remove_data
from services.stack.identity import ProcessIdentity
from services.stack.record import (
    ModelChoice,
    PartRecord,
    Phase,
    StackRecord,
    read_record,
    stack_state,
    write_record,
)

DEAD = ProcessIdentity(pid=2**22 - 1, created=1.0)
"""No process has this number and was born in 1970."""


@pytest.fixture
def orphan() -> Iterator[ProcessIdentity]:
    """Leave a process running in a group of its own."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, start_new_session=True) as process:
        identity = ProcessIdentity.of(process.pid)
        assert identity is not None
        yield identity
        process.kill()


def a_record(data_dir: Path, supervisor: ProcessIdentity, part: ProcessIdentity) -> None:
    folder.prepare(data_dir)
    parts = (PartRecord(name="memory", address="", log=data_dir / "x.log", process=part),)
    record = StackRecord(
        supervisor=supervisor,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        phase=Phase.RUNNING,
        model=ModelChoice(source=ModelSource.SCRIPTED),
        parts=parts,
    )
    write_record(data_dir, record)


def test_record_of_a_dead_supervisor_is_stale(tmp_path: Path) -> None:
    """After a crash the record does not make anybody believe that the stack runs."""
    a_record(tmp_path, DEAD, DEAD)

    assert stack_state(tmp_path) is None
    assert read_record(tmp_path) is not None


def test_reused_process_number_is_not_the_supervisor(tmp_path: Path) -> None:
    """A stranger that got the supervisor's number is not taken for it."""
    a_record(tmp_path, ProcessIdentity(pid=os.getpid(), created=1.0), DEAD)

    assert stack_state(tmp_path) is None


def test_claiming_ends_what_a_dead_supervisor_left(tmp_path: Path, orphan: ProcessIdentity) -> None:
    """Parts that outlived their supervisor are ended before anything is started."""
    a_record(tmp_path, DEAD, orphan)

    with claimed(tmp_path):
        assert not orphan.is_alive()

    assert read_record(tmp_path) is None


def test_stranger_with_a_parts_number_is_left_alone(
    tmp_path: Path, orphan: ProcessIdentity
) -> None:
    """A process that only has the number of a part of old is not ended."""
    a_record(tmp_path, DEAD, ProcessIdentity(pid=orphan.pid, created=1.0))

    with claimed(tmp_path):
        assert orphan.is_alive()


def test_folder_has_one_owner(tmp_path: Path) -> None:
    """Two stacks never share a data folder."""
    with (
        claimed(tmp_path),
        pytest.raises(ConflictError, match="orchestra down"),
        claimed(tmp_path),
    ):
        pass


def test_down_without_a_stack_says_so(tmp_path: Path) -> None:
    """Stopping what does not run is no error."""
    assert down(tmp_path) is False


def test_down_ends_what_a_dead_supervisor_left(tmp_path: Path, orphan: ProcessIdentity) -> None:
    """Stopping cleans up after a crash too."""
    a_record(tmp_path, DEAD, orphan)

    assert down(tmp_path) is True

    assert not orphan.is_alive()
    assert read_record(tmp_path) is None


def test_supervisor_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    """Stopping ends also a supervisor that hangs, and its parts with it."""
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", deaf]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        supervisor = ProcessIdentity.of(process.pid)
        assert supervisor is not None
        a_record(tmp_path, supervisor, DEAD)

        assert down(tmp_path, stop_seconds=0.2) is True

        assert process.wait() == -signal.SIGKILL


def test_data_are_removed_and_nothing_else(tmp_path: Path) -> None:
    """Only what the stack keeps is removed; a stranger's file and its folder stay."""
    data = tmp_path / "data"
    (data / "valkey").mkdir(parents=True)
    (data / "valkey" / "appendonly.aof").write_text("x")
    (data / "thesis.txt").write_text("years of work")

    removed = remove_data(data)

    assert data / "valkey" in removed
    assert [path.name for path in data.iterdir()] == ["thesis.txt"]


def test_emptied_folder_goes_too(tmp_path: Path) -> None:
    """Nothing remains where nothing but the stack's data was."""
    folder.prepare(tmp_path / "data")

    remove_data(tmp_path / "data")

    assert not (tmp_path / "data").exists()
    assert remove_data(tmp_path / "data") == ()


def test_data_of_a_running_stack_are_kept(tmp_path: Path) -> None:
    """Data are not pulled from under a running stack."""
    with claimed(tmp_path), pytest.raises(ConflictError, match="a stack runs"):
        remove_data(tmp_path)

    assert (tmp_path / "logs").exists()


def test_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """A data folder that cannot be made is an error that names it and the way out."""
    (tmp_path / "data").write_text("a file")

    with pytest.raises(StorageError, match=r"/data cannot be written: .*ORCHESTRA_DATA_DIR"):
        folder.prepare(tmp_path / "data")


def test_unreadable_record_is_not_guessed_at(tmp_path: Path) -> None:
    """A record that is none is an error that names the file, not a stack that does not run."""
    (tmp_path / "stack.json").write_text("{}")

    with pytest.raises(StorageError, match=r"stack\.json cannot be read"):
        stack_state(tmp_path)


def test_record_is_for_its_owner_only(tmp_path: Path) -> None:
    """Other users of the machine cannot read how to reach the stack."""
    a_record(tmp_path, DEAD, DEAD)

    assert (tmp_path / "stack.json").stat().st_mode & 0o077 == 0


def test_long_log_is_set_aside(tmp_path: Path) -> None:
    """A log that has grown long is kept once and begun anew."""
    log = tmp_path / "memory.log"
    with log.open("wb") as file:
        file.truncate(folder.LOG_BYTES + 1)

    folder.open_log(log).close()

    assert log.stat().st_size == 0
    assert (tmp_path / "memory.log.1").stat().st_size > folder.LOG_BYTES


def test_group_without_its_leader_is_still_ended(tmp_path: Path) -> None:
    """What a dead part started itself is found by its group."""
    child = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', {!r}])".format(
        "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    )
    leader = subprocess.Popen(
        [sys.executable, "-c", child], start_new_session=True, stdout=subprocess.PIPE
    )
    assert leader.stdout is not None
    with leader.stdout as said:
        grandchild = psutil.Process(int(said.readline()))
    leader.wait()
    a_record(tmp_path, DEAD, ProcessIdentity(pid=leader.pid, created=grandchild.create_time()))

    assert down(tmp_path) is True

    grandchild.wait(timeout=5)
