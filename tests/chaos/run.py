"""`make chaos`: real processes under random faults, and what became of the runs.

Usage: `python -m tests.chaos.run [--seed S] [--runs N] [--faults F] [--json FILE] [--keep DIR]`.
Exits with 1 when a promise was broken; the seed is then kept for the tests to replay.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.chaos.judge import Verdict
from tests.chaos.report import as_json, table
from tests.chaos.schedule import Schedule, draw
from tests.chaos.storm import trial

FAILING_SEEDS: Final = Path(__file__).with_name("failing_seeds.txt")
SHOWN: Final = 40


def main() -> int:
    """Run one trial, print its table and say whether every promise was kept."""
    given = _arguments()
    schedule = draw(given.seed, given.runs, given.faults)
    began = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.1f} s  {text}\n")

    with _folder(given.keep) as folder:
        evidence, verdict = asyncio.run(trial(schedule, folder, say))
    seconds = time.monotonic() - began
    sys.stdout.write(table(evidence, verdict, seconds) + "\n")
    for each in verdict.violations[:SHOWN]:
        sys.stdout.write(f"VIOLATION {each.invariant} {each.marker}: {each.detail}\n")
    if given.json:
        told = json.dumps(as_json(evidence, verdict, seconds), indent=1)
        given.json.write_text(told + "\n", "utf-8")
    if verdict.violations:
        _remember(schedule, verdict)
    return 1 if verdict.violations else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--faults", type=int, default=16)
    parser.add_argument("--json", type=Path, help="write the report here as well")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and data; kept")
    return parser.parse_args()


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        yield Path(folder)


def _remember(schedule: Schedule, verdict: Verdict) -> None:
    """Write the schedule down: what draws it, the faults that it has, what it has broken."""
    broken = Counter(each.invariant for each in verdict.violations)
    faults = ", ".join(f"{each.title()} at {each.at:.1f} s" for each in schedule.faults)
    with FAILING_SEEDS.open("a", encoding="utf-8") as file:
        for name, count in broken.items():
            file.write(f"# {name}: {count}\n")
        file.write(f"# {faults}\n")
        file.write(f"{schedule.seed} {len(schedule.starts)} {len(schedule.faults)}\n")


if __name__ == "__main__":
    sys.exit(main())
