"""Quantities in running text: digits and English number words, with unit and what they measure.

`two weeks` equals `2 weeks`, `half a kilogram` equals `0.5 kg`. Ordinals in words (`third`) are no
quantities, and `one` is none where it stands for a thing (`no one`, `one of them`).
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from services.agents.checks.words import is_function_word, stem, words

_TOKEN: Final = re.compile(
    r"(?<![^\W_])[-\u2212]?\d+(?:[.,]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|[%°€$£.;!?]"
)
_SMALL: Final = {
    word: value
    for value, word in enumerate(
        words(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
            " fifteen sixteen seventeen eighteen nineteen"
        )
    )
}
_TENS: Final = {
    word: 10 * value
    for value, word in enumerate(
        words("twenty thirty forty fifty sixty seventy eighty ninety"), start=2
    )
}
_SCALES: Final = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
}
_PARTS: Final = {"half": Decimal("0.5"), "twice": Decimal(2), "thrice": Decimal(3)}
_NOT_BEFORE_ONE: Final = frozenset(words("no any every each some this that which the"))
_NOT_AFTER_ONE: Final = frozenset(words("of another can should must may might who"))
_UNITS: Final = {
    stem(name): unit
    for unit, names in {
        "percent": "% percent",
        "degree": "° degree",
        "degree celsius": "celsius",
        "degree fahrenheit": "fahrenheit",
        "kilogram": "kg kilogram kilo kilogramme",
        "gram": "g gram gramme",
        "tonne": "t ton tonne",
        "litre": "l litre liter",
        "millilitre": "ml millilitre milliliter",
        "kilometre": "km kilometre kilometer",
        "metre": "m metre meter",
        "centimetre": "cm centimetre centimeter",
        "millimetre": "mm millimetre millimeter",
        "mile": "mile",
        "second": "second",
        "minute": "min minute",
        "hour": "h hour",
        "day": "day",
        "week": "week",
        "month": "month",
        "year": "year",
        "euro": "€ euro eur",
        "dollar": "$ dollar usd",
        "pound": "£ pound gbp",
    }.items()
    for name in names.split()
}
_CURRENCIES: Final = "€$£"
_WORDS_MEASURED: Final = 2
_SCALES_OF_DEGREES: Final = {
    "c": "celsius",
    "celsius": "celsius",
    "f": "fahrenheit",
    "fahrenheit": "fahrenheit",
}
_FROM_BELOW: Final = frozenset(words("above over beyond exceeding least minimum"))
_FROM_ABOVE: Final = frozenset(words("below under most maximum"))
_COMPARED: Final = {
    "more": "more", "higher": "more", "longer": "more", "greater": "more",
    "less": "less", "fewer": "less", "lower": "less", "shorter": "less",
}  # fmt: skip
_TURNED: Final = {"more": "less", "less": "more"}


class Quantity(NamedTuple):
    """A number as it was meant. Two spellings of one quantity are equal."""

    value: str
    """Decimal without trailing zeros; what cannot be read as one number stays as it is written."""

    unit: str = ""
    """The unit's canonical name; empty where none that we know follows."""

    measured: frozenset[str] = frozenset()
    """Stems of the first words after `of`: what there is so much of."""

    bound: str = ""
    """`more` or `less` where the number is a bound: `above 55`, `no more than five`."""

    def __str__(self) -> str:
        """Name it as a reader would."""
        return f"{self.value} {self.unit}".strip()


def quantities(text: str) -> tuple[Quantity, ...]:
    """List the quantities of a text, in order."""
    tokens = [token.casefold() for token in _TOKEN.findall(text)]
    found: list[Quantity] = []
    at = 0
    while at < len(tokens):
        value, after = _number(tokens, at)
        if value is None:
            at += 1
            continue
        unit, after = _unit(tokens, at, after)
        found.append(Quantity(value, unit, _measured(tokens, after), _bound(tokens, at)))
        at = after
    return tuple(found)


