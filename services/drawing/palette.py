"""Colours in daylight and in the dark, and the style sheet made of them."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from services.drawing.shapes import FONTS
from services.drawing.text_width import Face

SANS: Final = "'Helvetica Neue', Helvetica, Arial, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
MONO: Final = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
"""Faces whose letters are no wider than `text_width` says."""


class Shade(NamedTuple):
    """A colour in daylight and in the dark."""

    light: str
    dark: str


GROUND: Final = Shade("#ffffff", "#12161c")
PANEL: Final = Shade("#f6f8fa", "#191f27")
RULE: Final = Shade("#dde3ea", "#2b3440")
INK: Final = Shade("#1c2530", "#e4eaf1")
QUIET: Final = Shade("#586574", "#98a5b4")
WAY: Final = Shade("#4a5767", "#a4b0be")

_FILLS: Final[Mapping[str, Shade]] = {
    ".ground": GROUND,
    ".panel": PANEL,
    ".input .card": Shade("#eef1f5", "#232b35"),
    ".code .card": Shade("#e9f3fb", "#14283a"),
    ".model .card": Shade("#f1ecfc", "#2a2145"),
    ".flow .card": Shade("#e4f4f1", "#11312d"),
    ".memory .card": Shade("#fbeef5", "#371f2c"),
    ".gate .card": Shade("#fff3d9", "#382b0d"),
    ".plan .card": Shade("#fdf3f2", "#2c191a"),
    ".end .card": Shade("#eef1f5", "#232b35"),
    ".succeeded .card": Shade("#e5f5e9", "#12301d"),
    ".failed .card": Shade("#fde9e7", "#3d1a1a"),
    ".code .pill": Shade("#cbe3f5", "#1f4563"),
    ".model .pill": Shade("#dccff7", "#46357a"),
    ".flow .pill": Shade("#bfe6de", "#1d5a51"),
    ".memory .pill": Shade("#f3cfe2", "#6a3350"),
    ".gate .pill": Shade("#f8dc9d", "#5d4712"),
    "text, tspan": INK,
    ".trusted-operator": Shade("#2b8a4b", "#4cbf74"),
    ".trusted-model": Shade("#2f6fc4", "#6aa6f0"),
    ".trusted-untrusted": Shade("#d2600a", "#f0913f"),
    ".supplied": QUIET,
    "text.quiet, tspan.quiet": QUIET,
    "text.failing, tspan.failing": Shade("#b3382c", "#f08a80"),
    "text.due, tspan.due": Shade("#8a5a00", "#e5b454"),
    "text.counted, tspan.counted": Shade("#0b7a70", "#45c9bb"),
    "marker .onward": WAY,
    "marker .back": Shade("#0b7a70", "#45c9bb"),
    "marker .failure": Shade("#c24a3d", "#e5776c"),
    "marker .deadline": Shade("#a87406", "#d9a53c"),
}
_STROKES: Final[Mapping[str, Shade]] = {
    ".input .card, .end .card": Shade("#8b97a5", "#6c7987"),
    ".code .card": Shade("#4787b8", "#5c9fd1"),
    ".model .card": Shade("#7c5cc9", "#9d83e6"),
    ".flow .card": Shade("#2b8c7e", "#45b8a8"),
    ".memory .card": Shade("#b4548a", "#d47fae"),
    ".gate .card": Shade("#c38d1d", "#d9a53c"),
    ".plan .card": Shade("#d99a94", "#84494a"),
    ".succeeded .card": Shade("#3f9d5f", "#4cae6e"),
    ".failed .card": Shade("#c24a3d", "#d9695f"),
    ".way.onward": WAY,
    ".way.back": Shade("#0b7a70", "#45c9bb"),
    ".way.failure": Shade("#c24a3d", "#e5776c"),
    ".way.deadline": Shade("#a87406", "#d9a53c"),
    ".grid": RULE,
    ".life": Shade("#b3bdc9", "#4a5665"),
    ".read": QUIET,
    ".ruling": Shade("#2f6fc4", "#6aa6f0"),
}
_SHAPES: Final = """
.way, .grid, .life, .read, .ruling { fill: none }
.way { stroke-width: 1.4 }
.way.back { stroke-width: 1.8 }
.way.failure { stroke-dasharray: 5 3 }
.way.deadline { stroke-dasharray: 1.5 3 }
.card { stroke-width: 1.2 }
.gate .card { stroke-width: 1.6 }
.plan .card { stroke-dasharray: 5 3 }
.life { stroke-width: 1.5 }
.read, .ruling { stroke-width: 1.4 }
.middle { text-anchor: middle }
.end-of-line { text-anchor: end }
.slot { cursor: help }
""".strip()


def style_sheet(slots: int) -> str:
    """Write the style sheet of a picture with so many slots."""
    dark = "\n".join(_colours(1))
    parts = [*_fonts(), _SHAPES, *_colours(0), *_pointed(slots)]
    return "\n".join([*parts, f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}"])


def _fonts() -> Iterator[str]:
    faces = {Face.SANS: (SANS, ""), Face.BOLD: (SANS, "600 "), Face.MONO: (MONO, "")}
    for style, font in FONTS.items():
        family, weight = faces[font.face]
        yield f".{style} {{ font: {weight}{font.size}px {family}; white-space: pre }}"


def _colours(of: int) -> Iterator[str]:
    for attribute, table in (("fill", _FILLS), ("stroke", _STROKES)):
        for selector, shade in table.items():
            yield f"{selector} {{ {attribute}: {shade[of]} }}"


def _pointed(slots: int) -> Iterator[str]:
    """Show, without a script, who reads and writes the slot that somebody points at."""
    for slot in range(slots):
        pointed = f"svg:has(:is(.slot-{slot}, .row-{slot}):is(:hover, :focus))"
        yield f"{pointed} :is(.reads-{slot}, .writes-{slot}) > .card {{ stroke-width: 3 }}"
        yield f"{pointed} .slot-{slot} {{ font-weight: 700; text-decoration: underline }}"
