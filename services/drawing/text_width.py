"""How wide text gets, without a font engine: never less than in any font of the stack.

The widths are the larger of Arial's and DejaVu Sans's, the widest face that browsers fall back to,
in thousandths of the size, for the characters from space to tilde.
"""

import unicodedata
from enum import StrEnum
from typing import Final, NamedTuple

_REGULAR: Final = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556,
    1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863, 748, 787,
    667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)  # fmt: skip
_BOLD: Final = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365,
    696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 611,
    1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 556, 775, 637, 995, 837, 850,
    733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 556,
    500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687,
    716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
)  # fmt: skip
_MONO: Final = 620
_WIDE: Final = 1100
_SIGNS: Final = {"·": 400}
_OTHER: Final = 1000
"""Arrows and signs; what is wider, like the scripts of East Asia, is told apart."""


class Face(StrEnum):
    """A kind of letter."""

    SANS = "sans"
    BOLD = "bold"
    MONO = "mono"


class Font(NamedTuple):
    """A face in a size."""

    face: Face
    size: float


def text_width(text: str, font: Font) -> float:
    """Say how much room a line of text may take."""
    return sum(_thousandths(character, font.face) for character in text) * font.size / 1000


def wrapped(text: str, font: Font, limit: float) -> list[str]:
    """Break text into lines no wider than a limit, inside of a word only where it is wider."""
    lines: list[str] = []
    line = ""
    for word in _words(text, font, limit):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, font) > limit:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


def _words(text: str, font: Font, limit: float) -> list[str]:
    found: list[str] = []
    for word in text.split():
        rest = word
        while text_width(rest, font) > limit and len(rest) > 1:
            fitting = _fitting(rest, font, limit)
            found.append(rest[:fitting])
            rest = rest[fitting:]
        found.append(rest)
    return found


def _fitting(text: str, font: Font, limit: float) -> int:
    count = 1
    while count < len(text) and text_width(text[: count + 1], font) <= limit:
        count += 1
    return count


def _thousandths(character: str, face: Face) -> int:
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    code = ord(character)
    if face is Face.MONO:
        return _MONO if code < 0x250 else _OTHER
    if 32 <= code < 127:
        return (_BOLD if face is Face.BOLD else _REGULAR)[code - 32]
    return _SIGNS.get(character, _OTHER)
