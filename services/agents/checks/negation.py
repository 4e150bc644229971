"""Negation: a sentence may neither drop nor invent the `not` of what it cites (English)."""

from collections.abc import Sequence
from typing import Final

from services.agents.checks.grounding import grounded_percent, restates
from services.agents.checks.words import words

_NEGATIONS: Final = frozenset(
    words(
        "not no never none nothing nobody nor neither without cannot except unless hardly rarely"
        " seldom avoid avoids avoided"
    )
)


def is_negated(text: str) -> bool:
    """Whether a text holds a word that turns its meaning around."""
    return any(word in _NEGATIONS or word.endswith("n't") for word in words(text))


def negation_faults(text: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Compare the negation of a sentence with that of the quotes it cites.

    A negation is lost when the sentence restates a negated quote without negating; it is invented
    when no quote cited negates.
    """
    if is_negated(text):
        if quotes and not any(is_negated(quote) for quote in quotes):
            return ("it negates what its quotes do not negate",)
        return ()
    if any(is_negated(quote) and restates(text, quote) for quote in quotes):
        return ("it drops the negation of the quote it restates",)
    return ()


def is_turned_around(text: str, quote: str) -> bool:
    """Whether a sentence says what a quote says, in its words, with the opposite negation."""
    return (
        is_negated(text) != is_negated(quote)
        and restates(text, quote)
        and grounded_percent(text, [quote]) == 100
    )
