"""What changed between two texts, word by word."""

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_WORDS: Final = re.compile(r"\s+|[^\W_]+(?:['\u2019-][^\W_]+)*|.", re.UNICODE)
"""Runs of white space, words with what joins them, and every other character by itself."""

WORDS_COMPARED: Final = 20_000
"""Beyond this the texts are told as removed and added whole: matching takes quadratic time at
worst, and nobody reads a difference of that size."""


class Change(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Piece:
    """A run of words that were all kept, all added or all removed; its text with its spaces."""

    change: Change
    text: str


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """Tell two texts apart by words.

    Joining what was kept and removed gives the text before, kept and added the text after. What
    was removed stands before what took its place.
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > WORDS_COMPARED and old != new:
        return _pieces([(Change.REMOVED, before), (Change.ADDED, after)])
    told: list[tuple[Change, str]] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            told.append((Change.KEPT, "".join(old[start:end])))
        else:
            told.append((Change.REMOVED, "".join(old[start:end])))
            told.append((Change.ADDED, "".join(new[new_start:new_end])))
    return _pieces(told)


def _pieces(told: list[tuple[Change, str]]) -> tuple[Piece, ...]:
    return tuple(Piece(change, text) for change, text in told if text)
