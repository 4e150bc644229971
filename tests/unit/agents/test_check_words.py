"""Words: how checks count and compare them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.agents.checks.words import content, count, share_content, stem, tidy, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("worms", "worm"),
        ("fermenting", "ferments"),
        ("composted", "compost"),
        ("berries", "berry"),
        ("baking", "bakes"),
        ("stopped", "stop"),
        ("running", "run"),
        ("speeds", "speed"),
        ("degrees", "degree"),
        ("processes", "process"),
        ("household's", "household"),
    ],
)
def test_inflections_meet_in_one_stem(one: str, other: str) -> None:
    """A word counts as said whichever of its English forms is used."""
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("bin", "bean"), ("string", "strand"), ("heat", "heap"), ("red", "reed")]
)
def test_different_words_keep_different_stems(one: str, other: str) -> None:
    """Stripping inflections does not make two words one."""
    assert stem(one) != stem(other)


def test_grammar_is_not_content() -> None:
    """Words that carry grammar only do not make two texts related."""
    assert content("What should be in the bin?") == ("bin",)
    assert not share_content("what should be there", "there it should be")


def test_words_ignore_case_hyphens_and_apostrophes() -> None:
    """Typography does not make a word another word."""
    assert words("A wrung-out Sponge's rim") == words("a wrung out sponge\u2019s rim")


@settings(deadline=None)
@given(st.text())
def test_tidy_text_stays_as_it_is(text: str) -> None:
    """Putting white space in order twice changes nothing and loses no word."""
    assert tidy(tidy(text)) == tidy(text)
    assert count(tidy(text)) == count(text)
