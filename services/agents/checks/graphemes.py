"""What a reader sees as one character: extended grapheme clusters, near enough to count by.

After Unicode Standard Annex 29. Left out are conjuncts of Indic scripts and prepended marks, whose
parts count singly: a count may be too high there, never too low.
"""

import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_VARIATION: Final = "\ufe0f"
_TONES: Final = range(0x1F3FB, 0x1F400)
_FLAGS: Final = range(0x1F1E6, 0x1F200)
_TAGS: Final = range(0xE0020, 0xE0080)
_PICTURES: Final = (range(0x1F000, 0x1FB00), range(0x2600, 0x27C0), range(0x2B00, 0x2C00))
"""Where emoji stand, beside those that a variation sign makes of an older character."""

_HANGUL_LEADS: Final = range(0x1100, 0x1160)
_HANGUL_SYLLABLES: Final = range(0xAC00, 0xD7A4)
_HANGUL_TAILS: Final = range(0x1160, 0x1200)


def graphemes(text: str) -> tuple[str, ...]:
    """Cut a text into what a reader sees as single characters, in order."""
    clusters: list[str] = []
    for sign in text:
        if clusters and _goes_on(clusters[-1], sign):
            clusters[-1] += sign
        else:
            clusters.append(sign)
    return tuple(clusters)


def is_emoji(cluster: str) -> bool:
    """Whether a cluster is shown as a picture."""
    return _VARIATION in cluster or any(
        _is_picture(sign) or ord(sign) in _FLAGS for sign in cluster
    )


def _goes_on(cluster: str, sign: str) -> bool:
    last = cluster[-1]
    if cluster == "\r" or unicodedata.category(last) in ("Cc", "Zl", "Zp"):
        return cluster == "\r" and sign == "\n"
    if _extends(sign):
        return True
    if last == _JOINER:
        return _is_picture(cluster[0]) and _is_picture(sign)
    if ord(sign) in _FLAGS:
        return len(cluster) == 1 and ord(cluster) in _FLAGS
    return _is_one_syllable(last, sign)


def _extends(sign: str) -> bool:
    code = ord(sign)
    is_mark = unicodedata.category(sign) in ("Mn", "Me", "Mc")
    return is_mark or sign == _JOINER or code in _TONES or code in _TAGS


def _is_picture(sign: str) -> bool:
    code = ord(sign)
    return code not in _FLAGS and any(code in pictures for pictures in _PICTURES)


def _is_one_syllable(last: str, sign: str) -> bool:
    before, after = ord(last), ord(sign)
    if before in _HANGUL_LEADS:
        return any(after in each for each in (_HANGUL_LEADS, _HANGUL_SYLLABLES, _HANGUL_TAILS))
    return (before in _HANGUL_SYLLABLES or before in _HANGUL_TAILS) and after in _HANGUL_TAILS
