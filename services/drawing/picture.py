"""A whole map as one SVG document: the flow, its slots, what failures lead to, loops, a legend."""

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from services.drawing import notes, wording
from services.drawing.diagram import Diagram, diagram
from services.drawing.failure_plan import failure_plan
from services.drawing.layout import Box, LayoutEngine, Size
from services.drawing.palette import style_sheet
from services.drawing.panel import Panel
from services.drawing.shapes import FONTS, Group, Rectangle, Run, Shape, Text
from services.drawing.slot_table import slot_table
from services.drawing.svg import number, written
from services.drawing.text_width import text_width, wrapped
from workflows.context_map.parts import ContextMap

_MARGIN: Final = 20
_FOOT: Final = 16
_LEAD: Final = 16
_GAP: Final = 24
_LEAST_PANEL: Final = 430
_WIDEST: Final = 1920
"""Where flow and slots would be wider side by side, the slots stand below."""


@dataclass(frozen=True)
class Picture:
    """All shapes of a map in their places."""

    size: Size
    shapes: tuple[Shape, ...]
    diagram: Diagram


def picture(context: ContextMap, engine: LayoutEngine) -> Picture:
    """Draw a map.

    Raises:
        UnavailableError: the layout engine did not answer.
    """
    flow = diagram(context, engine)
    side = _side(context)
    is_beside = flow.size.width + side.width + _GAP + 2 * _MARGIN <= _WIDEST
    x = _MARGIN + (flow.size.width + _GAP if is_beside else 0)
    right = max(_MARGIN + flow.size.width, x + side.width)
    header = _header(context, right - _MARGIN)
    top = header.height
    y = top + (0 if is_beside else flow.size.height + _GAP)
    bottom = max(top + flow.size.height, y + side.height)
    shapes = (
        *header.shapes,
        Group(flow.shapes, x=_MARGIN, y=top),
        Group(side.shapes, x=x, y=y),
    )
    return Picture(Size(right + _MARGIN, bottom + _FOOT), shapes, flow)


def svg(context: ContextMap, drawn: Picture) -> str:
    """Write a picture as a document that can stand alone or within a page."""
    width, height = map(number, drawn.size)
    title = escape(f"Context map of {context.flow}@{context.version}")
    ground = Rectangle(Box(0, 0, *drawn.size), "ground")
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
            f' width="{width}" height="{height}" role="graphics-document document"'
            ' aria-labelledby="map-title">',
            f'<title id="map-title">{title}</title>',
            f"<style>\n{style_sheet(len(context.slots))}\n</style>",
            "<defs>",
            *(_marker(kind) for kind in ("onward", "back", "failure", "deadline")),
            "</defs>",
            *written((ground, *drawn.shapes)),
            "</svg>\n",
        )
    )


def _header(context: ContextMap, width: float) -> Panel:
    """Write the name, the summary beside it where it fits and else below, and the budget."""
    name = Run(context.flow, "title"), Run(f"@{context.version}   ", "title", "quiet")
    title = Text(_MARGIN, 30, name)
    summary = wrapped(context.summary, FONTS["summary"], width)
    if text_width(context.summary, FONTS["summary"]) <= width - title.width:
        title = Text(_MARGIN, 30, (*name, Run(" ".join(summary), "summary")))
        summary = []
    rows = [
        Text(_MARGIN, 46 + _LEAD * index, (Run(line, "summary"),))
        for index, line in enumerate(summary)
    ]
    y = rows[-1].y if rows else 30
    budget = wrapped(wording.budget(context.budget), FONTS["note"], width)
    rows += [
        Text(_MARGIN, y + _LEAD * index, (Run(line, "note", "quiet"),))
        for index, line in enumerate(budget, 1)
    ]
    return Panel(width, rows[-1].y + 9, (title, *rows))


def _side(context: ContextMap) -> Panel:
    table = slot_table(context, _LEAST_PANEL)
    plan = notes.failures(failure_plan(context))
    width = max(table.width, plan.width)
    parts = [("Who writes and reads each slot", table), ("When a step fails", plan)]
    if context.loops:
        parts.append(("Loops", notes.loops(context, width)))
    parts.append(("Legend", notes.legend()))
    shapes: list[Shape] = []
    y = 0.0
    for title, part in parts:
        shapes.append(Text(0, y + 11, (Run(title, "head"),)))
        top = y + (8 if part is table else 20)
        shapes.append(Group(part.shapes, y=top))
        y = top + part.height + 16
    return Panel(width, y - 16, tuple(shapes))


def _marker(kind: str) -> str:
    return (
        f'<marker id="{kind}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8"'
        ' markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path class="{kind}" d="M0 0.8 8 4 0 7.2z"/></marker>'
    )
