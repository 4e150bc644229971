"""The processes of the stack: how they end when they cannot run."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.scripted_model import samples

PROGRAM = (sys.executable, "-m", "services.cli.app")


def ended(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a process that cannot run."""
    return subprocess.run(
        [*PROGRAM, *words],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_taken_port_ends_a_process_for_good() -> None:
    """A supervisor is told that starting it again is useless, a person what to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = ended("model", "--port", str(taken.getsockname()[1]))

    assert found.returncode == 78
    assert found.stderr.startswith("error: the model cannot listen on 127.0.0.1:")
    assert "--port" in found.stderr


@pytest.mark.parametrize("process", ["worker", "gateway"])
def test_wrong_settings_end_a_process_for_good(process: str) -> None:
    """A setting that is wrong is named in one line, and nothing is tried."""
    found = ended(process, ORCHESTRA_TENANT="No Spaces")

    assert found.returncode == 78
    assert "ORCHESTRA_TENANT" in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_script_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing script is an error with its path."""
    found = ended("model", "--port", "1", "--script", str(tmp_path / "nope.yaml"))

    assert found.returncode == 3
    assert "nope.yaml cannot be read" in found.stderr


def test_every_model_agent_can_answer_for_itself() -> None:
    """The scripted model knows a good answer for each agent that asks a model."""
    assert {"planner", "section_writer", "fact_checker", "reviewer", "reviser"} <= set(samples())
