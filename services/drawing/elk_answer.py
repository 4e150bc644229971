"""What the Eclipse Layout Kernel answers, read strictly and turned into our own terms."""

from pydantic import BaseModel, ConfigDict, JsonValue

from services.drawing.layout import Box, Layout, Point, Route, Size


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Point(_Part):
    x: float
    y: float


class _Box(_Part):
    x: float
    y: float
    width: float
    height: float


class _Node(_Box):
    id: str


class _Section(_Part):
    startPoint: _Point  # noqa: N815 - the engine's own name
    bendPoints: tuple[_Point, ...] = ()  # noqa: N815
    endPoint: _Point  # noqa: N815


class _Line(_Part):
    id: str
    sections: tuple[_Section, ...]
    labels: tuple[_Box, ...] = ()


class _Laid(_Part):
    width: float
    height: float
    children: tuple[_Node, ...]
    edges: tuple[_Line, ...]


class _Answer(_Part):
    data: _Laid


def read_layout(answer: JsonValue) -> Layout:
    """Read a layout.

    Raises:
        pydantic.ValidationError: it is none, but what the engine says of a failure.
    """
    laid = _Answer.model_validate(answer).data
    return Layout(
        size=Size(laid.width, laid.height),
        boxes={each.id: _box(each) for each in laid.children},
        routes={each.id: _route(each) for each in laid.edges},
    )


def _route(line: _Line) -> Route:
    [section] = line.sections
    points = (section.startPoint, *section.bendPoints, section.endPoint)
    return Route(
        points=tuple(Point(each.x, each.y) for each in points),
        label=_box(line.labels[0]) if line.labels else None,
    )


def _box(box: _Box) -> Box:
    return Box(box.x, box.y, box.width, box.height)
