"""`make modes`: fourteen failure modes, scripted, on three systems; and the verifiers by mutation.

Usage: `python -m tests.modes.run [--seed N] [--mutants N] [--json FILE] [--markdown FILE]`. Starts
real servers on free ports and ends them. Exits with 1 when ours lets a declared part pass, a mutant
slips through, or a good sentence is turned down.
"""

import argparse
import asyncio
import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from tests.bench.servers import servers
from tests.modes import report
from tests.modes.control import require_calm
from tests.modes.matrix import CASES, Cell, System, cells
from tests.modes.mutants import DEFAULT_MUTANTS, prove
from tests.modes.ours import Place


def main(arguments: Sequence[str]) -> int:
    """Run everything, print it, write what was asked for."""
    asked = _arguments(arguments)
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="modes-") as folder:
        matrix = asyncio.run(whole_matrix(Path(folder)))
    proof = asyncio.run(prove(asked.mutants, asked.seed))
    sys.stdout.write(report.text(matrix, proof))
    if asked.json:
        told = json.dumps(report.data(matrix, proof, _commit()), indent=2)
        asked.json.write_text(f"{told}\n", "utf-8")
    if asked.markdown:
        method = Path(__file__).with_name("method.md").read_text("utf-8")
        asked.markdown.write_text(report.page(matrix, proof, _commit(), method), "utf-8")
    return 1 if report.passed_through(matrix) or proof.missed or proof.false_alarms else 0


async def whole_matrix(folder: Path) -> tuple[Cell, ...]:
    """Run every case on every system, ours on servers of its own.

    Raises:
        RuntimeError: a server does not answer, or an undisturbed run does not succeed.
        MeasurementError: a run broke in a way that no fault explains; nothing is reported.
    """
    with servers(folder) as started:
        await _answering(started.temporal)
        place = Place(started.temporal, started.redis, folder / "archive")
        await require_calm(place)
        matrix = await cells(CASES, tuple(System), place)
        # Once more: what broke in between has told of itself, not of the faults.
        await require_calm(place)
        return matrix


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


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", type=int, default=DEFAULT_MUTANTS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    return parser.parse_args(arguments)


def _commit() -> str:
    """Name the commit, and say so when the checkout has changes beside it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=7"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
