"""The table of slots: who writes each, who reads it later, what it holds, how far to trust it."""

from collections.abc import Iterator
from typing import Final

from services.drawing import wording
from services.drawing.card_text import dot, slot_class
from services.drawing.layout import Point
from services.drawing.panel import Panel, ruling_mark
from services.drawing.shapes import FONTS, Circle, Group, Path, Run, Shape, Text
from services.drawing.text_width import text_width, wrapped
from workflows.context_map.parts import ContextMap, EndNode, GateNode, MapNode, MapSlot, ReadAs

_COLUMN: Final = 21
_LEAD: Final = 13
_TURN: Final = 52
_SLANT: Final = (0.62, 0.79)
"""Cosine and sine of the turn of the names above the columns."""

_LONGEST_NAME: Final = 18
"""Letters of a name above a column; longer ones are cut short and told in full on pointing."""


def slot_table(context: ContextMap, least_width: float) -> Panel:
    """Draw a row a slot, with a column a node in the order of the run."""
    columns = [node for node in context.nodes if not isinstance(node, EndNode) or node.output]
    names = [_short(wording.place(node.name)) for node in columns]
    longest = max(text_width(name, FONTS["code"]) for name in names)
    left = max(_label(slot, index).width for index, slot in enumerate(context.slots)) + 14
    width = max(least_width, left + _COLUMN * len(columns) + _SLANT[0] * longest)
    shapes: list[Shape] = []
    y = longest * _SLANT[1] + 14
    for index, (node, name) in enumerate(zip(columns, names, strict=True)):
        text = Text(left + _COLUMN * (index + 0.5), y, (Run(name, "code"),), turn=_TURN)
        shapes.append(Group((text,), title=wording.place(node.name)))
    y += 6
    for index, slot in enumerate(context.slots):
        row = _Row(slot, index, columns, left, width)
        shapes.append(row.drawn(y))
        y += row.height
    return Panel(width, y, tuple(shapes))


class _Row:
    def __init__(
        self, slot: MapSlot, index: int, columns: list[MapNode], left: float, width: float
    ) -> None:
        self._slot = slot
        self._index = index
        self._columns = columns
        self._left = left
        self._width = width
        self._fields = wrapped(", ".join(slot.fields), FONTS["note"], width - 14)
        self.height = 20 + _LEAD * len(self._fields) + 5

    def drawn(self, y: float) -> Group:
        fields = [
            Text(14, 27.5 + _LEAD * line, (Run(text, "note", "quiet"),))
            for line, text in enumerate(self._fields)
        ]
        rule = Path((Point(0, 0), Point(self._width, 0)), "grid")
        marks = self._marks()
        shapes = (rule, _label(self._slot, self._index), *self._life(), *marks, *fields)
        return Group(shapes, f"row row-{self._index}", 0, y, self._told(), is_reachable=True)

    def _life(self) -> Iterator[Path]:
        used = [index for index, node in enumerate(self._columns) if self._is_used(node)]
        if len(used) > 1:
            yield Path((self._at(used[0]), self._at(used[-1])), "life")

    def _marks(self) -> Iterator[Shape]:
        for index, node in enumerate(self._columns):
            roles = [each.read_as for each in self._slot.read_by if each.node == node.name]
            centre = self._at(index)
            if node.name in self._slot.written_by:
                yield _written(centre, self._slot, node)
            if ReadAs.RULE in roles:
                yield ruling_mark(centre)
            if any(role is not ReadAs.RULE for role in roles):
                yield Circle(centre, 4.6, "read")

    def _at(self, column: int) -> Point:
        return Point(self._left + _COLUMN * (column + 0.5), 12)

    def _is_used(self, node: MapNode) -> bool:
        if _only_supplies(node):
            return False
        readers = {each.node for each in self._slot.read_by}
        return node.name in readers or node.name in self._slot.written_by

    def _told(self) -> str:
        readers = wording.listed(dict.fromkeys(each.node for each in self._slot.read_by))
        about = f" It reports on {', '.join(self._slot.about)}." if self._slot.about else ""
        return (
            f"{self._slot.name}: {self._slot.contract}, {self._slot.trust.value} at the least."
            f" Written by {wording.listed(self._slot.written_by)};"
            f" read by {readers or 'nobody'}.{about}"
        )


def _label(slot: MapSlot, index: int) -> Text:
    name = Run(slot.name, "code", f"slot {slot_class(slot.name, {slot.name: index})}")
    return Text(
        0,
        15.5,
        (dot(slot.trust), Run(" ", "note"), name, Run(f" {slot.contract}", "note", "quiet")),
    )


def _written(centre: Point, slot: MapSlot, node: MapNode) -> Circle:
    if _only_supplies(node):
        return Circle(centre, 2, "supplied")
    return Circle(centre, 3, f"trusted-{slot.trust.value}")


def _only_supplies(node: MapNode) -> bool:
    """Tell whether a node writes only in place of a step that has failed."""
    return isinstance(node, GateNode) and node.answers_failure


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
