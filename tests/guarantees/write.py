"""Proves every promise and writes GUARANTEES.md: `python -m tests.guarantees.write [FILE]`."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.guarantees.marks import TESTS, marks
from tests.guarantees.page import Measured, page
from tests.guarantees.record import run
from tests.guarantees.reports import reports

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "GUARANTEES.md"
MEASURED: Final = ROOT / "docs" / "measured"


def main(arguments: list[str]) -> int:
    """Run the marked tests and write the page; 1 when a test failed."""
    target = Path(arguments[0]) if arguments else PAGE
    proofs = run(sorted({str(TESTS / mark.file) for mark in marks()}))
    measured = Measured(_commit(), datetime.now(UTC).date().isoformat())
    target.write_text(page(proofs, reports(MEASURED), measured), "utf-8")
    failed = [each for each in proofs if each.outcome == "failed"]
    sys.stdout.write(f"{target.name}: {len(proofs)} tests, {len(failed)} failed\n")
    return 1 if failed else 0


def _commit() -> str:
    """Name the commit, and say when the files are not those of any."""
    commit = _git("rev-parse", "--short", "HEAD")
    if not commit:
        return "unknown"
    changed = _git("status", "--porcelain", "--", ".", f":!{PAGE.name}")
    return f"{commit} with changes" if changed else commit


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
