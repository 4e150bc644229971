"""The frame of a box: its head, its tags, its lines of text."""

from dataclasses import dataclass
from typing import Final

from services.drawing.layout import Box, Size
from services.drawing.shapes import Group, Rectangle, Run, Shape, Text

MARGIN: Final = 10
"""From the frame to the text."""

LEAD: Final = 13.5
"""From baseline to baseline."""

_STACK: Final = 4
"""How far the second of two stacked frames stands out."""


@dataclass(frozen=True)
class Card:
    """A box with its text, placed by its upper left corner."""

    key: str
    size: Size
    drawn: Group


def titled(
    key: str,
    css: str,
    head: tuple[Run, ...],
    tags: list[str],
    lines: list[tuple[Run, ...]],
    told: str,
) -> Card:
    """Draw a card with a head, tags to its right and lines below."""
    marks = [Run(tag, "tag", "tag") for tag in tags]
    tag_room = sum(mark.width + 12 for mark in marks)
    width = max(
        Text(0, 0, head).width + 10 + tag_room, *(Text(0, 0, line).width for line in lines), 0
    )
    width += 2 * MARGIN
    shapes: list[Shape] = [Text(MARGIN, 17, head)]
    x = width - MARGIN + 2
    for mark in reversed(marks):
        x -= mark.width + 8
        shapes.append(Rectangle(Box(x, 6, mark.width + 8, 14), "pill", 7))
        shapes.append(Text(x + 4 + mark.width / 2, 16, (mark,), anchor="middle"))
        x -= 4
    for index, line in enumerate(lines):
        shapes.append(Text(MARGIN, 31.5 + LEAD * index, line))
    return framed(key, Size(width, 25.5 + LEAD * len(lines)), css, shapes, told)


def framed(
    key: str, size: Size, css: str, shapes: list[Shape], told: str, radius: float = 5
) -> Card:
    """Draw a box around shapes; `stacked` among its classes draws a second behind it."""
    box = Box(0, 0, *size)
    behind: list[Shape] = []
    if "stacked" in css.split():
        behind = [Rectangle(box.moved(_STACK, _STACK), "card", radius)]
        size = Size(size.width + _STACK, size.height + _STACK)
    drawn = (*behind, Rectangle(box, "card", radius), *shapes)
    return Card(key, size, Group(drawn, css=css, title=told))
