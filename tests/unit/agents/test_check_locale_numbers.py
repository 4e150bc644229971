"""Numbers under their locale's format: what is written is read again, and equals its original."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.agents.checks.locale_numbers import numbers_in, written
from services.agents.locales import LANGUAGES

LOCALES = (*LANGUAGES, "de-CH", "de-AT", "es-MX", "pt-PT", "pt-BR", "fr-CA")
numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=3, allow_nan=False)


def _values(text: str, locale: str) -> list[str]:
    return [number.value for number in numbers_in(text, locale)]


@settings(max_examples=300)
@given(numbers, st.sampled_from(LOCALES), st.sampled_from(LOCALES))
def test_one_number_in_two_locales_is_one_number(value: Decimal, one: str, other: str) -> None:
    """Whatever two locales write of a number, both are read as the same value."""
    assert _values(written(value, one), one) == _values(written(value, other), other)
    assert Decimal(_values(written(value, one), one)[0]) == value


@settings(max_examples=200)
@given(st.lists(numbers, min_size=1, max_size=4), st.sampled_from(LOCALES))
def test_every_number_of_a_sentence_is_found(values: list[Decimal], locale: str) -> None:
    """Numbers between words are found in order, none of them twice."""
    text = " and ".join(f"about {written(value, locale)}, so" for value in values)

    assert [Decimal(each) for each in _values(text, locale)] == values


@settings(max_examples=200)
@given(st.text(max_size=60), st.sampled_from(LOCALES))
def test_any_text_can_be_read(text: str, locale: str) -> None:
    """Hostile text has numbers or none; places are within it and do not overlap."""
    found = numbers_in(text, locale)

    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("text", "locale", "values"),
    [
        ("1,234.5 of 12,345,678", "en", ["1234.5", "12345678"]),
        ("1.234,5 von 12.345.678", "de", ["1234.5", "12345678"]),
        ("1.5 Liter", "de", ['"1.5"']),
        ("version 3.11.2", "en", ['"3.11.2"']),
        ("12\u202f345,5 et 12 345", "fr", ["12345.5", "12345"]),
        ("en 2024 150 bacs", "fr", ["2024", "150"]),
        ("1\u2019234.50", "de-CH", ["1234.5"]),
        (
            "-5 or \u22125, 10\u201315, COVID-19, B12, 3rd",
            "en",
            ["-5", "-5", "10", "15", "19", "3"],
        ),
        ("in 1998.", "en", ["1998"]),
        ("007", "en", ["7"]),
    ],
)
def test_numbers_are_read_as_their_locale_writes_them(
    text: str, locale: str, values: list[str]
) -> None:
    """Groups, decimals and signs are the locale's; what is written otherwise stays text."""
    assert _values(text, locale) == values
