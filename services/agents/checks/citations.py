"""Citations: which evidence a sentence names, and whether it says exactly that."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from contracts.content.evidence import EvidenceSet
from services.agents.checks.negation import is_negated
from services.agents.checks.words import tidy, words

_CONDITIONS: Final = frozenset(words("if unless until only except when while provided though"))
_INSIDE_WORD: Final = r"[\w'\u2019-]"


def quotes_by_id(evidence: EvidenceSet) -> dict[str, str]:
    """Map evidence ids to quotes, white space in order, in the order of the evidence."""
    return {item.id: tidy(item.quote) for item in evidence.items}


def unresolved(evidence_ids: Iterable[str], quotes: Mapping[str, str]) -> tuple[str, ...]:
    """List the ids cited that no evidence has."""
    return tuple(cited for cited in evidence_ids if cited not in quotes)


def cited_quotes(evidence_ids: Iterable[str], quotes: Mapping[str, str]) -> tuple[str, ...]:
    """Fetch the quotes of the ids that resolve, in the order cited."""
    return tuple(quotes[cited] for cited in evidence_ids if cited in quotes)


def is_verbatim(text: str, quotes: Iterable[str]) -> bool:
    """Whether a sentence is one of the quotes, white space aside."""
    return tidy(text) in {tidy(quote) for quote in quotes}


def stands_in(text: str, quote: str) -> bool:
    """Whether a sentence stands word for word in a quote and says what it says there.

    It has to begin and end at a word's border, and may leave out neither the quote's negation nor
    its condition: `Meat attracts rats.` does not stand in `It is not true that Meat attracts rats.`
    """
    said, whole = tidy(text), tidy(quote)
    place = re.search(rf"(?<!{_INSIDE_WORD}){re.escape(said)}(?!{_INSIDE_WORD})", whole)
    if not said or place is None or is_negated(said) != is_negated(whole):
        return False
    left_out = words(f"{whole[: place.start()]} {whole[place.end() :]}")
    return _CONDITIONS.isdisjoint(left_out)


def is_altered(text: str, quote: str) -> bool:
    """Whether a sentence is a quote word for word, but for the word it begins with.

    A name there cannot be told by its capital letter.
    """
    said, whole = words(text), words(quote)
    return said[1:] == whole[1:] and said[:1] != whole[:1] and len(whole) > 1
