"""How a text is cut into sentences."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.retrieval.passages import MAX_CHARACTERS, split

WORDS = ("Heap", "heap", "Dr.", "e.g.", "No.", "J.", "5", "3.5", "[1]", "x" * 400)
SIGNS = ' \n\t.?!"()\u2026\u3002\u201c\u201d'
PIECES = st.sampled_from([*WORDS, *SIGNS, "\n\n"])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join))


@given(TEXTS)
def test_passage_is_the_text_at_its_span(text: str) -> None:
    """A passage is verbatim: exactly the characters at its span."""
    assert all(each.text == text[each.span.start : each.span.end] for each in split(text))


@given(TEXTS)
def test_passages_are_in_order_and_do_not_overlap(text: str) -> None:
    """Passages follow each other, within paragraphs that do too."""
    found = split(text)

    assert all(a.span.end <= b.span.start for a, b in pairwise(found))
    assert all(a.paragraph <= b.paragraph for a, b in pairwise(found))


@given(TEXTS)
def test_passage_is_trimmed_bounded_and_says_something(text: str) -> None:
    """No passage begins or ends with a space, is over the limit, or holds no letter."""
    found = [each.text for each in split(text)]

    assert [each.strip() for each in found] == found
    assert all(len(each) <= MAX_CHARACTERS for each in found)
    assert all(any(character.isalpha() for character in each) for each in found)


@given(TEXTS)
def test_text_is_cut_the_same_way_twice(text: str) -> None:
    """Cutting depends on the text alone."""
    assert split(text) == split(text)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It is hot. It is wet.", ["It is hot.", "It is wet."]),
        ("Ask Dr. Green. She knows.", ["Ask Dr. Green.", "She knows."]),
        ("Add browns, e.g. straw. Mix.", ["Add browns, e.g. straw.", "Mix."]),
        ("Leaves, twigs, etc. Mix them.", ["Leaves, twigs, etc.", "Mix them."]),
        ("Leaves, twigs, etc. are dry.", ["Leaves, twigs, etc. are dry."]),
        ("It holds 3.5 litres. Use it.", ["It holds 3.5 litres.", "Use it."]),
        ("It began in 2020. Then it grew.", ["It began in 2020.", "Then it grew."]),
        ("See fig. 3 and no. 5. Go on.", ["See fig. 3 and no. 5.", "Go on."]),
        ("The answer is no. Use straw.", ["The answer is no.", "Use straw."]),
        ("1. Turn the heap. Wait.", ["1. Turn the heap.", "Wait."]),
        ("Keep it below 25 °C. Do not freeze it.", ["Keep it below 25 °C.", "Do not freeze it."]),
        ('She said "Stop." Then it rained.', ['She said "Stop."', "Then it rained."]),
        ('"Is it ready?" he asked. No.', ['"Is it ready?" he asked.', "No."]),
        ("\u201cTurn it.\u201d \u201cWhy?\u201d", ["\u201cTurn it.\u201d", "\u201cWhy?\u201d"]),
        ("Wait… Then look! Really?", ["Wait…", "Then look!", "Really?"]),
        ("It was J. Smith. Ask the U.S. Army.", ["It was J. Smith.", "Ask the U.S. Army."]),
        ("Start at 5 p.m. Stop at six.", ["Start at 5 p.m.", "Stop at six."]),
        ("It is hot.[12] It is wet.", ["It is hot.[12]", "It is wet."]),
        ("(See below.) Then turn it.", ["(See below.)", "Then turn it."]),
        ("\u719f\u3002\u6e7f\u3002", ["\u719f\u3002", "\u6e7f\u3002"]),
        ("One line\nand another. Two.", ["One line\nand another.", "Two."]),
        ("Version 2.0.1 is out. Get it.", ["Version 2.0.1 is out.", "Get it."]),
    ],
)
def test_sentence_ends_where_a_reader_would_end_it(text: str, sentences: list[str]) -> None:
    """Abbreviations, numbers, quotes and initials do not end a sentence; stops do."""
    assert [each.text for each in split(text)] == sentences


def test_headings_and_labels_are_not_passages() -> None:
    """A short paragraph without a stop counts as a paragraph and is not quoted."""
    found = split(
        "How hot it gets\n\nIt gets hot.\n\n---\n\nSixty degrees, it was said\n\nIt is so."
    )

    assert [(each.text, each.paragraph) for each in found] == [
        ("It gets hot.", 1),
        ("It is so.", 4),
    ]


def test_last_words_of_a_paragraph_need_no_stop() -> None:
    """What follows a sentence in its paragraph is kept even when its stop is missing."""
    assert [each.text for each in split("It gets hot. Then it cools")] == [
        "It gets hot.",
        "Then it cools",
    ]


def test_paragraph_without_stops_is_cut_at_spaces() -> None:
    """A paragraph that never stops gives pieces that end at whole words."""
    found = split("heap " * 1_000)

    assert len(found) == 5
    assert {word for each in found for word in each.text.split()} == {"heap"}


@pytest.mark.parametrize("unit", ["a. ", "e.g. x ", " \n", "((", "No. ", "x"])
def test_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    """A text made to be slow takes seconds; were the time to grow faster, it would take hours."""
    text = unit * (200_000 // len(unit))
    began = time.monotonic()

    split(text)

    assert time.monotonic() - began < 20
