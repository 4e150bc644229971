"""Mutations: small changes that make a true sentence false, each of one class.

A mutation gives None where a sentence has nothing to change. What it gives is false or unborne by
the sentence's source by construction, for nothing but the change tells it from the good one.
"""

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from contracts.content.section import Sentence
from services.agents.checks.negation import is_negated
from services.agents.checks.words import is_function_word, words
from tests.modes.drafts import Good

Mutation = Callable[[Good, Random], Sentence | None]

_NUMBER_WORDS: Final = (
    "two", "three", "four", "five", "six", "seven", "nine", "eleven", "thirty", "sixty",
)  # fmt: skip
_UNITS: Final = {
    "weeks": ("days", "months", "hours"),
    "week": ("day", "year"),
    "days": ("weeks", "hours"),
    "Celsius": ("Fahrenheit",),
    "centimetres": ("metres", "millimetres"),
    "percent": ("degrees",),
}
_NAMES: Final = ("Lindqvist", "Oxford", "Ada Brandt", "Siemens", "Peru", "Kew Gardens")
_MONTHS: Final = ("January", "March", "April", "August", "October", "December")
_QUOTATIONS: Final = (
    "the golden rule of gardeners",
    "nothing has ever worked better",
    "as every expert agrees",
)
_AUXILIARIES: Final = re.compile(
    r"\b(is|are|has|needs|takes|should|may|can|holds|passes|starts|goes|go)\b"
)


def _with(good: Good, text: str) -> Sentence | None:
    """Put another text into a sentence; None when it reads the same."""
    if words(text) == words(good.sentence.text):
        return None
    return good.sentence.model_copy(update={"text": text})


def _swap_one(
    good: Good, random: Random, options: Mapping[str, tuple[str, ...]]
) -> Sentence | None:
    """Put another word in the place of one that stands in the sentence."""
    found = [word for word in options if re.search(rf"\b{word}\b", good.sentence.text)]
    if not found:
        return None
    old = random.choice(found)
    new = random.choice(options[old])
    return _with(good, re.sub(rf"\b{old}\b", new, good.sentence.text, count=1))


def change_digits(good: Good, random: Random) -> Sentence | None:
    """Change a number written in digits, by little or much."""
    found = list(re.finditer(r"\d+", good.sentence.text))
    if not found:
        return None
    place = random.choice(found)
    value = int(place[0])
    wrong = random.choice([value + 1, value * 10, value + 15, max(1, value - 2)])
    text = good.sentence.text
    return _unless_in_source(good, f"{text[: place.start()]}{wrong}{text[place.end() :]}", wrong)


def change_number_word(good: Good, random: Random) -> Sentence | None:
    """Change a number written in letters."""
    options = {
        word: tuple(other for other in _NUMBER_WORDS if not _stands(good, other))
        for word in _NUMBER_WORDS
    }
    return _swap_one(good, random, options)


def add_number(good: Good, random: Random) -> Sentence | None:
    """Put in a number of which the source says nothing."""
    count = random.choice([17, 80, 350, 2019])
    unit = random.choice(["litres", "gardens", "euros", "percent of cases"])
    return _with(good, f"{good.sentence.text.rstrip('.')}, in {count} {unit}.")


def change_unit(good: Good, random: Random) -> Sentence | None:
    """Give a number another unit."""
    if not re.search(r"\d|\b(?:two|three|four|one)\b", good.sentence.text):
        return None
    options = {old: new for old, new in _UNITS.items() if _measures(good.sentence.text, old)}
    return _swap_one(good, random, options)


def turn_bound(good: Good, random: Random) -> Sentence | None:
    """Turn a lower bound into an upper one, or the other way round."""
    options = {"above": ("below", "under"), "lower": ("higher",), "higher": ("lower",)}
    return _swap_one(good, random, options)


def insert_negation(good: Good, random: Random) -> Sentence | None:
    """Put a `not` or `never` in, where source and sentence have none."""
    place = _AUXILIARIES.search(good.sentence.text)
    if place is None or is_negated(good.sentence.text) or is_negated(_source(good)):
        return None
    word = random.choice(["not", "never", "hardly"])
    text = good.sentence.text
    return _with(good, f"{text[: place.end()]} {word}{text[place.end() :]}")


def drop_negation(good: Good, random: Random) -> Sentence | None:
    """Take the only negation out of a sentence."""
    text = good.sentence.text
    bare = re.sub(r"\b(?:not|never|hardly) ", "", text, count=1)
    return None if bare == text or is_negated(bare) else _with(good, bare)


def add_name(good: Good, random: Random) -> Sentence | None:
    """Name somebody or some place that no source knows."""
    name = random.choice(_NAMES)
    ending = random.choice([f", says {name}.", f", as tried in {name}.", f" by {name}."])
    return _with(good, good.sentence.text.rstrip(".") + ending)


