"""Pseudo-translation: a text made to look like another language, for rehearsals without a model.

Numbers, dates, addresses, glossary terms and kept words are as they have to be; all other words
are the original's with another ending, among frequent words of the target. It means nothing.
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from services.agents.checks.locale_numbers import numbers_in, written
from services.agents.checks.words import is_function_word, stem, words
from services.agents.locales import language_code, language_of, number_format, telling_words

_ADDRESS = re.compile(r"https?://\S*[^\s.,;:!?)]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_HELD = re.compile("\x02(\\d+)\x03")
"""Control characters stand for what has its final form; no contract's text holds them."""


def pseudo_translated(
    text: str, source: str, target: str, terms: Mapping[str, str], keep: Sequence[str]
) -> str:
    """Make a text look like one in another language; the same text always gives the same."""
    held: list[str] = []

    def hold(found: str) -> str:
        held.append(found)
        return f"\x02{len(held) - 1}\x03"

    text = _ADDRESS.sub(lambda match: hold(match[0]), text)
    for phrase in sorted(keep, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", lambda match: hold(match[0]), text)
    for term in sorted(terms, key=len, reverse=True):
        text = _with_term(text, term, terms[term], hold)
    text = _with_months(text, source, target, hold)
    text = _with_numbers(text, source, target, hold)
    said = _WORD.sub(lambda match: _disguised(match, target), text)
    return _HELD.sub(lambda match: held[int(match[1])], said)


def _with_term(text: str, term: str, said: str, hold: Callable[[str], str]) -> str:
    """Put a term's translation where its words stand, whatever their inflection."""
    wanted = [stem(word) for word in words(term)]
    found = list(_WORD.finditer(text))
    for at in reversed(range(len(found) - len(wanted) + 1)):
        run = found[at : at + len(wanted)]
        between = [text[one.end() : other.start()] for one, other in itertools.pairwise(run)]
        is_term = [stem(each[0].casefold()) for each in run] == wanted
        if is_term and all(gap in (" ", "-") for gap in between):
            text = text[: run[0].start()] + hold(said) + text[run[-1].end() :]
    return text


def _with_months(text: str, source: str, target: str, hold: Callable[[str], str]) -> str:
    names, others = language_of(source).months, language_of(target).months
    for name, other in zip(names, others, strict=True):
        beside = rf"(?<=\d )({name})\b|\b({name})(?= \d)"
        text = re.sub(beside, lambda _, other=other: hold(other), text)  # type: ignore[misc]
    return text


def _with_numbers(text: str, source: str, target: str, hold: Callable[[str], str]) -> str:
    for number in reversed(numbers_in(_HELD.sub(lambda each: "\x02" * len(each[0]), text), source)):
        digits = text[number.start : number.end]
        is_read = not number.value.startswith('"') and not digits.startswith("0")
        said = _written(digits, number.value, source, target) if is_read else digits
        text = text[: number.start] + hold(said) + text[number.end :]
    return text


def _written(digits: str, value: str, source: str, target: str) -> str:
    """Write a number with as many decimals as it had: `148.50` is a price."""
    _, _, decimals = digits.partition(number_format(source).decimal)
    return written(Decimal(value).quantize(Decimal(1).scaleb(-len(decimals))), target)


def _disguised(match: re.Match[str], target: str) -> str:
    """Make a word of grammar one of the target's; hang an ending on any other but a name."""
    word = match[0]
    if is_function_word(word.casefold()):
        frequent = sorted(telling_words(language_code(target)))
        said = frequent[sum(map(ord, word.casefold())) % len(frequent)]
        return said.capitalize() if word[0].isupper() and len(word) > 1 else said
    before = match.string[: match.start()].rstrip()
    is_name = word[0].isupper() and before and before[-1] not in '.!?:\u201c\u201d"('
    return word if is_name else f"{word}{language_of(target).ending}"
