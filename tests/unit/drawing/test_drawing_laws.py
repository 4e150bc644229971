"""Nothing on a map covers anything else: held against the layout's own data."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise

from services.drawing.elk_engine import ElkEngine
from services.drawing.layout import Box, Point
from services.drawing.picture import Picture, picture
from services.drawing.shapes import Group, Text, texts_of
from tests.unit.drawing.sketched import Sketch, article

HAIR = 0.5
"""Pixels that do not count."""


def _shrunk(box: Box) -> Box:
    return Box(box.x + HAIR, box.y + HAIR, box.width - 2 * HAIR, box.height - 2 * HAIR)


def _meeting(boxes: Mapping[str, Box]) -> list[tuple[str, str]]:
    return [
        (one, other)
        for (one, box), (other, another) in combinations(boxes.items(), 2)
        if _shrunk(box).overlaps(_shrunk(another))
    ]


def _segments(points: Sequence[Point]) -> Iterable[Box]:
    for start, end in pairwise(points):
        left, top = min(start.x, end.x), min(start.y, end.y)
        yield Box(left, top, abs(start.x - end.x) or 0.1, abs(start.y - end.y) or 0.1)


def _crossed(points: Sequence[Point], boxes: Mapping[str, Box]) -> list[str]:
    return [
        name
        for name, box in boxes.items()
        if any(_shrunk(box).overlaps(segment) for segment in _segments(points))
    ]


def _labels(drawn: Picture) -> dict[str, Box]:
    routes = drawn.diagram.layout.routes
    return {f"label of {key}": route.label for key, route in routes.items() if route.label}


def test_boxes_and_labels_stand_apart(sketch: Sketch, drawn: Picture) -> None:
    """No box overlaps another, no label a box or another label."""
    assert _meeting({**drawn.diagram.layout.boxes, **_labels(drawn)}) == []


def test_lines_lead_around_boxes(sketch: Sketch, drawn: Picture) -> None:
    """A line touches the boxes it joins at their borders, and goes through none."""
    boxes = drawn.diagram.layout.boxes
    through = {
        key: crossed
        for key, route in drawn.diagram.layout.routes.items()
        if (crossed := _crossed(route.points, boxes))
    }

    assert through == {}


def test_lines_lead_around_the_labels_of_others(sketch: Sketch, drawn: Picture) -> None:
    """A line goes through its own label only."""
    labels = _labels(drawn)
    through = {
        key: others
        for key, route in drawn.diagram.layout.routes.items()
        if (others := set(_crossed(route.points, labels)) - {f"label of {key}"})
    }

    assert through == {}


def test_lines_begin_and_end_at_their_boxes(sketch: Sketch, drawn: Picture) -> None:
    """Every line is drawn from the border of its source to the border of its target."""
    layout = drawn.diagram.layout
    loose = [
        key
        for key, route in layout.routes.items()
        for name, point in zip(key.split(" "), (route.points[0], route.points[-1]), strict=True)
        if not _is_on_border(point, layout.boxes[name])
    ]

    assert loose == []


def _is_on_border(point: Point, box: Box) -> bool:
    within = (
        box.x - HAIR <= point.x <= box.right + HAIR and box.y - HAIR <= point.y <= box.bottom + HAIR
    )
    inside = (
        box.x + HAIR < point.x < box.right - HAIR and box.y + HAIR < point.y < box.bottom - HAIR
    )
    return within and not inside


def test_no_text_covers_another(sketch: Sketch, drawn: Picture) -> None:
    """However wide letters turn out within the fonts of the stack, lines of text stay apart."""
    texts = list(texts_of(drawn.shapes))
    level = {_told(index, text): box for index, (text, box) in enumerate(texts) if not text.turn}
    turned = {_told(index, text): box for index, (text, box) in enumerate(texts) if text.turn}
    above = {
        (one, other)
        for one, box in level.items()
        for other, another in turned.items()
        if _shrunk(box).overlaps(_shrunk(another))
    }

    assert _meeting(level) == []
    assert above == set()


def _told(index: int, text: Text) -> str:
    return f"{index} {''.join(run.content for run in text.runs)}"


def test_text_stays_inside_of_its_box(sketch: Sketch, drawn: Picture) -> None:
    """What is written on a box or a label does not reach over its border."""
    layout = drawn.diagram.layout
    frames = [Box(0, 0, box.width, box.height) for box in layout.boxes.values()]
    frames += [Box(0, 0, box.width, box.height) for box in _labels(drawn).values()]
    groups = [
        shape for shape in drawn.diagram.shapes if isinstance(shape, Group) and shape.css != "line"
    ]
    outside = [
        text.runs
        for group, frame in zip(groups, frames, strict=True)
        for text, box in texts_of(group.shapes)
        if not _is_within(box, frame)
    ]

    assert outside == []


def test_everything_is_in_the_picture(sketch: Sketch, drawn: Picture) -> None:
    """No text begins or ends beyond the picture's border."""
    frame = Box(0, 0, *drawn.size)

    assert [text.runs for text, box in texts_of(drawn.shapes) if not _is_within(box, frame)] == []


def _is_within(box: Box, frame: Box) -> bool:
    return (
        box.x >= frame.x - HAIR
        and box.y >= frame.y - HAIR
        and box.right <= frame.right + HAIR
        and box.bottom <= frame.bottom + HAIR
    )


def test_the_shipped_flow_fits_a_laptop() -> None:
    """The article's map is seen whole at its natural size on 1440 by 900 pixels."""
    size = picture(article(), ElkEngine()).size

    assert size.width <= 1440
    assert size.height <= 900
