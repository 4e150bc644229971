"""A run as a timeline: what was done when, and how long it waited for people in between.

The bars share one axis of working time: while a run waits at a gate the axis stands still, so that
a wait of thirty days does not press the work into one column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rich.table import Table

from contracts.run import StepStatus, StepView
from services.cli.output import clean
from services.cli.tables import table

COLUMNS: Final = 32
"""Of the bars; with the other columns a table stays within 100."""

_AT_GATES: Final = frozenset({StepStatus.WAITING, StepStatus.DECIDED, StepStatus.EXPIRED})
_ENDINGS: Final = {
    StepStatus.RUNNING: "at work",
    StepStatus.FAILED: "failed",
    StepStatus.WAITING: "waits for a person",
    StepStatus.DECIDED: "decided",
    StepStatus.EXPIRED: "nobody decided",
}


@dataclass(frozen=True)
class Stretch:
    """One visit of a step with all its items, or of a gate. Times in Unix milliseconds."""

    name: str
    began: int
    ended: int
    status: StepStatus
    items: int = 0
    """How many items of a fan-out; 0 where there is none."""

    why: str = ""

    @property
    def is_wait(self) -> bool:
        """Whether a person was waited for."""
        return self.status in _AT_GATES


def stretches(steps: Sequence[StepView], now_ms: int) -> tuple[Stretch, ...]:
    """Take the items of a fan-out together, in the order in which visits began."""
    visits: dict[tuple[str, int], list[StepView]] = {}
    for step in steps:
        visits.setdefault((step.step, step.visit), []).append(step)
    made = (_stretch(each, now_ms) for each in visits.values())
    return tuple(sorted(made, key=lambda each: each.began))


def waited(found: Iterable[Stretch]) -> int:
    """Count how long people were waited for, in milliseconds; the gates of a run never overlap."""
    return sum(each.ended - each.began for each in found if each.is_wait)


def timeline(steps: Sequence[StepView], now_ms: int) -> Table:
    """Draw a run."""
    found = stretches(steps, now_ms)
    made = table("AT (UTC)", "STEP", "WORK" + " " * (COLUMNS - 4), "TOOK", "")
    day = ""
    for each in found:
        at = datetime.fromtimestamp(each.began / 1000, UTC)
        shown = f"{at:%H:%M:%S}" if f"{at:%d %b}" == day else f"{at:%d %b %H:%M:%S}"
        day = f"{at:%d %b}"
        name = f"{each.name} x{each.items}" if each.items else each.name
        ending = each.why or _ENDINGS.get(each.status, "")
        made.add_row(shown, name, _bar(each, found), lasting(each.ended - each.began), ending)
    return made


def in_all(steps: Sequence[StepView], now_ms: int) -> str:
    """Say how long a run has worked and waited; empty of one that has not begun."""
    found = stretches(steps, now_ms)
    if not found:
        return ""
    waits = waited(found)
    worked = max(each.ended for each in found) - found[0].began - waits
    rest = f", waited {lasting(waits)} for people" if waits else ""
    return f"worked {lasting(worked)}{rest}"


def lasting(milliseconds: int) -> str:
    """Write a duration with its two largest units: `4.2s`, `3m 10s`, `30d 2h`."""
    seconds = max(0, milliseconds) / 1000
    if seconds < 60:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    for size, unit, smaller, name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if whole >= size:
            return f"{whole // size}{unit} {whole % size // smaller}{name}"
    raise AssertionError("at least a minute")


def _stretch(items: Sequence[StepView], now_ms: int) -> Stretch:
    first = items[0]
    failed = [each for each in items if each.failure and each.status is StepStatus.FAILED]
    running = [each for each in items if each.ended_ms is None]
    telling = (failed or running or items)[0]
    kind = f"failed: {telling.failure.kind}" if failed and telling.failure else ""
    return Stretch(
        name=clean(first.step if first.visit == 1 else f"{first.step} ({first.visit})"),
        began=min(each.started_ms for each in items),
        ended=max(now_ms if each.ended_ms is None else each.ended_ms for each in items),
        status=telling.status,
        items=len(items) if first.item else 0,
        why=kind,
    )


def _bar(one: Stretch, found: Sequence[Stretch]) -> str:
    """Draw where on the axis of working time a stretch lies."""
    begin, end = found[0].began, max(each.ended for each in found)
    whole = max(1, _worked(end, found) - _worked(begin, found))
    start = (_worked(one.began, found) - _worked(begin, found)) * COLUMNS // whole
    if one.is_wait:
        return " " * min(start, COLUMNS - 1) + "┆"
    stop = -(-(_worked(one.ended, found) - _worked(begin, found)) * COLUMNS // whole)
    start = min(start, COLUMNS - 1)
    return " " * start + "█" * max(1, stop - start)


def _worked(at: int, found: Sequence[Stretch]) -> int:
    """Take out of a moment all waiting that lies before it."""
    waits = (each for each in found if each.is_wait)
    return at - sum(max(0, min(at, each.ended) - each.began) for each in waits)
