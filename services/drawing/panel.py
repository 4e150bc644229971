"""A part of the picture beside the flow, and the marks that several of them use."""

from dataclasses import dataclass

from services.drawing.layout import Point
from services.drawing.shapes import Path, Shape


@dataclass(frozen=True)
class Panel:
    """A part of the picture beside the flow, placed by its upper left corner."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def ruling_mark(centre: Point) -> Path:
    """Draw that a rule looks at a value."""
    x, y = centre
    corners = (Point(x - 8, y), Point(x, y - 8), Point(x + 8, y), Point(x, y + 8), Point(x - 8, y))
    return Path(corners, "ruling", bend=0)
