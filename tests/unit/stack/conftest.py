"""Trivial parts that stand in for the real ones: small Python programs as child processes."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.stack.part import Part, RestartPolicy

IMPATIENT = RestartPolicy(deaths=3, window_seconds=30, first_delay_seconds=0.05)


@dataclass(frozen=True)
class FileProbe:
    """Works when a file is there: a program says so by touching it."""

    path: Path

    async def problem(self) -> str:
        """Say that the file is missing."""
        return "" if self.path.exists() else f"{self.path.name} is not there"


@pytest.fixture
def impatient() -> RestartPolicy:
    """Give up at the third death, with hardly a pause between."""
    return IMPATIENT


@pytest.fixture
def a_part(tmp_path: Path) -> Callable[..., Part]:
    """Build a part from the text of a Python program; it works once it has touched `NAME.ready`."""

    def build(name: str, program: str, **changes: Any) -> Part:
        ready = tmp_path / f"{name}.ready"
        preamble = (
            "import os, signal, subprocess, sys, time\n"
            "from pathlib import Path\n"
            f"here = Path({str(tmp_path)!r})\n"
            f"def ready(): Path({str(ready)!r}).touch()\n"
            "def stay(): time.sleep(60)\n"
        )
        given: dict[str, Any] = {
            "name": name,
            "command": (sys.executable, "-c", preamble + program),
            "environment": {"PYTHONUNBUFFERED": "1"},
            "probe": FileProbe(ready),
            "address": "",
            "ready_seconds": 10,
            "grace_seconds": 5,
        }
        return Part(**(given | changes))

    return build


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait until something holds, for ten seconds at most."""

    async def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < deadline, "it did not come to hold within ten seconds"
            await asyncio.sleep(0.02)

    return wait
