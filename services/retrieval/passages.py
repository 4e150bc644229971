"""Cuts a document's text into sentences, each with its exact place. Knows no files and no search.

The rules are fixed and small, so that the same text always gives the same passages: a sentence ends
at a stop that is followed by the start of another one. They know the common English abbreviations
and do no harm to other languages, where at worst two sentences stay together. Every rule looks a
bounded way back and ahead, so that the time grows with the length of the text and no faster.
"""

import re
from collections.abc import Iterator

from contracts.base import Part
from contracts.content.evidence import Span

VERSION = 1
"""Raise it when the rules change: what was cut by other rules is then cut again at the next add."""

MAX_CHARACTERS = 1_000
"""A longer stretch is cut at a space; a quote of a paragraph without stops helps nobody."""

LABEL_WORDS = 12
"""A paragraph without a stop and no longer than this is a heading or label, not a passage."""

_CLOSING = "\"'\u2019\u201d\u00bb)]\u300d\u300f\uff09"
_OPENING = "\"'\u2018\u201c\u00ab(["
"""Straight, English, French and CJK quotation marks and brackets, on either side of a sentence."""

_WIDE_STOPS = "\u3002\uff01\uff1f"
"""The stops of Chinese and Japanese, which no space follows."""

_STOPS = ".!?\u2026" + _WIDE_STOPS
_STOP = re.compile(
    rf"[.!?\u2026]+[{re.escape(_CLOSING)}]*(?:\[\d{{1,4}}\])*(?=\s)"
    rf"|[{_WIDE_STOPS}]+[{re.escape(_CLOSING)}]*"
)
_NEXT = re.compile(rf"\s*[{re.escape(_OPENING)}]*(\S?)")
_SPACE = re.compile(r"\s*")
_LAST_WORD = re.compile(rf"[^\s{re.escape(_OPENING)}]*\Z")
_WORD_REACH = 40
_ACRONYM = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_MAY_BE_LAST = {"am", "pm"}
_NEVER_LAST = re.compile(
    "dr|mrs?|ms|prof|rev|hon|gen|st|mt|vs|cf|viz|al|resp|incl|excl|esp|approx|ca"
    "|bzw|usw|evtl|ggf|inkl"
)
_BEFORE_NUMBER = re.compile(
    "nos?|nr|figs?|eq|sec|ch|vol|art|pp|para|min|max|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)


class Stretch(Part):
    """A sentence of a document. `text` is the document's text at `span`."""

    text: str
    span: Span
    paragraph: int
    """Ordinal of its paragraph in the document, from 0; headings count."""


def split(text: str) -> tuple[Stretch, ...]:
    """Cut text into sentences, in their order; headings, labels and rules of dashes are left out.

    Paragraphs are separated by blank lines; a sentence never crosses one. Spans count characters,
    do not overlap, and begin and end with something other than a space.
    """
    return tuple(
        Stretch(text=text[start:end], span=Span(start=start, end=end), paragraph=ordinal)
        for ordinal, paragraph in enumerate(_paragraphs(text))
        for sentence in _sentences(text, *paragraph)
        for start, end in _pieces(text, *sentence)
        if _is_passage(text[start:end], alone=(start, end) == paragraph)
    )


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Find the runs of lines that are not blank, without the spaces around them."""
    start = end = position = 0
    for line in text.splitlines(keepends=True):
        if body := line.strip():
            first = position + line.index(body)
            start = first if end <= start else start
            end = first + len(body)
        elif end > start:
            yield start, end
            start = end
        position += len(line)
    if end > start:
        yield start, end


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for stop in _STOP.finditer(text, start, end):
        if _ends_sentence(text, start, stop, end):
            yield start, stop.end()
            start = _after_space(text, stop.end(), end)
    if start < end:
        yield start, end


def _ends_sentence(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    """Decide by the word before the stop and the character after it."""
    following = _NEXT.match(text, stop.end(), end)
    after = following.group(1) if following else ""
    if after.islower():
        return False
    if stop.group().rstrip(_CLOSING) != ".":
        return True
    before = _LAST_WORD.search(text, max(start, stop.start() - _WORD_REACH), stop.start())
    assert before is not None, "the pattern also matches nothing"
    if before.group().isdecimal():
        return before.start() > start  # "1. Turn the heap": a number of a list, not its end
    return not _is_abbreviation(before.group(), after)


def _is_abbreviation(word: str, after: str) -> bool:
    plain = word.replace(".", "").casefold()
    if plain in _MAY_BE_LAST:
        return False
    if _ACRONYM.fullmatch(word) or _NEVER_LAST.fullmatch(plain):
        return True
    return after.isdecimal() and bool(_BEFORE_NUMBER.fullmatch(plain))


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a stretch that is too long at the last space before the limit, or hard without one."""
    while end - start > MAX_CHARACTERS:
        head = text[start : start + MAX_CHARACTERS + 1].rsplit(maxsplit=1)[0]
        cut = start + min(len(head), MAX_CHARACTERS)
        yield start, cut
        start = _after_space(text, cut, end)
    if start < end:
        yield start, end


def _after_space(text: str, start: int, end: int) -> int:
    space = _SPACE.match(text, start, end)
    assert space is not None, "the pattern also matches nothing"
    return space.end()


def _is_passage(stretch: str, *, alone: bool) -> bool:
    """Tell a passage from a heading, which stands alone in its paragraph, short and unended."""
    if not any(character.isalpha() for character in stretch):
        return False
    ended = stretch.rstrip(_CLOSING).endswith(tuple(_STOPS))
    return ended or not alone or len(stretch.split()) > LABEL_WORDS
