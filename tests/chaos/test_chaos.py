"""A small trial on real processes, and every small trial that ever failed."""

from pathlib import Path

import pytest

from tests.chaos.report import table
from tests.chaos.run import FAILING_SEEDS
from tests.chaos.schedule import draw
from tests.chaos.storm import trial

pytestmark = [pytest.mark.servers, pytest.mark.guarantee("work-is-redone")]

SMALL = (11392, 5, 4)
"""Seed, runs and faults: memory wiped and spoilt, then the gateway and Temporal killed."""

MOST_RUNS = 12
"""A larger trial that failed takes minutes; `python -m tests.chaos.run` repeats it by its seed."""


def kept_trials(text: str) -> list[tuple[int, int, int]]:
    """Read seeds, runs and faults, one trial a line; the rest of a line and `#` lines explain."""
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return [(int(seed), int(runs), int(faults)) for seed, runs, faults, *_ in lines]


KEPT = kept_trials(FAILING_SEEDS.read_text("utf-8"))
TRIALS = [SMALL, *(each for each in KEPT if each[1] <= MOST_RUNS)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("numbers", TRIALS, ids=str)
async def test_nothing_is_lost_duplicated_or_wrong(
    numbers: tuple[int, int, int], tmp_path: Path
) -> None:
    """Runs under kills, lost memory and a broken network end as they do undisturbed."""
    evidence, verdict = await trial(draw(*numbers), tmp_path, lambda text: None)

    assert verdict.violations == [], table(evidence, verdict, 0.0)
    assert len(evidence.stormy.runs) == numbers[1]


def test_kept_trials_are_read_with_their_explanations_left_out() -> None:
    """A line names seed, runs and faults; comments around it are for people."""
    assert kept_trials("# lost: 1\n7 40 16\n\n8 6 4\n") == [(7, 40, 16), (8, 6, 4)]
