"""`make modes`: fourteen failure modes, scripted, on three systems; and the verifiers by mutation.

Usage: `python -m tests.modes.run [--seed N] [--mutants N] [--json FILE] [--markdown FILE]`. Starts
real servers on free ports and ends them. Exits with 1 when ours lets a declared part pass.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from tests.bench.servers import servers
from tests.modes.matrix import CASES, Cell, System, cells
from tests.modes.ours import Place


async def _answering(address: str) -> None:
    """Wait until Temporal answers: its port is open some time before."""
    for _ in range(200):
        try:
            client = await Client.connect(address)
            await client.count_workflows()
        except (RuntimeError, RPCError):
            await asyncio.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the Temporal server at {address} does not answer")


async def whole_matrix(folder: Path) -> tuple[Cell, ...]:
    """Run every case on every system, ours on servers of its own."""
    with servers(folder) as started:
        await _answering(started.temporal)
        place = Place(started.temporal, started.redis, folder / "archive")
        return await cells(CASES, tuple(System), place)
