"""Numbers as each locale writes them: `1,234.5` in English is `1.234,5` in German.

A number that is not written as its locale does is no number here, but text: `1.5` left in a German
text equals nothing of an English one, and the version `3.11.2` equals itself.
"""

import re
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from services.agents.locales import number_format

_FIXED_SPACES = "\u00a0\u202f"
"""No-break spaces group thousands everywhere (SI Brochure, 5.4.4)."""

_APOSTROPHES = "'\u2019"


class Number(NamedTuple):
    """A number found in a text."""

    value: str
    """Decimal without trailing zeros; in quotation marks, as written, where it is none here."""

    start: int
    end: int
    """Its half-open place in the text."""


def numbers_in(text: str, locale: str) -> tuple[Number, ...]:
    """List the numbers of a text, in order; digits within words (`B12`) are none."""
    pattern = _pattern(locale)
    return tuple(
        Number(_value(found, locale), found.start(), found.end())
        for found in pattern.finditer(text)
    )


def written(value: Decimal, locale: str) -> str:
    """Write a number as a locale does, thousands grouped from five digits on.

    Four digits stand together, as years do; every locale reads both.
    """
    rules = number_format(locale)
    sign = "-" if value < 0 else ""
    whole, _, fraction = f"{abs(value):f}".partition(".")
    if len(whole) > _UNGROUPED:
        whole = f"{int(whole):,}".replace(",", rules.group)
    return f"{sign}{whole}{rules.decimal}{fraction}" if fraction else f"{sign}{whole}"


_UNGROUPED = 4


@cache
def _pattern(locale: str) -> re.Pattern[str]:
    rules = number_format(locale)
    marks = rules.group + _FIXED_SPACES
    if rules.group in _APOSTROPHES:
        marks += _APOSTROPHES
    if rules.group in _FIXED_SPACES:
        # Where thousands are set apart by a space, people type the one on their keyboard.
        marks += " "
    group, decimal = f"[{re.escape(marks)}]", re.escape(rules.decimal)
    whole = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)"
    start, end = r"(?<![\w.,])(?:(?<![\w)])[-\u2212])?", r"(?![.,]?\d)"
    read = rf"{start}{whole}(?:{decimal}\d+)?{end}"
    as_written = r"(?<!\w)\d+(?:[.,]\d+)*"
    return re.compile(rf"(?P<read>{read})|{as_written}")


def _value(found: re.Match[str], locale: str) -> str:
    if found["read"] is None:
        return f'"{found[0]}"'
    decimal = number_format(locale).decimal
    kept = re.sub(rf"[^\d{re.escape(decimal)}]", "", found[0]).replace(decimal, ".")
    sign = "-" if found[0][0] in "-\u2212" else ""
    value = Decimal(sign + kept)
    return f"{value.normalize():f}" if value else "0"
