"""The flow itself: boxes and lines, laid out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.drawing.card_frame import Card
from services.drawing.cards import card, failing_card
from services.drawing.edges import PLAN, Line, lines
from services.drawing.failure_plan import FailurePlan, failure_plan
from services.drawing.layout import (
    Box,
    Edge,
    Graph,
    Layout,
    LayoutEngine,
    Route,
    Size,
    Vertex,
)
from services.drawing.shapes import Group, Path, Rectangle, Shape, Text
from workflows.context_map.parts import ContextMap

_BASELINE: Final = 11.5
_LEAD: Final = 13


@dataclass(frozen=True)
class Diagram:
    """A drawing of a flow, with the layout it was made by."""

    size: Size
    shapes: tuple[Shape, ...]
    layout: Layout


def diagram(context: ContextMap, engine: LayoutEngine) -> Diagram:
    """Draw nodes and ways.

    Raises:
        UnavailableError: the layout engine did not answer.
    """
    plan = failure_plan(context)
    cards = _cards(context, plan)
    drawn = lines(context, plan)
    layout = engine.lay_out(_graph(cards, drawn))
    shapes = (
        *(_way(line, layout.routes[line.key]) for line in drawn),
        *(_placed(each, layout.boxes[each.key]) for each in cards),
        *_labels(drawn, layout.routes),
    )
    return Diagram(layout.size, shapes, layout)


def _cards(context: ContextMap, plan: FailurePlan) -> list[Card]:
    """Order the boxes as they are to be read: what failures lead to comes after the input."""
    slots = {slot.name: index for index, slot in enumerate(context.slots)}
    nodes = [card(node, slots, plan.differently.get(node.name, {})) for node in context.nodes]
    return [nodes[0], failing_card(PLAN), *nodes[1:]]


def _graph(cards: list[Card], drawn: list[Line]) -> Graph:
    return Graph(
        vertices=[Vertex(each.key, each.size) for each in cards],
        edges=[Edge(line.key, line.source, line.target, line.label_size) for line in drawn],
    )


def _placed(card: Card, box: Box) -> Group:
    drawn = card.drawn
    return Group(drawn.shapes, drawn.css, box.x, box.y, drawn.title)


def _way(line: Line, route: Route) -> Group:
    return Group(
        (Path(route.points, f"way {line.kind}", has_arrow=True),), css="line", title=line.told
    )


def _labels(drawn: list[Line], routes: Mapping[str, Route]) -> Iterator[Group]:
    for line in drawn:
        box = routes[line.key].label
        if box is not None:
            rows = tuple(
                Text(box.width / 2, _BASELINE + _LEAD * index, row, anchor="middle")
                for index, row in enumerate(line.label)
            )
            ground = Rectangle(Box(0, 0, box.width, box.height), "ground", 3)
            yield Group((ground, *rows), "label", box.x, box.y, line.told)
