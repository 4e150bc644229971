"""Settled words: a glossary's terms said as it demands, kept words left as they are."""

import re
from collections.abc import Iterable, Iterator, Sequence

from contracts.content.localise import JobTerm
from contracts.content.translation_report import TranslationFaultKind
from services.agents.checks.figures import Fault
from services.agents.checks.words import stem, words
from services.agents.locales import language_code

_LEAST_STEM = 4
_MOST_INFLECTED = 2
"""Letters at the end of a long word that an inflection may change: `Würmer`, `Würmern`."""


def term_faults(
    original: str, translated: str, terms: Iterable[JobTerm], source: str
) -> Iterator[Fault]:
    """Name each term of the original that its translation does not say as demanded."""
    for term in terms:
        if uses(original, term.term, source) and not says(translated, term.text):
            yield TranslationFaultKind.TERM, f'"{term.term}" has to be "{term.text}"'


def kept_faults(original: str, translated: str, keep: Iterable[str]) -> Iterator[Fault]:
    """Name each word that has to stay as it is and did not."""
    for word in keep:
        if holds(original, word) and not holds(translated, word):
            yield TranslationFaultKind.KEPT, f'"{word}" has to stay as it is'


def uses(text: str, term: str, locale: str) -> bool:
    """Whether a text uses a term; English inflections of its words count as the term."""
    if language_code(locale) != "en":
        return _has_run(words(text), words(term))
    return _has_run([stem(word) for word in words(text)], [stem(word) for word in words(term)])


def says(text: str, term: str) -> bool:
    """Whether a text says a term in one row of words, each perhaps inflected or compounded."""
    listed, wanted = words(text), words(term)
    return any(
        all(_is_form(said, word) for said, word in zip(listed[start:], wanted, strict=False))
        for start in range(len(listed) - len(wanted) + 1)
    )


def holds(text: str, word: str) -> bool:
    """Whether a text has a word or phrase letter for letter, at the borders of words."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def without(text: str, phrases: Iterable[str]) -> str:
    """Take phrases out of a text, the longest first, so that what is left can be compared."""
    for phrase in sorted(phrases, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", " ", text)
    return text


def _is_form(said: str, word: str) -> bool:
    if said == word:
        return True
    kept = max(_LEAST_STEM, len(word) - _MOST_INFLECTED)
    return len(word) >= _LEAST_STEM and said.startswith(word[:kept])


def _has_run(listed: Sequence[str], wanted: Sequence[str]) -> bool:
    return bool(wanted) and any(
        tuple(listed[start : start + len(wanted)]) == tuple(wanted)
        for start in range(len(listed) - len(wanted) + 1)
    )
