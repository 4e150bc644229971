"""How long a post is: each channel counts in its own way.

| channel | counts | source |
| --- | --- | --- |
| X | weighted characters, 280 | twitter-text, `config/v3.json` |
| Mastodon | graphemes, a link as 23, 500 | docs.joinmastodon.org, "Posting" |
| Bluesky | graphemes, 300; bytes, 3,000 | lexicon `app.bsky.feed.post` |
| LinkedIn | UTF-16 units, 3,000 | Posts API, `commentary`; units are the cautious reading |
"""

import re
import unicodedata
from typing import Final

from services.agents.checks.graphemes import graphemes, is_emoji

LINK_LENGTH: Final = 23
"""What X and Mastodon count for any link, whatever its length."""

_LINK: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}'\u2019\u201d]")
_BARE_LINK: Final = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9][a-z0-9-]*\.)+[a-z]{2,}(?:/[^\s<>\"]*)?(?![\w@])", re.IGNORECASE
)
"""What may be a link without a scheme: X makes one of it where it knows the ending."""

_MENTION: Final = re.compile(r"(?<![\w/])(@\w+)@[\w.-]+\w")
"""Mastodon counts a person on another server by the name alone."""

_SINGLE: Final = (
    range(0x1100),
    range(0x2000, 0x200E),
    range(0x2010, 0x2020),
    range(0x2032, 0x2038),
)
"""Code points that X counts as one; all others, and every emoji as a whole, count as two."""


def weighted_length(text: str) -> int:
    """Count as X does: after NFC, links as 23, emoji and most scripts outside Latin as two.

    What may be a link without `https://` counts as one or as it stands, whichever is more: the
    list of endings that X knows is not kept here, so the count is never too low.
    """
    composed = unicodedata.normalize("NFC", text)
    bare = _LINK.sub(" ", composed)
    longest = sum(max(0, LINK_LENGTH - _weight(each)) for each in _BARE_LINK.findall(bare))
    links = len(_LINK.findall(composed))
    return _weight(_LINK.sub("", composed)) + links * LINK_LENGTH + longest


def grapheme_length(text: str) -> int:
    """Count what readers see as characters, links as long as they are."""
    return len(graphemes(text))


def toot_length(text: str) -> int:
    """Count as Mastodon does: graphemes, links as 23, people elsewhere by their names alone."""
    shortened = _LINK.sub("x" * LINK_LENGTH, _MENTION.sub(r"\1", text))
    return len(graphemes(shortened))


def unit_length(text: str) -> int:
    """Count UTF-16 units, as editors on the web do; most emoji count as two or more."""
    return len(text.encode("utf-16-le")) // 2


def byte_length(text: str) -> int:
    """Count bytes of UTF-8."""
    return len(text.encode())


def _weight(text: str) -> int:
    return sum(_cluster_weight(each) for each in graphemes(text))


def _cluster_weight(cluster: str) -> int:
    if is_emoji(cluster):
        return 2
    return sum(1 if any(ord(sign) in each for each in _SINGLE) else 2 for sign in cluster)
