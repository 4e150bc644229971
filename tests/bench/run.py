"""All numbers in one run: `make bench`. See `--help` for smaller ones.

Throughput is measured in interleaved pairs against a bare workflow on one server, because a
machine drifts within minutes; the medians of the ratios are what counts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.checks import measure_checks
from tests.bench.faces import measure_faces
from tests.bench.servers import Servers, servers

KIB = 1024
CASES = ((4 * KIB, 100, 50), (32 * KIB, 60, 50), (256 * KIB, 20, 20), (600 * KIB, 20, 20))
"""Body in bytes, runs, runs at a time."""

FLOORS = {
    (4 * KIB, "model"): 1.0,
    (4 * KIB, "pure"): 1.4,
    (32 * KIB, "model"): 2.0,
    (32 * KIB, "pure"): 2.0,
    (256 * KIB, "model"): 6.0,
    (256 * KIB, "pure"): 6.0,
}
BARE_LIMIT = 512 * KIB
"""Above this the bare workflow never finishes: its payloads pass Temporal's 2 MB."""


@dataclass(frozen=True)
class Line:
    """What one batch of runs measured."""

    runs_per_s: float
    history_bytes: int
    cpu_ms: float


def main(arguments: Sequence[str]) -> int:
    """Measure and print; exit 1 when a ratio is under its floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="interleaved pairs a body size")
    parser.add_argument(
        "--only", choices=["throughput", "faces", "checks"], help="measure one part only"
    )
    chosen = parser.parse_args(arguments)
    reached = True
    if chosen.only in (None, "throughput"):
        with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as started:
            reached = _throughput(started, chosen.pairs)
    if chosen.only in (None, "faces"):
        reached &= measure_faces()
    if chosen.only in (None, "checks"):
        reached &= measure_checks()
    return 0 if reached else 1


def _throughput(started: Servers, pairs: int) -> bool:
    _say("body      system  runs/s (median)   of bare   floor   history   CPU a run, worker")
    reached = True
    for body, runs, concurrency in CASES:
        lines = _interleaved(started, pairs, body, runs, concurrency)
        for kind, measured in lines.items():
            ratio = _ratio(measured, lines.get("bare"))
            floor = FLOORS.get((body, kind))
            reached &= ratio is None or floor is None or ratio >= floor
            _say(_row(body, kind, measured, ratio, floor))
    return reached


def _interleaved(
    started: Servers, pairs: int, body: int, runs: int, concurrency: int
) -> dict[str, list[Line]]:
    kinds = ["model", "pure"] if body > BARE_LIMIT else ["bare", "model", "pure"]
    lines: dict[str, list[Line]] = {kind: [] for kind in kinds}
    for _ in range(pairs):
        for kind in kinds:
            lines[kind].append(_batch(started, kind, body, runs, concurrency))
    return lines


def _batch(started: Servers, kind: str, body: int, runs: int, concurrency: int) -> Line:
    """Measure in a process of its own, so that no batch inherits another's memory."""
    module = ["tests.bench.bare"] if kind == "bare" else ["tests.bench.ours", kind]
    addresses = [started.temporal] if kind == "bare" else [started.temporal, started.redis]
    command = [sys.executable, "-m", *module, *addresses, *map(str, (runs, concurrency, body))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=600)
    # The SDK prints warnings about large payloads to the same stream, and may abort at exit once
    # everything is measured and told.
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"system"')]
    if not lines:
        raise RuntimeError(f"{' '.join(module)} measured nothing; it ended with {done.returncode}")
    told = json.loads(lines[-1])
    return Line(told["runs_per_s"], told["history_bytes"], told["cpu_ms"])


def _ratio(measured: Sequence[Line], bare: Sequence[Line] | None) -> float | None:
    if bare is None or bare is measured:
        return None
    pairs = zip(measured, bare, strict=True)
    return statistics.median(ours.runs_per_s / floor.runs_per_s for ours, floor in pairs)


def _row(
    body: int, kind: str, measured: Sequence[Line], ratio: float | None, floor: float | None
) -> str:
    speed = statistics.median(line.runs_per_s for line in measured)
    cpu = statistics.median(line.cpu_ms for line in measured)
    compared = f"{ratio:.2f}x" if ratio else "-"
    wanted = f"{floor:.1f}x" if floor else "-"
    history = f"{measured[0].history_bytes:,} B"
    size = f"{body // KIB} KiB"
    return f"{size:9} {kind:7} {speed:15.1f} {compared:>9} {wanted:>7} {history:>14} {cpu:6.1f} ms"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
