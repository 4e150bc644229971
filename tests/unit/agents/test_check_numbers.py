"""Numbers: two spellings of a quantity agree, and a changed one is noticed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.agents.checks.numbers import number_faults, quantities
from tests.builders import SCRAPS


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("two weeks", "2", "week"),
        ("2 weeks", "2", "week"),
        ("half a kilogram", "0.5", "kilogram"),
        ("0.5 kg", "0.5", "kilogram"),
        ("1,500 litres", "1500", "litre"),
        ("1,5 l", "1.5", "litre"),
        ("one hundred and fifty grams", "150", "gram"),
        ("twenty-five per cent", "25", "percent"),
        ("25%", "25", "percent"),
        ("€5", "5", "euro"),
        ("5 euros", "5", "euro"),
        ("1.5 million", "1500000", ""),
        ("two million three hundred thousand and four", "2300004", ""),
        ("at -5 °C", "-5", "degree celsius"),
        ("a dozen eggs", "12", ""),
        ("release 1.2.3", "1.2.3", ""),
        ("5 per cent", "5", "percent"),
    ],
)
def test_quantity_is_read_as_meant(text: str, value: str, unit: str) -> None:
    """Digits, number words, scales and units all give the same quantity."""
    (quantity,) = quantities(text)

    assert (quantity.value, quantity.unit) == (value, unit)


@pytest.mark.parametrize(
    "text", ["no one knows", "one of the bins", "H2O and CO2", "the third bin"]
)
def test_what_is_no_quantity_is_left_alone(text: str) -> None:
    """A pronoun, a formula and an ordinal are not numbers to be checked."""
    assert quantities(text) == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "One kilogram of worms eats 0.5 kg of scraps a day.",
        "Half a kilogram of kitchen scraps is eaten by 1 kilogram of worms.",
        "Worms eat kitchen scraps each day.",
    ],
)
def test_same_quantities_in_other_words_agree(sentence: str) -> None:
    """A rewording may spell quantities otherwise, or leave them out."""
    assert number_faults(sentence, [SCRAPS]) == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "Two kilograms of worms can eat half a kilogram of scraps.",
        "One gram of worms can eat half a kilogram of scraps.",
        "One kilogram of kitchen scraps can eat about half a kilogram of worms each day.",
        "One kilogram of worms can eat scraps within 30 minutes.",
    ],
    ids=["value", "unit", "what is measured", "new"],
)
def test_changed_quantity_is_a_fault(sentence: str) -> None:
    """Another value, another unit, swapped roles or a new number are each noticed."""
    assert number_faults(sentence, [SCRAPS])


@settings(deadline=None)
@given(st.text(max_size=200))
def test_quote_agrees_with_itself(text: str) -> None:
    """No text has quantities that differ from its own."""
    assert number_faults(text, [text]) == ()


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=0, max_value=10**9))
def test_two_numbers_agree_only_when_equal(said: int, known: int) -> None:
    """A number is found in a quote exactly when the quote has it, thousands marks aside."""
    faults = number_faults(f"It is {said} wide.", [f"It is {known:,} wide."])

    assert (faults == ()) == (said == known)
