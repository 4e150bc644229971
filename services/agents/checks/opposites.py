"""Opposites: a sentence that restates a quote may not put a word's opposite in its place."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from services.agents.checks.grounding import restates
from services.agents.checks.negation import is_negated
from services.agents.checks.words import stem, words

_PAIRS: Final = """
above below, over under, more less, more fewer, most least, before after, increase decrease,
increase reduce, raise lower, rise fall, higher lower, high low, hot cold, warm cool, warm cold,
dry wet, dry moist, inside outside, rich poor, fast slow, faster slower, strong weak, open closed,
first last, early late, earlier later, long short, longer shorter, big small, large small,
larger smaller, thick thin, better worse, best worst, good bad, safe dangerous, always never,
many few, all none, much little, start stop, begin end, gain lose, add remove, cause prevent,
attract repel, allow forbid, north south, east west, left right, top bottom, light dark,
full empty, tight loose, heavy light, enough insufficient, success failure, with without
"""


def _opposites() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _PAIRS.split(","):
        one, other = (stem(word) for word in pair.split())
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


_OPPOSITES: Final = _opposites()


def opposite_faults(text: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Name each word that a sentence says instead of its opposite in the quotes it restates.

    Instead: the word more often than the quotes, the opposite less often. Where only one side is
    negated, the opposite may be the right word: `not cold` for `warm`.
    """
    restated = [
        quote for quote in quotes if restates(text, quote) and is_negated(text) == is_negated(quote)
    ]
    said = Counter(stem(word) for word in words(text))
    known = Counter(stem(word) for quote in restated for word in words(quote))
    return tuple(
        f'it says "{word}" where its quote says the opposite'
        for word in said
        if said[word] > known[word]
        and any(said[each] < known[each] for each in _OPPOSITES.get(word, ()))
    )
