"""Grounding: how much of a sentence comes from what it rests on."""

from collections.abc import Sequence
from typing import Final

from services.agents.checks.words import content

LEAST_PERCENT: Final = 50
"""At least half of the content words of a sentence come from its quotes, brief and key point."""

_RESTATED_PERCENT: Final = 50


def grounded_percent(text: str, sources: Sequence[str]) -> int:
    """Share of a text's content words, 0 to 100, that stand in one of the sources.

    A text without content words is grounded: there is nothing to bear out.
    """
    listed = content(text)
    known = {word for source in sources for word in content(source)}
    return 100 * sum(word in known for word in listed) // len(listed) if listed else 100


def restates(text: str, quote: str) -> bool:
    """Whether a sentence says at least half of what a quote says, by content words."""
    said = set(content(text))
    wanted = set(content(quote))
    return bool(wanted) and 100 * len(said & wanted) >= _RESTATED_PERCENT * len(wanted)


def grounding_faults(text: str, sources: Sequence[str]) -> tuple[str, ...]:
    """Say which words make a sentence rest on nothing, when there are too many of them."""
    if grounded_percent(text, sources) >= LEAST_PERCENT:
        return ()
    known = {word for source in sources for word in content(source)}
    strange = sorted(set(content(text)) - known)
    return (f"most of it is not in what it cites: {', '.join(strange[:6])}",)
