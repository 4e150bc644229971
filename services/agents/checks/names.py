"""Names: a sentence may name nobody and nothing that its sources do not name."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.agents.checks.words import stem, words

_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_OPENS: Final = re.compile(r"(?:^|[.!?:;\u2026]|[\"'(\[\u201c\u201e\u2018\u00ab])\s*\Z")
"""What a capital letter may follow without making a name."""

_NAMING_PERCENT: Final = 15
"""Above this share of capitals inside sentences the language writes its nouns so, as German does:
names cannot be told from other nouns."""

_MINIMUM_LETTERS: Final = 2

_LONGEST_SMALL_WORD: Final = 3
_SMALL_WORDS: Final = frozenset({"from", "into", "onto", "over", "than", "upon", "with"})
"""Letters, and longer words, that stay small in headings that capitalise all others."""


def name_faults(text: str, sources: Sequence[str]) -> tuple[str, ...]:
    """Name each capitalised word inside a sentence that no source has."""
    if _capitalises_nouns(sources):
        return ()
    known = {stem(word) for source in sources for word in words(source)}
    strange = (name for name in capitalised(text) if not known.issuperset(_stems(name)))
    return tuple(f'"{name}" is named in nothing that it cites' for name in dict.fromkeys(strange))


def heading_name_faults(heading: str, sources: Sequence[str]) -> tuple[str, ...]:
    """The same of a heading; one that capitalises every longer word names nobody by that."""
    found = _WORD.findall(heading)
    telling = [word for word in found if len(word) > _LONGEST_SMALL_WORD]
    if all(word[0].isupper() for word in telling if word not in _SMALL_WORDS):
        return ()
    return name_faults(heading, sources)


def capitalised(text: str) -> Iterator[str]:
    """List the words inside sentences that start with a capital and go on in small letters."""
    for found in _WORD.finditer(text):
        word = found.group()
        is_name = len(word) >= _MINIMUM_LETTERS and word[0].isupper() and not word.isupper()
        if is_name and not _OPENS.search(text[: found.start()]):
            yield word


def _stems(name: str) -> Iterable[str]:
    return {stem(word) for word in words(name)}


def _capitalises_nouns(sources: Sequence[str]) -> bool:
    named = sum(len(list(capitalised(source))) for source in sources)
    total = sum(len(words(source)) for source in sources)
    return 100 * named > _NAMING_PERCENT * total
