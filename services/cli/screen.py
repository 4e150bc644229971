"""Shows progress: live on a terminal, else by lines that are only ever appended."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from services.cli.lines import Known, Line, Mark, explanations, line, lines, remarks
from services.cli.output import console
from services.cli.progress import Progress, Visit

REFRESHES_PER_SECOND: Final = 4
_COLOURS: Final = {
    Mark.OK: "green",
    Mark.RUN: "cyan",
    Mark.WAIT: "dim",
    Mark.FAIL: "red",
    Mark.GATE: "yellow",
}


class Screen(Protocol):
    """Where progress is shown."""

    def open(self) -> AbstractContextManager[object]:
        """Show for as long as the context is open."""
        ...

    def show(self, progress: Progress, known: Known) -> None:
        """Show a later state."""
        ...

    def say(self, text: str) -> None:
        """Show a remark."""
        ...


class Silent:
    """Shows nothing: standard output is for JSON."""

    def open(self) -> AbstractContextManager[object]:
        """Do nothing."""
        return nullcontext()

    def show(self, progress: Progress, known: Known) -> None:
        """Do nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class _Told:
    """What was printed of a visit that is not over."""

    mark: Mark | None = None
    remarks: int = 0
    finished: int = 0


class Appended:
    """Prints a line when something is over, and remarks and finished items as they come."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.time) -> None:
        self._console = console
        self._clock = clock
        self._over: set[tuple[str, int]] = set()
        self._told: dict[tuple[str, int], _Told] = {}

    def open(self) -> AbstractContextManager[object]:
        """Need nothing to be opened."""
        return nullcontext()

    def show(self, progress: Progress, known: Known) -> None:
        """Print what is new."""
        for visit in progress.visits:
            if (visit.step, visit.number) not in self._over:
                self._show(visit, known)

    def say(self, text: str) -> None:
        """Print a remark."""
        self._console.print(text, soft_wrap=True)

    def _show(self, visit: Visit, known: Known) -> None:
        place = (visit.step, visit.number)
        told = self._told.get(place, _Told())
        written = line(visit, known, int(self._clock() * 1000))
        new = remarks(visit)[told.remarks :]
        finished = sum(item.is_done for item in visit.items.values())
        if visit.left:
            self._over.add(place)
            # Remarks stand below a line about their step: the last one, or one printed before.
            self._print(*(new if told.mark else ()), written.text)
            self._print(*(() if told.mark else new), *explanations(visit))
        elif written.mark is Mark.GATE and told.mark is not Mark.GATE:
            self._print(written.text, *written.below)
        elif told.finished < finished < len(visit.items) and visit.is_fan_out:
            self._print(*(new if told.mark else ()), written.text)
            self._print(*(() if told.mark else new))
        elif new:
            # A remark needs a line above it that says what it is about.
            self._print(*(() if told.mark else (written.text,)), *new)
        else:
            return
        self._told[place] = _Told(written.mark, len(visit.notes), finished)

    def _print(self, *rows: str) -> None:
        for row in rows:
            self._console.print(row, soft_wrap=True)


class Terminal:
    """Prints what is over, and keeps what is going on alive below it."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.time) -> None:
        self._console = console
        self._clock = clock
        self._over: set[tuple[str, int]] = set()
        self._shown: tuple[Progress, Known] | None = None
        self._live: Live | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keep the lower part of the terminal for what is going on, and leave it there at last."""
        self._live = Live(
            get_renderable=lambda: Group(*self._going_on()),
            console=self._console,
            refresh_per_second=REFRESHES_PER_SECOND,
            transient=True,
        )
        with self._live:
            yield
        for text in self._going_on():
            self._console.print(text, soft_wrap=True)

    def show(self, progress: Progress, known: Known) -> None:
        """Print what is over by now; the rest is drawn from this state until the next."""
        self._shown = (progress, known)
        if self._live:
            # Else what is printed now would stand above itself as it was at the last refresh.
            self._live.refresh()
        for visit in progress.visits:
            place = (visit.step, visit.number)
            if visit.left and place not in self._over:
                self._over.add(place)
                text = coloured(line(visit, known, self._now_ms()))
                self._console.print(text, soft_wrap=True)

    def say(self, text: str) -> None:
        """Print a remark above what is going on."""
        self._console.print(text, soft_wrap=True)

    def _going_on(self) -> list[Text]:
        if self._shown is None:
            return []
        progress, known = self._shown
        going_on = [visit for visit in progress.visits if not visit.left]
        written = lines(progress, known, self._now_ms())
        past = len(progress.visits) - len(going_on)
        return [coloured(each) for each in written[past:]]

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def screen_for_output() -> Screen:
    """Choose how to show progress on standard output: live where somebody sits before it."""
    shown = console()
    return Terminal(shown) if sys.stdout.isatty() else Appended(shown)


def coloured(written: Line) -> Text:
    """Colour the mark of a line, and dim what stands below it."""
    text = Text(written.text)
    text.stylize(_COLOURS[written.mark], 0, 6)
    for row in written.below:
        text.append(f"\n{row}", style="" if written.mark is Mark.GATE else "dim")
    return text
