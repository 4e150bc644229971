"""Phrases that a text has to contain, or may not."""

import re
import unicodedata
from collections.abc import Iterable

from services.agents.checks.words import tidy


def contains(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase as whole words, without regard to case and line breaks.

    `ass` does not stand in `class`, nor `worm` in `worms`. Letters count as what a reader sees:
    invisible characters inside a word and other forms of a letter do not hide it.
    """
    wanted = _seen(phrase)
    before = r"(?<!\w)" if wanted[0].isalnum() else ""
    after = r"(?!\w)" if wanted[-1].isalnum() else ""
    return re.search(before + re.escape(wanted) + after, _seen(text)) is not None


def found_in(text: str, phrases: Iterable[str]) -> tuple[str, ...]:
    """List the phrases that a text contains, in the order given."""
    return tuple(phrase for phrase in phrases if contains(text, phrase))


def missing_from(text: str, phrases: Iterable[str]) -> tuple[str, ...]:
    """List the phrases that a text does not contain, in the order given."""
    return tuple(phrase for phrase in phrases if not contains(text, phrase))


def _seen(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    visible = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return tidy(visible).casefold()