def number_faults(text: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Name each quantity of a sentence that the quotes it cites do not have.

    A unit may be left out, but not changed or added; what a quantity measures must agree with the
    quote, so that `one kilogram of worms` does not become `one kilogram of scraps`; and a lower
    bound does not become an upper one.
    """
    known = [quantity for quote in quotes for quantity in quantities(quote)]
    return tuple(
        f'the number "{quantity}" is not in what it cites'
        for quantity in quantities(text)
        if not any(_agree(quantity, candidate) for candidate in known)
    )


def _agree(said: Quantity, known: Quantity) -> bool:
    return (
        said.value == known.value
        and known.unit.startswith(said.unit)
        and not (said.bound and known.bound and said.bound != known.bound)
        and not (said.measured and known.measured and said.measured.isdisjoint(known.measured))
    )


def _number(tokens: Sequence[str], at: int) -> tuple[str | None, int]:
    """Read the number that starts at a token; also say where the next token is."""
    if tokens[at][-1].isdecimal():
        value = _decimal(tokens[at])
        if value is None:
            return tokens[at], at + 1
        while at + 1 < len(tokens) and tokens[at + 1] in _SCALES:
            at += 1
            value *= _SCALES[tokens[at]]
        return _plain(value), at + 1
    if tokens[at] in _PARTS:
        return _plain(_PARTS[tokens[at]]), at + 1
    if tokens[at] == "one" and _stands_for_a_thing(tokens, at):
        return None, at + 1
    return _number_words(tokens, at)


def _number_words(tokens: Sequence[str], at: int) -> tuple[str | None, int]:
    """Read `twenty-five`, `one hundred and fifty`, `dozen`; `and` only after a scale."""
    total = current = 0
    start = at
    while at < len(tokens):
        word = tokens[at]
        if word in _SMALL or word in _TENS:
            current += _SMALL.get(word, 0) + _TENS.get(word, 0)
        elif word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if _SCALES[word] > _SCALES["hundred"]:
                total, current = total + current, 0
        elif not (word == "and" and at > start and _goes_on(tokens, at)):
            break
        at += 1
    return (_plain(Decimal(total + current)), at) if at > start else (None, at + 1)


def _goes_on(tokens: Sequence[str], at: int) -> bool:
    return (
        tokens[at - 1] in _SCALES
        and at + 1 < len(tokens)
        and (tokens[at + 1] in _SMALL or tokens[at + 1] in _TENS)
    )


def _stands_for_a_thing(tokens: Sequence[str], at: int) -> bool:
    before = tokens[at - 1] if at else ""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    return before in _NOT_BEFORE_ONE or after in _NOT_AFTER_ONE


def _unit(tokens: Sequence[str], start: int, after: int) -> tuple[str, int]:
    """Find the unit before (`€5`) or after a number, past `a` and `per` (`per cent`)."""
    if start and tokens[start - 1] in _CURRENCIES:
        return _UNITS[tokens[start - 1]], after
    rest = list(tokens[after : after + 2])
    if rest == ["per", "cent"]:
        return "percent", after + 2
    skip = 1 if rest and rest[0] in ("a", "an") else 0
    if len(rest) <= skip or stem(rest[skip]) not in _UNITS:
        return "", after
    unit, after = _UNITS[stem(rest[skip])], after + skip + 1
    scale = _SCALES_OF_DEGREES.get(tokens[after]) if after < len(tokens) else None
    return (f"degree {scale}", after + 1) if unit == "degree" and scale else (unit, after)


def _measured(tokens: Sequence[str], after: int) -> frozenset[str]:
    """Collect what stands after `of`: right after the unit, or after a noun (`two cups of oil`)."""
    after += tokens[after + 1 : after + 2] == ["of"]
    if after >= len(tokens) or tokens[after] != "of":
        return frozenset()
    following = tokens[after + 1 : after + 1 + _WORDS_MEASURED]
    return frozenset(stem(word) for word in following if not is_function_word(word))


def _bound(tokens: Sequence[str], at: int) -> str:
    """Say whether the words before a number make it a bound."""
    third, second, first = ["", "", "", *tokens[max(0, at - 3) : at]][-3:]
    if first == "than" and second in _COMPARED:
        bound = _COMPARED[second]
        return _TURNED[bound] if third in ("no", "not") else bound
    if first in _FROM_BELOW:
        return "more"
    return "less" if first in _FROM_ABOVE else ""


def _decimal(digits: str) -> Decimal | None:
    """Read digits with English thousands (`1,500`) or a decimal comma (`1,5`)."""
    plain = digits.replace("\u2212", "-")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        return Decimal(plain.replace(",", ""))
    if re.fullmatch(r"-?\d+([.,]\d+)?", plain):
        return Decimal(plain.replace(",", "."))
    return None


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
