"""What stands beside a flow besides its slots: failures, loops and the legend."""

from collections.abc import Iterator
from typing import Final

from contracts.reference import Trust
from services.drawing import wording
from services.drawing.card_text import dot
from services.drawing.failure_plan import FailurePlan
from services.drawing.layout import Box, Point
from services.drawing.panel import Panel, ruling_mark
from services.drawing.shapes import FONTS, Circle, Group, Path, Rectangle, Run, Shape, Text
from services.drawing.text_width import wrapped
from workflows.context_map.parts import ContextMap, MapLoop

_LEAD: Final = 14
_KINDS_LIMIT: Final = 200
_LEGEND_WIDTH: Final = 430


def failures(plan: FailurePlan) -> Panel:
    """Write what failures lead to in most steps: kinds to the left, what happens to the right."""
    rows = [(list(_kinds(kinds)), str(course)) for course, kinds in plan.shared.items()]
    column = max(text.width for texts, _ in rows for text in texts) + 14
    shapes: list[Shape] = []
    y, right = 0.0, 0.0
    for texts, course in rows:
        led = Text(column, y + _LEAD - 2, (Run(course, "rule", "failing"),))
        right = max(right, led.box.right)
        shapes.append(led)
        for text in texts:
            shapes.append(Text(0, y + _LEAD - 2, text.runs))
            y += _LEAD
    if plan.skips_repair:
        note = Run("code is not repaired: it goes straight on", "note", "quiet")
        shapes.append(Text(0, y + _LEAD - 2, (note,)))
        y += _LEAD
    return Panel(right, y, tuple(shapes))


def _kinds(kinds: tuple[str, ...]) -> Iterator[Text]:
    for line in wrapped(wording.kinds(kinds), FONTS["rule"], _KINDS_LIMIT):
        yield Text(0, 0, (Run(line, "rule"),))


def loops(context: ContextMap, width: float) -> Panel:
    """Write which nodes a run can come back to, and what bounds how often."""
    lines = [line for loop in context.loops for line in _loop(loop, width)]
    shapes = tuple(Text(0, _LEAD * (index + 1) - 2, (line,)) for index, line in enumerate(lines))
    return Panel(width, _LEAD * len(lines), shapes)


def _loop(loop: MapLoop, width: float) -> Iterator[Run]:
    for line in wrapped(", ".join(loop.nodes), FONTS["rule"], width):
        yield Run(line, "rule")
    bounds = "; ".join(
        f"{bound.source} → {bound.target} at most {wording.times(bound.at_most)}"
        for bound in loop.bounds
    )
    for line in wrapped(bounds, FONTS["note"], width):
        yield Run(line, "note", "counted")


def legend() -> Panel:
    """Explain boxes, lines, marks and dots."""
    rows = [_boxes(), _lines(), _marks(), _trusts()]
    shapes = tuple(Group(tuple(row), y=22.0 * index) for index, row in enumerate(rows))
    return Panel(_LEGEND_WIDTH, 22.0 * len(rows), shapes)


def _boxes() -> Iterator[Shape]:
    x = 0.0
    for css, text in (
        ("model", "a model"),
        ("code", "code"),
        ("gate", "a person decides"),
        ("model stacked", "once an item"),
    ):
        box = Rectangle(Box(x, 4, 20, 12), "card", 3)
        behind = (Rectangle(Box(x + 3, 7, 20, 12), "card", 3),) if "stacked" in css else ()
        yield Group((*behind, box), css)
        yield Text(x + 28, 14, (Run(text, "note"),))
        x += 28 + Text(0, 0, (Run(text, "note"),)).width + 14


def _lines() -> Iterator[Shape]:
    x = 0.0
    for css, text in (
        ("onward", "goes on"),
        ("back", "goes back"),
        ("failure", "after a failure"),
        ("deadline", "after a deadline"),
    ):
        yield Path((Point(x, 10), Point(x + 26, 10)), f"way {css}", has_arrow=True)
        yield Text(x + 32, 14, (Run(text, "note"),))
        x += 32 + Text(0, 0, (Run(text, "note"),)).width + 12


def _marks() -> Iterator[Shape]:
    x = 6.0
    for mark, text in (
        (Circle(Point(0, 10), 3, "trusted-operator"), "writes"),
        (Circle(Point(0, 10), 4.6, "read"), "reads"),
        (ruling_mark(Point(0, 10)), "routes by it"),
        (Circle(Point(0, 10), 2, "supplied"), "supplies it after a failure"),
    ):
        yield Group((mark,), x=x)
        yield Text(x + 12, 14, (Run(text, "note"),))
        x += 12 + Text(0, 0, (Run(text, "note"),)).width + 16


def _trusts() -> Iterator[Shape]:
    x = 0.0
    for trust, text in (
        (Trust.OPERATOR, "operator"),
        (Trust.MODEL, "a model's"),
        (Trust.UNTRUSTED, "untrusted: until vouched for, only data"),
    ):
        run = (dot(trust), Run(f" {text}", "note"))
        yield Text(x, 14, run)
        x += Text(0, 0, run).width + 14
