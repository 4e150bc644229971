"""What a translation has to keep to, measured against its original piece by piece.

A piece is the title, a heading or a paragraph. Meaning is not measured: that a sentence says what
its original says is for the native reviewer.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from contracts.content.localise import LocaliseJob
from contracts.content.localised import Translation
from contracts.content.source_article import SourceArticle
from contracts.content.translation_report import (
    TranslationFault,
    TranslationFaultKind,
    TranslationReport,
)
from services.agents.checks.figures import Fault, figure_faults
from services.agents.checks.leaks import leak_faults
from services.agents.checks.terms import kept_faults, term_faults, without
from services.agents.checks.tongue import (
    foreign_name_faults,
    is_untranslated,
    other_tongue,
    tongue_faults,
)
from services.agents.checks.words import content, words
from services.agents.locales import named

MOST_FAULTS: Final = 60
"""Of `TranslationReport@1`: what is beyond is counted and not listed."""

LEAST_PERCENT: Final = 50
MOST_PERCENT: Final = 220
"""How long a paragraph may be, in characters, against its original. The European languages here
need between nine tenths and a half more than English; twice as much is another text."""

_SHORTEST_MEASURED: Final = 60
"""Characters; the length of a shorter piece says nothing."""

_LEAST_TRANSLATED: Final = 3
"""Content words; a shorter heading may well be the same in both languages."""

_LONGEST: Final = 300
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_QUOTED: Final = re.compile(
    r"\"[^\"]+\"|[\u201c\u201e\u201d][^\u201c\u201d\u201e]+[\u201c\u201d]|[\u00ab\u00bb][^\u00ab\u00bb]+[\u00ab\u00bb]"
)


class Piece(NamedTuple):
    """One piece of the original and what it became."""

    paragraph_id: str | None
    original: str
    translated: str
    is_translated: bool = True


def report_of(
    article: SourceArticle, job: LocaliseJob, translation: Translation
) -> TranslationReport:
    """Measure one translation."""
    pieces = aligned(article, translation)
    faults = [
        *_alignment_faults(article, job, translation),
        *(fault for piece in pieces for fault in piece_faults(piece, article, job)),
        *_whole_faults(pieces, job),
    ]
    untranslated = sum(each.kind is TranslationFaultKind.UNTRANSLATED for each in faults)
    return TranslationReport(
        locale=job.id,
        paragraphs=len(article.paragraphs()),
        untranslated=untranslated,
        faults=tuple(faults[:MOST_FAULTS]),
        fault_count=len(faults),
    )


def aligned(article: SourceArticle, translation: Translation) -> tuple[Piece, ...]:
    """Pair what stands under the same id; what has no partner is the alignment's fault."""
    paragraphs = {each.id: each for each in translation.paragraphs()}
    headings = {each.id: each.heading for each in translation.sections}
    title = Piece(None, article.title, translation.title)
    under = (
        Piece(None, each.heading, headings[each.id])
        for each in article.sections
        if each.heading and headings.get(each.id)
    )
    said = (
        Piece(each.id, each.text, paragraphs[each.id].text, paragraphs[each.id].translated)
        for each in article.paragraphs()
        if each.id in paragraphs
    )
    return (title, *under, *said)


def piece_faults(
    piece: Piece, article: SourceArticle, job: LocaliseJob
) -> tuple[TranslationFault, ...]:
    """Say everything that is wrong with one piece; one that nobody translated has one fault."""
    if not piece.is_translated:
        found = [(TranslationFaultKind.UNTRANSLATED, "nobody has translated it")]
    elif piece.paragraph_id is None and _is_left(piece, job):
        found = [(TranslationFaultKind.UNTRANSLATED, f'"{piece.original}" is the original\'s')]
    else:
        found = [*_text_faults(piece, article, job)]
    return tuple(_fault(piece.paragraph_id, kind, text) for kind, text in found)


def _text_faults(piece: Piece, article: SourceArticle, job: LocaliseJob) -> Iterator[Fault]:
    original, translated = piece.original, piece.translated
    yield from term_faults(original, translated, job.terms, article.language)
    yield from kept_faults(original, translated, job.keep)
    yield from _address_faults(original, translated)
    yield from _quotation_faults(original, translated)
    for fault in leak_faults(translated, [original]):
        yield TranslationFaultKind.LEAK, fault
    bare, said = _bare(original, job), _bare(translated, job)
    yield from figure_faults(bare, said, article.language, job.id)
    yield from foreign_name_faults(original, translated, job.id)
    if piece.paragraph_id is not None:
        yield from _length_faults(original, translated)
        yield from tongue_faults(bare, said, article.language, job.id)


