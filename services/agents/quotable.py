"""Which sentences of a document can be quoted by themselves."""

from collections.abc import Sequence
from typing import Final

from services.agents.checks.phrases import found_in
from services.agents.checks.sentences import is_closed
from services.agents.checks.words import count
from services.retrieval.passages import Stretch, split

SHORTEST: Final = 4
LONGEST: Final = 60
"""Words of a quote. Below four is a fragment; above sixty nobody sees what it is quoted for."""


def is_quotable(text: str, must_avoid: Sequence[str]) -> bool:
    """Whether a sentence is whole, of a fit length and free of what is forbidden."""
    return (
        SHORTEST <= count(text) <= LONGEST
        and is_closed(text, ".")
        and not found_in(text, must_avoid)
    )


def quotable(text: str, must_avoid: Sequence[str]) -> tuple[Stretch, ...]:
    """List the sentences of a document that can be quoted, in their order."""
    return tuple(each for each in split(text) if is_quotable(each.text, must_avoid))
