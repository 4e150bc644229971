"""Names, lists, counts and durations as a sentence needs them."""

from collections.abc import Iterable
from typing import Final

_UNITS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SMALL: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def code(name: str) -> str:
    """Set a name as code."""
    return f"`{name}`"


def listing(parts: Iterable[str], last: str = "and") -> str:
    """Join parts as a sentence does: `a, b and c`."""
    *others, end = parts
    return f"{', '.join(others)} {last} {end}" if others else end


def names(given: Iterable[str], last: str = "and") -> str:
    """Join names set as code."""
    return listing((code(name) for name in given), last)


def times(count: int) -> str:
    """Say how often: `once`, `twice`, `three times`."""
    return {1: "once", 2: "twice"}.get(count) or counted(count, "time")


def number(count: int) -> str:
    """Write a number: small ones as words."""
    return _SMALL[count] if count < len(_SMALL) else str(count)


def counted(count: int, noun: str) -> str:
    """Count things: `one agent`, `nine agents`, `13 agents`."""
    return f"{number(count)} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Form the plural of a regular noun; none of ours ends in a sibilant or changes its y."""
    return f"{noun}s"


def duration(seconds: int) -> str:
    """Write whole seconds in the largest unit that divides them; a single day is 24 hours."""
    size, noun = next(
        (size, noun)
        for size, noun in _UNITS
        if seconds % size == 0 and (seconds > size or noun != "day")
    )
    count = seconds // size
    return f"{count} {noun if count == 1 else plural(noun)}"


def role(name: str) -> str:
    """Write a role: `the managing editor` of `managing_editor`."""
    return f"the {name.replace('_', ' ')}"


def sentence(text: str) -> str:
    """Begin with a capital, end with a full stop, stand on one line."""
    line = " ".join(text.split())
    if not line:
        return ""
    return f"{line[0].upper()}{line[1:]}{'' if line.endswith(('.', '!', '?', ':')) else '.'}"


def paragraph(*sentences: str) -> str:
    """Put each sentence on a line of its own, so that a changed one is one line of a diff."""
    return "\n".join(sentence(each) for each in sentences if each)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a Markdown table."""
    cells = [tuple(head), *(tuple(row) for row in rows)]
    lines = [
        f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |"
        for row in cells
    ]
    return "\n".join([lines[0], f"|{' --- |' * len(cells[0])}", *lines[1:]])
