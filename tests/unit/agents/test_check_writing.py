"""Written sentences, sections and headings held against what they rest on: real failures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.content.section import Sentence
from services.agents.checks.writing import (
    Grounds,
    heading_faults,
    section_faults,
    sentence_faults,
)
from tests.builders import BOKASHI, BUCKET, RATS, SCRAPS, WORM_BINS, WORMS, a_sentence

GROUNDS = Grounds(
    quotes={"e1": WORMS, "e2": SCRAPS, "e3": BUCKET, "e5": RATS},
    vocabulary=("composting in a flat", WORM_BINS, BOKASHI),
    must_avoid=("red wiggler",),
    instructions="Every sentence says only what the quotes it cites say, and cites them by id.",
)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("One kilogram of kitchen scraps can eat about half a kilogram of worms each day.", "e2"),
        ("Meat, fish and dairy attract rats and should go into an open heap.", "e5"),
        ("A bokashi bucket ferments 20 litres of kitchen scraps in a container.", "e3"),
        ("A bokashi bucket is a bokashi bucket is a bokashi bucket on a balcony.", "e3"),
        ("A bokashi bucket ferments kitchen scraps in a sealed container on a", "e3"),
        ("Running is a waste of oxygen for most humans today.", "e1"),
        ("Every sentence says only what the quotes it cites say.", "e1"),
        ("Worm bins use worms instead of heat [e1].", "e1"),
        ("A bokashi bucket ferments kitchen scraps on a balcony.", "e9"),
        ("Worm bins with red wiggler worms need no heat.", "e1"),
    ],
    ids=[
        "swapped roles",
        "lost negation",
        "new number",
        "loop",
        "cut",
        "ungrounded",
        "echo",
        "leaked id",
        "unknown evidence",
        "forbidden phrase",
    ],
)
def test_false_or_garbled_sentence_is_rejected(text: str, cited: str) -> None:
    """What small models were seen to write wrongly does not pass."""
    assert sentence_faults(a_sentence(text, cited), GROUNDS)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("In a flat, a bokashi bucket ferments scraps in a sealed container.", "e3"),
        ("Half a kilogram of kitchen scraps a day feeds one kilogram of worms.", "e2"),
        ("Never put meat, fish or dairy into an open heap.", "e5"),
        (BUCKET, "e3"),
    ],
)
def test_true_sentence_passes(text: str, cited: str) -> None:
    """Quotes and faithful rewordings are accepted."""
    assert sentence_faults(a_sentence(text, cited), GROUNDS) == ()


def test_forbidden_phrase_is_rejected_even_in_a_quote() -> None:
    """The brief's ban holds for verbatim text too."""
    assert sentence_faults(a_sentence(WORMS, "e1"), GROUNDS)


def test_kept_sentence_is_not_judged_again() -> None:
    """A reviser does not answer for sentences that stood there before."""
    old = a_sentence("Short one.", "e1")

    assert sentence_faults(old, Grounds(quotes={}, kept=[old])) == ()


def test_sentence_said_twice_is_a_fault_of_the_section() -> None:
    """A section says nothing twice, whatever the punctuation."""
    sentences = [a_sentence(BUCKET, "e3"), a_sentence(BUCKET.replace(".", "!"), "e3")]

    assert "sentence 2 repeats sentence 1" in section_faults(sentences, GROUNDS)


@pytest.mark.parametrize(
    "heading",
    [
        "Roses in the sun",
        "Bins for worms [s1]",
        "Red wiggler bins",
        "Everything that one could ever wish to know about all the worm bins there are",
        "Worm bins once a week, says Professor Okonjo",
    ],
    ids=["off topic", "leaked id", "forbidden", "too long", "invented name"],
)
def test_bad_heading_is_rejected(heading: str) -> None:
    """A heading stays on its subject and is no sentence."""
    assert heading_faults(heading, [WORM_BINS, WORMS], GROUNDS)


@pytest.mark.parametrize(
    "heading",
    ["Worm bins", "Worm bins for kitchen scraps", "No heat needed", "Worm Bins with Every Kitchen"],
)
def test_heading_of_its_own_words_passes(heading: str) -> None:
    """One word of the evidence or the key point is enough."""
    assert heading_faults(heading, [WORM_BINS, WORMS], GROUNDS) == ()


@settings(deadline=None)
@given(st.text(min_size=1, max_size=300).filter(lambda text: text.strip()))
def test_quote_is_always_accepted_as_its_own_sentence(quote: str) -> None:
    """The last rung cannot fail: whatever a source says may be quoted."""
    sentence = Sentence(text=quote, evidence_ids=("e1",))

    assert sentence_faults(sentence, Grounds(quotes={"e1": quote})) == ()
