"""Servers that keep nothing, for as long as somebody needs them: Temporal and Valkey."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from services.stack.part import Part, RestartPolicy
from services.stack.parts import TEMPORAL, VALKEY, temporal_part, valkey_part
from services.stack.ports import choose_ports
from services.stack.process import SupervisedProcess

SKIPS_TIME: Final = ("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true")
"""Runs that ask for it do not wait for timers and between tries. They do wait for what is at work:
a missing heartbeat is noticed no sooner."""

GRACE_SECONDS: Final = 0.2
"""How long they may take to stop: what keeps nothing has nothing to save."""

_DURABLE: Final = ("--db-filename", "--sqlite-pragma")
"""What makes a Temporal server keep things; without them it works in its own memory."""


@asynccontextmanager
async def temporal_server(*, skips_time: bool = False) -> AsyncIterator[str]:
    """Start a server on free ports and end it afterwards; its address is host and port.

    Args:
        skips_time: whether runs may ask it not to let time pass.

    Raises:
        UnavailableError: there is no server program, or it does not start.
        StorageError: its log cannot be written.
    """
    ports = choose_ports({TEMPORAL: 0, "ui": 0})
    with TemporaryDirectory(prefix="orchestra-") as folder:
        data = Path(folder)
        part = temporal_part(ports[TEMPORAL], ports["ui"], data, "default", os.environ)
        command = _without(part.command, _DURABLE)
        if skips_time:
            command += SKIPS_TIME
        async with _started(replace(part, command=command), data):
            yield part.address


@asynccontextmanager
async def valkey_server() -> AsyncIterator[str]:
    """Start a memory server on a free port and end it afterwards; its address is a URL.

    Raises:
        UnavailableError: there is no server program, or it does not start.
        StorageError: its log cannot be written.
    """
    port = choose_ports({VALKEY: 0})[VALKEY]
    with TemporaryDirectory(prefix="orchestra-") as folder:
        data = Path(folder)
        (data / "valkey").mkdir()
        part = valkey_part(port, data, os.environ)
        command = _with(part.command, {"--appendonly": "no"})
        async with _started(replace(part, command=command), data):
            yield part.address


@asynccontextmanager
async def _started(part: Part, data: Path) -> AsyncIterator[None]:
    hurried = replace(part, grace_seconds=GRACE_SECONDS)
    process = SupervisedProcess(hurried, data / "log", RestartPolicy(), lambda: None)
    try:
        await process.start()
        yield
    finally:
        await process.stop()


def _without(command: tuple[str, ...], options: tuple[str, ...]) -> tuple[str, ...]:
    """Drop options that take one word each."""
    pairs = zip(("", *command), command, strict=False)
    return tuple(word for before, word in pairs if word not in options and before not in options)


def _with(command: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    """Give options that take one word each another one."""
    pairs = zip(("", *command), command, strict=False)
    return tuple(values.get(before, word) for before, word in pairs)
