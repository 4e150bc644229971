"""A Temporal server that keeps nothing, for as long as somebody needs one."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from services.stack.part import RestartPolicy
from services.stack.parts import TEMPORAL, temporal_part
from services.stack.ports import choose_ports
from services.stack.process import SupervisedProcess


@asynccontextmanager
async def temporal_server() -> AsyncIterator[str]:
    """Start a server on free ports and end it afterwards; its address is host and port.

    Raises:
        UnavailableError: there is no server program, or it does not start.
        StorageError: its log cannot be written.
    """
    ports = choose_ports({TEMPORAL: 0, "ui": 0})
    with TemporaryDirectory(prefix="orchestra-") as folder:
        data = Path(folder)
        (data / "temporal").mkdir()
        part = temporal_part(ports[TEMPORAL], ports["ui"], data, "default", os.environ)
        process = SupervisedProcess(part, data / "log", RestartPolicy(), lambda: None)
        try:
            await process.start()
            yield part.address
        finally:
            await process.stop()
