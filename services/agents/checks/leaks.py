"""Leaks: ids, markup and instructions that have no place in a reader's text."""

import re
from collections.abc import Sequence
from typing import Final

from services.agents.checks.words import words

_IDS: Final = re.compile(r"\b[ceprs][1-9][0-9]{0,2}\b")
_MARKUP: Final = re.compile(r"[\[\]{}<>`]|\*\*|\bjson\b|\bevidence[ _]ids?\b", re.IGNORECASE)
_AS_A_MODEL: Final = re.compile(
    r"\bas an? (?:ai|language model|assistant)\b|\bi(?: am|'m) (?:sorry|unable)\b", re.IGNORECASE
)
_TURN: Final = re.compile(r"(?:^|[.!?\n]\s*)(?:user|assistant|human|system|ai)\s*:", re.IGNORECASE)
"""A model that does not stop goes on with the other side of the conversation."""

_ECHO_WORDS: Final = 6
"""Six words in a row from the instructions are an echo; shorter runs occur by chance."""


def leak_faults(text: str, quotes: Sequence[str] = ()) -> tuple[str, ...]:
    """Name ids, brackets and talk about the task, unless a quote cited has them as well."""
    faults = []
    for pattern in (_IDS, _MARKUP, _AS_A_MODEL, _TURN):
        found = pattern.search(text)
        if found and not any(found.group() in quote for quote in quotes):
            faults.append(f'"{found.group().strip(". ")}" does not belong into the text')
    return tuple(faults)


def echo_faults(text: str, instructions: str) -> tuple[str, ...]:
    """Name the first run of words that was copied from the instructions."""
    told = words(instructions)
    known = {told[at : at + _ECHO_WORDS] for at in range(len(told) - _ECHO_WORDS + 1)}
    said = words(text)
    for start in range(len(said) - _ECHO_WORDS + 1):
        run = said[start : start + _ECHO_WORDS]
        if run in known:
            return (f'it copies the instructions: "{" ".join(run)}"',)
    return ()
