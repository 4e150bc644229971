"""Key points as the skeleton of an article: their evidence, their headings, their sections."""

import re
from collections.abc import Sequence
from typing import Final

from contracts.base import Part
from contracts.content.brief import Brief, WordRange
from contracts.content.evidence import EvidenceSet
from contracts.content.outline import Outline, OutlineSection
from services.agents.checks.phrases import found_in
from services.agents.checks.words import content, tidy
from services.agents.shown import Quote, quote_of

MOST_SECTIONS: Final = 7
MOST_QUOTES: Final = 12
MOST_WORDS: Final = 5_000
"""Bounds of `Outline@1`: sections of an outline, evidence and words of one section."""

_CLAUSE: Final = re.compile(r"\s*(?:[:;,(]|\s[-\u2013\u2014]\s).*$")
_LEAST_CONTENT: Final = 2
"""Content words that a shortened heading keeps; one word alone no longer names its subject."""


class Group(Part):
    """A key point and the quotes that support it."""

    key_point: str
    quotes: tuple[Quote, ...]


def group(brief: Brief, evidence: EvidenceSet) -> tuple[Group, ...]:
    """Group quotes by key point, in the brief's order; key points without evidence are left out.

    Evidence for something that the brief does not name comes last: a person may supply it.
    """
    named = [*brief.key_points, *(item.key_point for item in evidence.items)]
    groups = (
        Group(
            key_point=key_point,
            quotes=tuple(quote_of(item) for item in evidence.items if item.key_point == key_point)[
                :MOST_QUOTES
            ],
        )
        for key_point in dict.fromkeys(named)
    )
    return tuple(each for each in groups if each.quotes)[:MOST_SECTIONS]


def heading_options(
    key_points: Sequence[str], must_avoid: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """List for each key point the headings that are made of its own words, never empty.

    No heading stands in two lists. One that contains a forbidden phrase is left out unless every
    form of the key point contains it; the reviewer then says so.
    """
    whole = [_as_heading(key_point) for key_point in key_points]
    short = [_as_heading(_CLAUSE.sub("", key_point)) for key_point in key_points]
    taken = [text.casefold() for text in (*whole, *short)]
    return tuple(
        _allowed(long, shortened, taken.count(shortened.casefold()) == 1, must_avoid)
        for long, shortened in zip(whole, short, strict=True)
    )


def deal(groups: Sequence[Group], headings: Sequence[str], words: WordRange) -> Outline:
    """Give each key point its own section, its own evidence and an even share of the words."""
    shares = _shares(words, len(groups))
    return Outline(
        sections=tuple(
            OutlineSection(
                id=f"s{ordinal}",
                heading=heading,
                goal=each.key_point,
                evidence_ids=tuple(quote.id for quote in each.quotes),
                words=share,
            )
            for ordinal, (each, heading, share) in enumerate(
                zip(groups, headings, shares, strict=True), start=1
            )
        )
    )


def _shares(words: WordRange, sections: int) -> tuple[int, ...]:
    """Split the middle of the range evenly; earlier sections get what does not divide."""
    total = min(max((words.min + words.max) // 2, sections), sections * MOST_WORDS)
    share, rest = divmod(total, sections)
    return tuple(share + (position < rest) for position in range(sections))


def _allowed(long: str, short: str, unique: bool, must_avoid: Sequence[str]) -> tuple[str, ...]:
    usable = unique and len(content(short)) >= _LEAST_CONTENT
    options = (long, short) if usable else (long,)
    return tuple(each for each in options if not found_in(each, must_avoid)) or (long,)


def _as_heading(text: str) -> str:
    trimmed = tidy(text).rstrip(".") or tidy(text)
    return trimmed[:1].upper() + trimmed[1:]