def change_name(good: Good, random: Random) -> Sentence | None:
    """Put another name in the place of one that the source has, inside the sentence."""
    return _swap_one(good, random, {"Japanese": ("Korean", "Danish"), "Celsius": ("Baker",)})


def change_first_word(good: Good, random: Random) -> Sentence | None:
    """Give a sentence another subject by its first word, which is written large in any case."""
    first, _, rest = good.sentence.text.partition(" ")
    if is_function_word(first.casefold()):
        return None
    return _with(good, f"{random.choice(['Kimchi', 'Siemens', 'Sugar'])} {rest}")


def add_date(good: Good, random: Random) -> Sentence | None:
    """Date a fact that the source does not date."""
    month = random.choice(_MONTHS)
    ending = random.choice([f", since {month}.", f" from {month} on.", f" until 4 {month}."])
    return _with(good, good.sentence.text.rstrip(".") + ending)


def add_quotation(good: Good, random: Random) -> Sentence | None:
    """Put words in quotation marks that nobody said."""
    said = random.choice(_QUOTATIONS)
    opening, closing = random.choice([('"', '"'), ("\u201c", "\u201d"), ("\u00ab", "\u00bb")])
    return _with(good, f"{good.sentence.text.rstrip('.')}, {opening}{said}{closing}.")


def alter_quotation(good: Good, random: Random) -> Sentence | None:
    """Quote the source between quotation marks with one word exchanged."""
    listed = _source(good).rstrip(".").split()
    at = random.randrange(1, len(listed) - 1)
    altered = [*listed[:at], "certainly", *listed[at + 1 :]]
    return _with(good, f'The source says: "{" ".join(altered)}".')


def swap_citation(good: Good, random: Random) -> Sentence | None:
    """Keep a quote and cite another piece of evidence for it."""
    if good.sentence.text != _source(good):
        return None
    others = [each for each in good.quotes if each not in good.sentence.evidence_ids]
    return good.sentence.model_copy(update={"evidence_ids": (random.choice(others),)})


def dead_citation(good: Good, random: Random) -> Sentence | None:
    """Cite evidence that there is not."""
    missing = f"e{random.randrange(30, 90)}"
    return good.sentence.model_copy(update={"evidence_ids": (missing,)})


def say_opposite(good: Good, random: Random) -> Sentence | None:
    """Put the opposite of a word in its place."""
    options = {
        "hot": ("cold",), "cold": ("hot",), "rich": ("poor",), "poor": ("rich",), "dry": ("wet",),
        "wet": ("dry",), "warm": ("cold",), "inside": ("outside",), "under": ("over",),
        "open": ("closed",), "first": ("last",), "last": ("first",), "most": ("least",),
        "many": ("few",), "enough": ("insufficient",), "attracts": ("repels",), "tight": ("loose",),
        "best": ("worst",), "long": ("short",), "lower": ("higher",), "faster": ("slower",),
        "more": ("less",), "strong": ("weak",), "starts": ("stops",), "high": ("low",),
    }  # fmt: skip
    return _swap_one(good, random, options)


def _source(good: Good) -> str:
    return good.quotes[good.sentence.evidence_ids[0]]


def _stands(good: Good, word: str) -> bool:
    return word in words(_source(good))


def _measures(text: str, unit: str) -> bool:
    """Whether a number stands before this unit: `a week` and `each day` count nothing."""
    number = rf"(?:\d+|{'|'.join(_NUMBER_WORDS)}|one)"
    return re.search(rf"\b{number}(?: degrees)? {unit}\b", text) is not None


def _unless_in_source(good: Good, text: str, value: int) -> Sentence | None:
    """Leave out a number that the source has elsewhere: the sentence may still be wrong."""
    return None if _stands(good, str(value)) else _with(good, text)


MUTATIONS: Final[Mapping[str, Mutation]] = {
    "number in digits changed": change_digits,
    "number in words changed": change_number_word,
    "number put in": add_number,
    "unit changed": change_unit,
    "bound turned": turn_bound,
    "negation put in": insert_negation,
    "negation dropped": drop_negation,
    "name put in": add_name,
    "name changed": change_name,
    "first word exchanged": change_first_word,
    "date put in": add_date,
    "quotation invented": add_quotation,
    "quotation altered": alter_quotation,
    "citation swapped": swap_citation,
    "citation dead": dead_citation,
    "opposite said": say_opposite,
}
"""By class."""

UNDECIDED: Final = frozenset({"first word exchanged"})
"""Classes that code decides only in part: in a reworded sentence a name at the beginning looks
like any other word. The rate is told, and a judge or a person has the rest."""
