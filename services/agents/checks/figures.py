"""Figures of an original and of its translation: numbers, dates, times and units have to agree.

Numbers in words are not compared: a translation may write `twelve` as a word or as 12, and what the
original writes in digits stays in digits.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from contracts.content.translation_report import TranslationFaultKind
from services.agents.checks.locale_numbers import numbers_in
from services.agents.checks.numbers import quantities
from services.agents.locales import language_code, language_of

Fault = tuple[TranslationFaultKind, str]

_CLOCK: Final = re.compile(
    r"(?<![\w.:])(?P<hour>[01]?\d|2[0-4])(?::|\s?h\s?|\.(?=[0-5]\d\s?Uhr))(?P<minute>[0-5]\d)"
    r"(?![\w:])(?:\s?(?P<half>[ap])\.?m\b\.?)?",
    re.IGNORECASE,
)
_HOUR: Final = re.compile(
    r"(?<![\w.:])(?P<hour>1[0-2]|0?[1-9])\s?(?P<half>[ap])\.?m\b\.?", re.IGNORECASE
)
_DAY: Final = re.compile(
    r"(?<![\w.,/-])(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./-])\d{1,2}\1\d{2}(?:\d{2})?)(?![\w/-])"
)
"""`2026-03-12`, `12.03.2026`, `3/12/26`: the order of day and month is the locale's own."""

_SYMBOLS: Final[Mapping[str, str]] = {
    "%": "percent", "°c": "degree celsius", "°f": "degree fahrenheit", "°": "degree",
    "kg": "kilogram", "mg": "milligram", "g": "gram", "t": "tonne", "km": "kilometre",
    "cm": "centimetre", "mm": "millimetre", "m": "metre", "ml": "millilitre", "l": "litre",
    "kwh": "kilowatt hour", "€": "euro", "$": "dollar", "£": "pound",
}  # fmt: skip
_ENGLISH: Final[Mapping[str, str]] = {
    "percent": "percent", "kilograms": "kilogram", "kilogram": "kilogram", "grams": "gram",
    "tonnes": "tonne", "kilometres": "kilometre", "centimetres": "centimetre",
    "millimetres": "millimetre", "metres": "metre", "millilitres": "millilitre",
    "litres": "litre", "euros": "euro", "dollars": "dollar", "pounds": "pound",
}  # fmt: skip
"""Units that a translation may write as a symbol; in other languages words are not looked up."""

_PERCENT: Final = ("percent", "proc", "proz", "pros", "pour", "por", "per")
"""How `percent` begins in the languages that can be checked: `pour cent`, `por ciento`."""

_SYMBOL: Final = re.compile(
    r"[\s\u00a0\u202f]?(%|°[CF]?|[€$£]|(?:kg|mg|g|t|km|cm|mm|m|ml|l|kWh)(?!\w))"
)
_WORD: Final = re.compile(r"[\s\u00a0\u202f]?([^\W\d_]+)")
_BEFORE: Final = re.compile(r"([€$£])[\s\u00a0\u202f]?\Z")


class Figure(NamedTuple):
    """One figure of a text."""

    keys: frozenset[str]
    """What it may be written as elsewhere; two figures with a key in common are one."""

    shown: str
    unit: str = ""
    """Canonical; empty where none that is known stands beside it."""

    word: str = ""
    """The word that follows, if one does: it may be its unit in this language."""


def figure_faults(original: str, translated: str, source: str, target: str) -> Iterator[Fault]:
    """Compare the figures of one piece of text, written in two locales.

    Every figure of the original stands in the translation, as often, and no other one does.
    """
    wanted, spare = _figures(original, source), _spelt_out(original, source)
    left = _figures(translated, target)
    for figure in wanted:
        match = _partner(figure, left)
        if match is None:
            yield _kind(figure), f"{figure.shown} of the original is missing"
            continue
        left.remove(match)
        yield from _unit_faults(figure, match)
    for figure in left:
        if not figure.keys & spare:
            yield _kind(figure), f"{figure.shown} does not stand in the original"
    yield from _month_faults(original, translated, source, target)


def _partner(figure: Figure, left: Sequence[Figure]) -> Figure | None:
    """Find the figure that means the same, of the same unit if there is one."""
    same = [each for each in left if each.keys & figure.keys]
    alike = [each for each in same if each.unit == figure.unit]
    return next(iter([*alike, *same]), None)