def _bare(text: str, job: LocaliseJob) -> str:
    """Take out what stays as it is: addresses and kept words."""
    return without(_ADDRESS.sub(" ", text), job.keep)


def _is_left(piece: Piece, job: LocaliseJob) -> bool:
    bare = _bare(piece.original, job)
    return len(content(bare)) >= _LEAST_TRANSLATED and is_untranslated(
        bare, _bare(piece.translated, job)
    )


def _address_faults(original: str, translated: str) -> Iterator[Fault]:
    wanted, given = _ADDRESS.findall(original), _ADDRESS.findall(translated)
    for address in dict.fromkeys([*wanted, *given]):
        if wanted.count(address) > given.count(address):
            yield TranslationFaultKind.ADDRESS, f"the address {address} is missing"
        elif wanted.count(address) < given.count(address):
            yield TranslationFaultKind.ADDRESS, f"the address {address} is not in the original"


def _quotation_faults(original: str, translated: str) -> Iterator[Fault]:
    wanted, given = len(_QUOTED.findall(original)), len(_QUOTED.findall(translated))
    if wanted != given:
        yield TranslationFaultKind.QUOTATION, f"the original quotes {wanted} times, this {given}"


def _length_faults(original: str, translated: str) -> Iterator[Fault]:
    percent = 100 * len(translated) // len(original)
    if len(original) >= _SHORTEST_MEASURED and not LEAST_PERCENT <= percent <= MOST_PERCENT:
        yield (
            TranslationFaultKind.LENGTH,
            f"it is {percent} % as long as the original; {LEAST_PERCENT} to {MOST_PERCENT} % is"
            " plausible",
        )


def _alignment_faults(
    article: SourceArticle, job: LocaliseJob, translation: Translation
) -> Iterator[TranslationFault]:
    """Compare the order of sections and paragraphs, and whether headings stay headings."""
    wanted = [(section.id, part.id) for section in article.sections for part in section.paragraphs]
    given = [
        (section.id, part.id) for section in translation.sections for part in section.paragraphs
    ]
    for name, place in _misplaced(wanted, given):
        yield _fault(name, TranslationFaultKind.ALIGNMENT, place)
    headed = {section.id for section in article.sections if section.heading}
    kept = {section.id for section in translation.sections if section.heading}
    for section_id in sorted(headed ^ kept):
        said = "has lost its heading" if section_id in headed else "has got a heading"
        yield _fault(None, TranslationFaultKind.ALIGNMENT, f"section {section_id} {said}")
    if translation.locale != job.id:
        text = f"the translation says it is {translation.locale}; asked for is {job.id}"
        yield _fault(None, TranslationFaultKind.LANGUAGE, text)


_Place = tuple[str, str]


def _misplaced(wanted: Sequence[_Place], given: Sequence[_Place]) -> Iterator[tuple[str, str]]:
    for place in wanted:
        if place not in given:
            yield place[1], f"paragraph {place[1]} of section {place[0]} is missing"
    for place in dict.fromkeys(given):
        if place not in wanted:
            yield place[1], f"paragraph {place[1]} does not belong into section {place[0]}"
        elif given.count(place) > 1:
            yield place[1], f"paragraph {place[1]} stands {given.count(place)} times"
    if sorted(wanted) == sorted(given) and list(wanted) != list(given):
        first = next(one for one, other in zip(wanted, given, strict=True) if one != other)
        yield first[1], "the paragraphs stand in another order"


def _whole_faults(pieces: Sequence[Piece], job: LocaliseJob) -> Iterator[TranslationFault]:
    texts = [_bare(each.translated, job) for each in pieces if each.is_translated]
    if other := other_tongue([text for text in texts if words(text)], job.id):
        said = f"the whole text reads like {other}, not like {named(job.id)}"
        yield _fault(None, TranslationFaultKind.LANGUAGE, said)


def _fault(paragraph_id: str | None, kind: TranslationFaultKind, text: str) -> TranslationFault:
    return TranslationFault(paragraph_id=paragraph_id, kind=kind, text=text[:_LONGEST])
