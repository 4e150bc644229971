"""The form of a sentence: its length, its end, and whether it goes in circles."""

from typing import Final

from services.agents.checks.words import count, tidy, words

SHORTEST: Final = 4
LONGEST: Final = 45
"""Words. Below four is a fragment; above 45 small models were seen to ramble or to loop."""

_CLOSING: Final = "\"')]\u00bb\u2019\u201d"


def is_closed(text: str, stops: str = ".!?") -> bool:
    """Whether a text ends in a stop, closing quotes and brackets aside."""
    return tidy(text).rstrip(_CLOSING).endswith(tuple(stops))


def is_same(one: str, other: str) -> bool:
    """Whether two texts have the same words, whatever their case and punctuation."""
    return words(one) == words(other)


def loop(text: str) -> str:
    """Return the first three words that stand twice in a row of words, or nothing."""
    listed = words(text)
    seen: set[tuple[str, ...]] = set()
    for start in range(len(listed) - 2):
        triple = listed[start : start + 3]
        if triple in seen:
            return " ".join(triple)
        seen.add(triple)
    return ""


def form_faults(text: str) -> tuple[str, ...]:
    """Say what is wrong with the form of one sentence, in words that a writer can act on."""
    faults = []
    length = count(text)
    if not SHORTEST <= length <= LONGEST:
        faults.append(f"it has {length} words; write {SHORTEST} to {LONGEST}")
    if not is_closed(text):
        faults.append("it does not end in a full stop, exclamation mark or question mark")
    if circle := loop(text):
        faults.append(f'it repeats "{circle}"')
    return tuple(faults)
