"""What a layout engine is asked for and what it answers; the engine itself is an adapter.

Lengths are in pixels at natural size, `y` grows downwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Point(NamedTuple):
    """A place in the picture."""

    x: float
    y: float


class Size(NamedTuple):
    """How much room something takes."""

    width: float
    height: float


class Box(NamedTuple):
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.height

    def moved(self, x: float, y: float) -> "Box":
        """Shift it."""
        return Box(self.x + x, self.y + y, self.width, self.height)

    def overlaps(self, other: "Box") -> bool:
        """Tell whether they share any area; touching is not sharing."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


@dataclass(frozen=True)
class Vertex:
    """Something to be placed."""

    key: str
    size: Size


@dataclass(frozen=True)
class Edge:
    """A line to be drawn between two vertices, with the room its label needs."""

    key: str
    source: str
    target: str
    label: Size | None = None


@dataclass(frozen=True)
class Graph:
    """What is to be laid out. Edges to an earlier vertex go back, against the reading direction."""

    vertices: Sequence[Vertex]
    edges: Sequence[Edge]


@dataclass(frozen=True)
class Route:
    """The way of a line from border to border, its bends included, and where its label stands."""

    points: tuple[Point, ...]
    label: Box | None = None


@dataclass(frozen=True)
class Layout:
    """A graph with a place for everything."""

    size: Size
    boxes: Mapping[str, Box]
    routes: Mapping[str, Route]


class LayoutEngine(Protocol):
    """Places boxes in layers, without overlaps, and leads lines and labels between them."""

    def lay_out(self, graph: Graph) -> Layout:
        """Lay a graph out; the same graph always gives the same layout. Takes some 100 ms.

        Raises:
            UnavailableError: the engine did not answer.
        """
        ...
