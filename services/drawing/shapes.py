"""What a picture is made of. Every shape knows its place, none knows how it is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Final, Literal

from services.drawing.layout import Box, Point
from services.drawing.text_width import Face, Font, text_width

Style = Literal["title", "summary", "head", "name", "note", "code", "rule", "tag", "dot"]

FONTS: Final[Mapping[Style, Font]] = {
    "title": Font(Face.BOLD, 17),
    "summary": Font(Face.SANS, 12),
    "head": Font(Face.BOLD, 11.5),
    "name": Font(Face.BOLD, 12.5),
    "note": Font(Face.SANS, 10.5),
    "code": Font(Face.MONO, 10.5),
    "rule": Font(Face.MONO, 10),
    "tag": Font(Face.BOLD, 9),
    "dot": Font(Face.SANS, 13),
}
"""How text is set, by what it is."""

_ASCENT: Final = 0.8
_DESCENT: Final = 0.25
"""Of a letter above and below the baseline, in parts of the size."""


@dataclass(frozen=True)
class Run:
    """A piece of a line of text in one style; `css` adds classes for colour."""

    content: str
    style: Style
    css: str = ""

    @property
    def width(self) -> float:
        """The most room it may take."""
        return text_width(self.content, FONTS[self.style])


@dataclass(frozen=True)
class Text:
    """One line of text; `x` is where it starts, has its middle or ends, `y` is the baseline."""

    x: float
    y: float
    runs: tuple[Run, ...]
    anchor: Literal["start", "middle", "end"] = "start"
    turn: float = 0
    """Degrees against the clock, up to 90, about the start."""

    @property
    def width(self) -> float:
        """The most room it may take."""
        return sum(run.width for run in self.runs)

    @property
    def box(self) -> Box:
        """The most room it may take; around all of it where it is turned."""
        size = max(FONTS[run.style].size for run in self.runs)
        before = {"start": 0.0, "middle": self.width / 2, "end": self.width}[self.anchor]
        above, below = _ASCENT * size, _DESCENT * size
        if not self.turn:
            return Box(self.x - before, self.y - above, self.width, above + below)
        across, up = cos(radians(self.turn)), sin(radians(self.turn))
        left, top = self.x - above * up, self.y - self.width * up - above * across
        right, bottom = self.x + self.width * across + below * up, self.y + below * across
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True)
class Rectangle:
    """A box with rounded corners."""

    box: Box
    css: str
    radius: float = 0


@dataclass(frozen=True)
class Path:
    """A line from point to point; its end may carry an arrow head."""

    points: tuple[Point, ...]
    css: str
    has_arrow: bool = False
    bend: float = 6
    """Radius of the bends."""


@dataclass(frozen=True)
class Circle:
    """A round mark."""

    centre: Point
    radius: float
    css: str


@dataclass(frozen=True)
class Group:
    """Shapes that are moved together and told of together."""

    shapes: "tuple[Shape, ...]"
    css: str = ""
    x: float = 0
    y: float = 0
    title: str = ""
    """What is told about it when somebody points at it or has it read out."""

    is_reachable: bool = False
    """Whether the keyboard comes to it."""


Shape = Text | Rectangle | Path | Circle | Group


def texts_of(shapes: Sequence[Shape], x: float = 0, y: float = 0) -> Iterator[tuple[Text, Box]]:
    """List all lines of text with the room each takes in the picture."""
    for shape in shapes:
        match shape:
            case Text():
                yield shape, shape.box.moved(x, y)
            case Group():
                yield from texts_of(shape.shapes, x + shape.x, y + shape.y)
            case _:
                pass