def _unit_faults(figure: Figure, match: Figure) -> Iterator[Fault]:
    if figure.unit and match.unit and figure.unit != match.unit:
        yield TranslationFaultKind.UNIT, f"{figure.shown} {figure.unit} became {match.unit}"
    elif figure.unit and not match.unit and not _may_be(match.word, figure.unit):
        yield TranslationFaultKind.UNIT, f"{figure.shown} has lost its unit, {figure.unit}"
    elif match.unit and not figure.unit and not figure.word:
        yield TranslationFaultKind.UNIT, f"{figure.shown} has got the unit {match.unit}"


def _may_be(word: str, unit: str) -> bool:
    """Whether a word of any language may say a unit; of `percent` the words are known."""
    return word.startswith(_PERCENT) if unit == "percent" else bool(word)


def _kind(figure: Figure) -> TranslationFaultKind:
    is_number = all(key.startswith("number") for key in figure.keys)
    return TranslationFaultKind.NUMBER if is_number else TranslationFaultKind.DATE


def _figures(text: str, locale: str) -> list[Figure]:
    """List dates and times first, then the numbers of what is left of the text."""
    found: list[Figure] = []
    rest = text
    for pattern, read in ((_DAY, _day), (_CLOCK, _clock), (_HOUR, _hour)):
        found += [read(match) for match in pattern.finditer(rest)]
        rest = pattern.sub(lambda match: " " * len(match[0]), rest)
    found += [
        Figure(frozenset({f"number {number.value}"}), rest[number.start : number.end], *unit)
        for number in numbers_in(rest, locale)
        for unit in [_unit(rest, number.start, number.end, locale)]
    ]
    return found


def _day(match: re.Match[str]) -> Figure:
    parts = sorted(int(part) for part in re.findall(r"\d+", match[0]))
    return Figure(frozenset({f"day {parts}"}), match[0])


def _clock(match: re.Match[str]) -> Figure:
    hour = _on_24_hours(int(match["hour"]), match["half"])
    return Figure(frozenset({f"time {hour}:{match['minute']}"}), match[0].strip())


def _hour(match: re.Match[str]) -> Figure:
    hour = _on_24_hours(int(match["hour"]), match["half"])
    return Figure(frozenset({f"time {hour}:00", f"number {hour}"}), match[0])


def _on_24_hours(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half.casefold() == "p" else 0)


def _unit(text: str, start: int, end: int, locale: str) -> tuple[str, str]:
    """Find the unit before or after a number, and the word after it where no symbol stands."""
    if before := _BEFORE.search(text[:start]):
        return _SYMBOLS[before[1]], ""
    if symbol := _SYMBOL.match(text, end):
        return _SYMBOLS[symbol[1].casefold()], ""
    following = _WORD.match(text, end)
    word = following[1].casefold() if following else ""
    known = _ENGLISH if language_code(locale) == "en" else {}
    return known.get(word, ""), word


def _spelt_out(text: str, locale: str) -> frozenset[str]:
    """List what an English original says in words, which a translation may write in digits."""
    if language_code(locale) != "en":
        return frozenset()
    return frozenset(f"number {each.value}" for each in quantities(text))


def _month_faults(original: str, translated: str, source: str, target: str) -> Iterator[Fault]:
    """Compare the months that stand beside a number; `May` elsewhere may be another word."""
    wanted, given = _months(original, source), _months(translated, target)
    for month in sorted(set(wanted) | set(given)):
        if wanted.count(month) > given.count(month):
            yield TranslationFaultKind.DATE, f"{_called(month, target)} is missing"
        elif wanted.count(month) < given.count(month):
            yield TranslationFaultKind.DATE, f"{_called(month, target)} is not in the original"


def _called(month: int, locale: str) -> str:
    return f"the month {language_of(locale).months[month]} beside its day or year"


def _months(text: str, locale: str) -> list[int]:
    names = [name.casefold() for name in language_of(locale).months]
    listed = "|".join(re.escape(name) for name in names)
    beside = re.compile(
        rf"\d\.?\s(?:de\s|d')?({listed})\b|\b({listed})\s(?:de\s)?\d", re.IGNORECASE
    )
    return [names.index((match[1] or match[2]).casefold()) for match in beside.finditer(text)]
