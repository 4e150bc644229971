"""What enters and leaves a node, as it is written on its box."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from contracts.reference import Trust
from services.drawing import wording
from services.drawing.shapes import Run, Text
from workflows.context_map.parts import MapRead, MapWrite

LINE_LIMIT: Final = 330
"""Wider lines are broken."""

Slots = Mapping[str, int]
"""The place of every slot in the flow's list; it names the slot in classes."""


def slot_class(slot: str, slots: Slots) -> str:
    """Name the class that everything which mentions a slot carries."""
    return f"slot-{slots[slot]}"


def dot(trust: Trust) -> Run:
    """Draw how far a value can be trusted."""
    return Run("●", "dot", f"trusted-{trust.value}")


def passage(
    reads: Iterable[MapRead], writes: Iterable[MapWrite], trust: Trust, slots: Slots
) -> Iterator[tuple[Run, ...]]:
    """Write what enters and what leaves as `brief, evidence → outline`, broken where it is long."""
    line: tuple[Run, ...] = ()
    made = slot_runs(writes, slots)
    pieces = [*_read_runs(reads, slots), (Run("→ ", "code", "quiet"), dot(trust), *made)]
    for piece in pieces:
        if line and Text(0, 0, line + piece).width > LINE_LIMIT:
            yield line
            line = ()
        line += piece
    yield line


def _read_runs(reads: Iterable[MapRead], slots: Slots) -> list[tuple[Run, ...]]:
    named = list(reads)
    found: list[tuple[Run, ...]] = []
    for index, read in enumerate(named):
        css = f"slot {slot_class(read.slot, slots)}"
        end = ", " if index < len(named) - 1 else " "
        found.append((Run(wording.read(read), "code", css), Run(end, "code", "quiet")))
    return found


def slot_runs(parts: Iterable[MapRead | MapWrite], slots: Slots) -> tuple[Run, ...]:
    """Write the names of slots."""
    runs: tuple[Run, ...] = ()
    for part in parts:
        comma = (Run(", ", "code", "quiet"),) if runs else ()
        runs += (*comma, Run(part.slot, "code", f"slot {slot_class(part.slot, slots)}"))
    return runs


def touched(
    reads: Iterable[MapRead | None], writes: Iterable[MapWrite], slots: Slots
) -> Iterator[str]:
    """Name the classes that tell which slots a card reads and writes."""
    for read in dict.fromkeys(each.slot for each in reads if each):
        yield f"reads-{slots[read]}"
    for write in writes:
        yield f"writes-{slots[write.slot]}"
