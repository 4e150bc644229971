"""Which language a text is in, as far as its small words tell, and whether it was translated."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from contracts.content.translation_report import TranslationFaultKind
from services.agents.checks.figures import Fault
from services.agents.checks.names import capitalised
from services.agents.checks.words import words
from services.agents.locales import LANGUAGES, language_code, language_of, named, telling_words

_LEAST_WORDS: Final = 8
"""Shorter texts may well have none of the frequent words."""

_MOST_SHARED_PERCENT: Final = 60
"""Names and loan words are shared by every translation; most of a text is not."""

_NEARLY: Final = 3
"""So many more frequent words of another language, and a fifth more, may be chance."""

_LOWER_WORD: Final = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")


def tongue_faults(original: str, translated: str, source: str, target: str) -> Iterator[Fault]:
    """Say whether a paragraph reads like its original's language rather than its own.

    Both texts come without what stays as it is: addresses and words that are kept.
    """
    if is_untranslated(original, translated):
        yield TranslationFaultKind.UNTRANSLATED, "the text is the original's"
        return
    left = [
        word
        for word in _LOWER_WORD.findall(translated)
        if word in telling_words(language_code(source))
    ]
    if left:
        shown = ", ".join(dict.fromkeys(left[:5]))
        yield TranslationFaultKind.LANGUAGE, f"words of {named(source)} are left: {shown}"
    if len(words(translated)) >= _LEAST_WORDS and not _is_in(translated, target):
        yield (
            TranslationFaultKind.LANGUAGE,
            f"none of the frequent words of {named(target)} stands in it",
        )


def other_tongue(texts: Iterable[str], target: str) -> str:
    """Name the language that a whole text reads like; nothing where it may well be the target.

    Close neighbours, as Swedish and Danish, are told apart only when a text is long.
    """
    listed = words("\n".join(texts))
    score = {
        code: sum(word in language.common for word in listed)
        for code, language in LANGUAGES.items()
    }
    own = score[language_code(target)]
    best = max(score, key=lambda code: score[code])
    return LANGUAGES[best].name if score[best] > own * 6 // 5 + _NEARLY else ""


def is_untranslated(original: str, translated: str) -> bool:
    """Whether most words of a text stand in its original in the same form."""
    known, said = set(words(original)), words(translated)
    if not said:
        return False
    if said == words(original):
        return True
    shared = sum(word in known for word in said)
    return len(said) >= _LEAST_WORDS and 100 * shared > _MOST_SHARED_PERCENT * len(said)


def _is_in(text: str, locale: str) -> bool:
    return not language_of(locale).common.isdisjoint(words(text))


def foreign_name_faults(original: str, translated: str, target: str) -> Iterator[Fault]:
    """Name the capitalised words of a translation that its original makes no room for.

    A name may be translated, `Germany` to `Allemagne`: as many may have come as have gone. In a
    language that capitalises its nouns, names cannot be told from them.
    """
    if language_of(target).capitalises_nouns:
        return
    come = _not_in(capitalised(translated), original)
    gone = _not_in(capitalised(original), translated)
    if len(come) > len(gone):
        shown = ", ".join(come[:5])
        yield TranslationFaultKind.NAME, f"named in the translation alone: {shown}"


def _not_in(names: Iterable[str], text: str) -> list[str]:
    known = set(words(text))
    return [name for name in names if not known.issuperset(words(name))]
