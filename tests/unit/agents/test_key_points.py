"""Key points: how evidence is grouped, headed and dealt out without a model."""

import pytest

from contracts.content.brief import WordRange
from services.agents.key_points import MOST_QUOTES, deal, group, heading_options
from tests.builders import (
    BOKASHI,
    BUCKET,
    KEEP_OUT,
    SPONGE,
    WORM_BINS,
    WORMS,
    a_brief,
    an_evidence_set,
)


def test_groups_follow_the_brief_and_skip_what_has_no_evidence() -> None:
    """Sections come in the order of the key points that the corpus supports."""
    evidence = an_evidence_set((BUCKET, BOKASHI), (WORMS, WORM_BINS))

    assert [each.key_point for each in group(a_brief(), evidence)] == [WORM_BINS, BOKASHI]


def test_evidence_on_something_else_comes_last() -> None:
    """Evidence that a person supplied for another point gets a section of its own."""
    evidence = an_evidence_set((SPONGE, "how damp compost should be"), (WORMS, WORM_BINS))

    groups = group(a_brief(), evidence)

    assert groups[-1].key_point == "how damp compost should be"


def test_group_holds_no_more_than_a_section_may_cite() -> None:
    """A key point with many quotes still makes a valid section."""
    many = an_evidence_set(*((f"Quote {number} is here.", WORM_BINS) for number in range(20)))

    (only,) = group(a_brief(), many)

    assert len(only.quotes) == MOST_QUOTES


def test_heading_is_the_key_point_or_its_first_clause() -> None:
    """A heading is made of the key point's words alone."""
    options = heading_options(["kitchen scraps: what worms like.", "a balcony"], [])

    assert options == (("Kitchen scraps: what worms like", "Kitchen scraps"), ("A balcony",))


def test_headings_of_two_sections_never_meet() -> None:
    """A short form that two key points share is offered to neither."""
    options = heading_options(["worm bins: feeding", "worm bins: harvest", "worm bins"], [])

    assert options == (("Worm bins: feeding",), ("Worm bins: harvest",), ("Worm bins",))


def test_forbidden_heading_is_left_out_while_another_is_left() -> None:
    """What the brief forbids is not offered, but there is always something to choose."""
    assert heading_options(["kitchen scraps: rats"], ["rats"]) == (("Kitchen scraps",),)
    assert heading_options(["rats"], ["rats"]) == (("Rats",),)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (WordRange(min=100, max=200), [50, 50, 50]),
        (WordRange(min=1, max=1), [1, 1, 1]),
        (WordRange(min=10, max=11), [4, 3, 3]),
        (WordRange(min=20_000, max=20_000), [5_000, 5_000, 5_000]),
    ],
)
def test_words_are_split_evenly_within_bounds(words: WordRange, expected: list[int]) -> None:
    """Every section gets its share of the middle of the range, at least one word."""
    groups = group(a_brief(), an_evidence_set())

    outline = deal(groups, [WORM_BINS, BOKASHI, KEEP_OUT], words)

    assert [section.words for section in outline.sections] == expected
