"""What the trial tells: a line a step as it goes, and a table at the end."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from compose_trial.outcome import UnfitError

WIDTH = 118
"""Columns where there is no terminal to ask."""


@dataclass
class Step:
    """One thing that is tried."""

    name: str
    seconds: float = 0.0
    told: str = ""
    """What came of it; filled in by whoever does it."""

    mark: str = "FAIL"


@dataclass
class Report:
    """The steps so far."""

    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Measure a step, and tell how it ended."""
        step = Step(name)
        self.steps.append(step)
        started = time.monotonic()
        try:
            yield step
            step.mark = "ok"
        except UnfitError:
            step.mark = "skip"
            raise
        finally:
            step.seconds = time.monotonic() - started
            say(f"{step.mark:>4}  {name:<28} {step.seconds:6.1f} s  {step.told}")

    def show(self) -> None:
        """Print the table."""
        table = Table(title="docker-compose.yml, run end to end", title_justify="left")
        for heading in ("step", "", "seconds", "what was seen"):
            table.add_column(heading, justify="right" if heading == "seconds" else "left")
        for step in self.steps:
            table.add_row(step.name, step.mark, f"{step.seconds:.1f}", step.told)
        table.add_row("together", "", f"{sum(step.seconds for step in self.steps):.1f}", "")
        width = None if sys.stdout.isatty() else WIDTH
        Console(width=width, highlight=False, markup=False).print(table)


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
