"""Writes shapes as SVG: real text, every name escaped, the same bytes for the same shapes."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from services.drawing.layout import Point
from services.drawing.shapes import Circle, Group, Path, Rectangle, Run, Shape, Text


def written(shapes: Sequence[Shape], indent: str = "") -> Iterator[str]:
    """Write shapes, a line or more each."""
    for shape in shapes:
        match shape:
            case Text():
                yield indent + _text(shape)
            case Rectangle():
                yield indent + _rectangle(shape)
            case Path():
                yield indent + _path(shape)
            case Circle(centre, radius, css):
                place = f'cx="{number(centre.x)}" cy="{number(centre.y)}" r="{number(radius)}"'
                yield f'{indent}<circle class="{css}" {place}/>'
            case Group():
                yield from _group(shape, indent)


def number(value: float) -> str:
    """Write a length, to a tenth of a pixel."""
    return f"{round(value, 1) + 0:.1f}".removesuffix(".0")


def _group(group: Group, indent: str) -> Iterator[str]:
    css = f' class="{group.css}"' if group.css else ""
    moved = f' transform="translate({number(group.x)} {number(group.y)})"'
    reached = ' tabindex="0"' if group.is_reachable else ""
    yield f"{indent}<g{css}{moved if group.x or group.y else ''}{reached}>"
    if group.title:
        yield f"{indent} <title>{escape(_printable(group.title))}</title>"
    yield from written(group.shapes, indent + " ")
    yield f"{indent}</g>"


def _rectangle(rectangle: Rectangle) -> str:
    x, y, width, height = map(number, rectangle.box)
    corner = f' rx="{number(rectangle.radius)}"' if rectangle.radius else ""
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"{corner}'
    return f'<rect class="{rectangle.css}" {place}/>'


def _text(text: Text) -> str:
    place = f'x="{number(text.x)}" y="{number(text.y)}"'
    if text.turn:
        turned = f"{number(-text.turn)} {number(text.x)} {number(text.y)}"
        place += f' transform="rotate({turned})"'
    anchor = f" {text.anchor}" if text.anchor != "start" else ""
    if len(text.runs) == 1:
        [run] = text.runs
        return f'<text class="{_css(run)}{anchor}" {place}>{_content(run)}</text>'
    inside = "".join(f'<tspan class="{_css(run)}">{_content(run)}</tspan>' for run in text.runs)
    css = f' class="{anchor.strip()}"' if anchor else ""
    return f"<text{css} {place}>{inside}</text>"


def _css(run: Run) -> str:
    return f"{run.style} {run.css}".strip()


def _content(run: Run) -> str:
    return escape(_printable(run.content))


def _printable(text: str) -> str:
    """Replace what XML cannot hold."""
    return "".join(each if each >= " " and each not in "\ufffe\uffff" else " " for each in text)


def _path(path: Path) -> str:
    head = f" marker-end={quoteattr(f'url(#{path.css.split()[-1]})')}" if path.has_arrow else ""
    return f'<path class="{path.css}" d="{_course(path.points, path.bend)}"{head}/>'


def _course(points: Sequence[Point], radius: float) -> str:
    """Write a line with its bends rounded off."""
    start, *bends, end = points
    steps = [f"M{_at(start)}"]
    before = start
    for bend, after in pairwise((*bends, end)):
        reach = min(radius, _distance(before, bend) / 2, _distance(bend, after) / 2)
        steps.append(f"L{_at(_towards(bend, before, reach))}")
        steps.append(f"Q{_at(bend)} {_at(_towards(bend, after, reach))}")
        before = bend
    return " ".join((*steps, f"L{_at(end)}"))


def _at(point: Point) -> str:
    return f"{number(point.x)} {number(point.y)}"


def _distance(one: Point, other: Point) -> float:
    return abs(one.x - other.x) + abs(one.y - other.y)


def _towards(start: Point, end: Point, reach: float) -> Point:
    share = reach / _distance(start, end) if start != end else 0
    return Point(start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)
