"""Quotations: what stands between quotation marks has to stand in a source, word for word."""

import re
from collections.abc import Sequence
from typing import Final

from services.agents.checks.words import words

_QUOTED: Final = re.compile(
    r"\"([^\"]+)\"|[\u201c\u201e]([^\u201c\u201d\u201e]+)[\u201c\u201d]|\u00ab([^\u00bb]+)\u00bb"
    r"|\u2018([^\u2018\u2019]+)\u2019"
)
_LEAST_WORDS: Final = 2
"""A single word between marks is a word talked about, not somebody's words."""


def quoted_in(text: str) -> tuple[str, ...]:
    """List what stands between quotation marks, in order, where it has two words or more."""
    found = ("".join(match.groups(default="")) for match in _QUOTED.finditer(text))
    return tuple(each for each in found if len(words(each)) >= _LEAST_WORDS)


def quotation_faults(text: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Name each quotation that stands in none of the quotes cited."""
    return tuple(
        f'"{quotation}" is put in quotation marks and stands in nothing that it cites'
        for quotation in quoted_in(text)
        if not any(has_run(quote, quotation) for quote in quotes)
    )


def has_run(text: str, run: str) -> bool:
    """Whether a text has the words of another in one row, whatever the punctuation and case."""
    listed, wanted = words(text), words(run)
    return any(
        listed[start : start + len(wanted)] == wanted
        for start in range(len(listed) - len(wanted) + 1)
    )
