"""Phrases that a text has to contain, or may not."""

import re
from collections.abc import Iterable

from services.agents.checks.words import tidy


def contains(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase as whole words, without regard to case and line breaks.

    `ass` does not stand in `class`, nor `worm` in `worms`.
    """
    wanted = tidy(phrase).casefold()
    before = r"(?<!\w)" if wanted[0].isalnum() else ""
    after = r"(?!\w)" if wanted[-1].isalnum() else ""
    return re.search(before + re.escape(wanted) + after, tidy(text).casefold()) is not None


def found_in(text: str, phrases: Iterable[str]) -> tuple[str, ...]:
    """List the phrases that a text contains, in the order given."""
    return tuple(phrase for phrase in phrases if contains(text, phrase))


def missing_from(text: str, phrases: Iterable[str]) -> tuple[str, ...]:
    """List the phrases that a text does not contain, in the order given."""
    return tuple(phrase for phrase in phrases if not contains(text, phrase))
