"""Words of a text: how they are counted, compared and told apart from mere grammar.

The list of function words and the inflections are English; in another language every word counts as
content, and only equal words meet.
"""

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

_FUNCTION_WORDS: Final = frozenset(
    _WORD.findall(
        """
        a about above after again all also although always am among an and another any are aren't
        around as at away back be because been before being below between both but by can can't
        cannot could couldn't did didn't do does doesn't doing don't done down during each either
        else enough even ever every few for from further get gets give given gives go goes got had
        hadn't has hasn't have haven't he her here hers herself him himself his how however i if
        in instead into is isn't it its itself just keep keeps kept less let like made make makes
        many may me might more most much must my myself near need needs neither never next no nor
        not nothing now of off often on once one ones only onto or other others our ours out over
        own per put quite rather same shall she should shouldn't since so some still such than
        that the their theirs them themselves then there these they thing things this those though
        through thus to together too under until up upon us use used uses using very via was
        wasn't way ways we well were weren't what when where whether which while who whom whose
        why will with within without won't would wouldn't yet you your yours yourself
        """
    )
)

_SHORTEST_STEM: Final = 3
_VOWEL: Final = re.compile("[aeiouy]")


def tidy(text: str) -> str:
    """Put white space in order: single spaces, none at the ends."""
    return " ".join(text.split())


def count(text: str) -> int:
    """Count words as contracts do: whatever stands between white space."""
    return len(text.split())


def words(text: str) -> tuple[str, ...]:
    """List the words without punctuation and case, in order; hyphens separate."""
    return tuple(found.casefold().replace("\u2019", "'") for found in _WORD.findall(text))


def stem(word: str) -> str:
    """Strip English inflections, so that `worms` meets `worm` and `fermenting` meets `ferment`.

    Two words with one stem are taken for the same word; the stem itself need not be a word.
    """
    word = _without_plural(word.removesuffix("'s").removesuffix("'"))
    for ending in ("ing", "ed"):
        kept = word.removesuffix(ending)
        if kept != word and len(kept) >= _SHORTEST_STEM and _VOWEL.search(kept) and kept[-1] != "e":
            return _without_last_sound(kept)
    return _without_last_sound(word)


def _without_plural(word: str) -> str:
    if word.endswith("ss"):
        return word
    if word.endswith("ies") and len(word) > _SHORTEST_STEM + 1:
        return word[:-3] + "y"
    for ending in ("s",) if word.endswith("ees") else ("es", "s"):
        kept = word.removesuffix(ending)
        if kept != word and len(kept) >= _SHORTEST_STEM:
            return kept
    return word


def _without_last_sound(word: str) -> str:
    """Drop a silent e (`compose`) and one of two equal consonants (`runn`)."""
    if len(word) <= _SHORTEST_STEM:
        return word
    if word[-1] == "e" or (word[-1] == word[-2] and word[-1] in "bdgmnprt"):
        return word[:-1]
    return word


def is_function_word(word: str) -> bool:
    """Whether a word, as `words` lists it, carries grammar and no content."""
    return word in _FUNCTION_WORDS


def content(text: str) -> tuple[str, ...]:
    """List the stems of the content words, in order, repeated as often as they stand."""
    return tuple(stem(word) for word in words(text) if word not in _FUNCTION_WORDS)


def share_content(one: str, other: str) -> bool:
    """Whether two texts have at least one content word in common."""
    return not set(content(one)).isdisjoint(content(other))
