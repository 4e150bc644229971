"""How long a post is, as each channel counts; the cases of X are those that it publishes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.agents.checks.graphemes import graphemes
from services.agents.checks.post_length import (
    LINK_LENGTH,
    byte_length,
    grapheme_length,
    toot_length,
    unit_length,
    weighted_length,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e9\U0001f1ea"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("plain Latin text", 16),
        ("caf\u00e9", 4),
        ("cafe\u0301", 4),
        ("\u4f60\u597d", 4),
        ("\u1100", 2),
        ("\u10ff", 1),
        ("a\u2026b", 4),
        ("\u201cquoted\u201d", 8),
        ("\U0001f600", 2),
        (FAMILY, 2),
        (FLAG, 2),
        ("\U0001f44d\U0001f3fd", 2),
        ("1\ufe0f\u20e3", 2),
        ("https://example.com/a/very/long/address?with=parameters", LINK_LENGTH),
        ("see https://t.co/a, then", 4 + LINK_LENGTH + 6),
        ("a" * 280, 280),
    ],
)
def test_x_counts_weighted_characters(text: str, length: int) -> None:
    """Latin counts one, other scripts and every emoji two, every link twenty-three."""
    assert weighted_length(text) == length


@pytest.mark.parametrize("text", ["example.com", "read example.org/a now"])
def test_what_may_be_a_link_counts_as_one(text: str) -> None:
    """X makes links of bare domains; the count is never below theirs."""
    assert weighted_length(text) >= LINK_LENGTH


def test_an_abbreviation_is_no_link() -> None:
    """Stops inside a word of two letters make no domain."""
    assert weighted_length("e.g. this, i.e. that") == 20


@pytest.mark.parametrize(
    ("text", "length"),
    [
        (FAMILY, 1),
        (FLAG, 1),
        (FLAG * 2, 2),
        ("e\u0301", 1),
        ("\u1112\u1161\u11ab", 1),
        ("a\r\nb", 3),
        ("\u0928\u093f", 1),
        ("", 0),
    ],
)
def test_graphemes_are_what_readers_see(text: str, length: int) -> None:
    """Families, flags, accents and syllables count once."""
    assert grapheme_length(text) == length


def test_mastodon_shortens_links_and_people() -> None:
    """A link counts as 23, a person on another server by the name alone."""
    assert toot_length("see https://example.com/" + "a" * 90) == 4 + LINK_LENGTH
    assert toot_length("thanks @ruth@social.example") == len("thanks @ruth")


def test_editors_and_wires_count_units_and_bytes() -> None:
    """A sign beyond the first plane is two units of UTF-16 and four bytes of UTF-8."""
    assert (unit_length("a\U0001f600"), byte_length("a\U0001f600")) == (3, 5)


@settings(max_examples=200)
@given(st.text())
def test_cutting_into_graphemes_loses_nothing(text: str) -> None:
    """The pieces together are the text, and there are no more of them than code points."""
    pieces = graphemes(text)

    assert "".join(pieces) == text
    assert all(pieces)


@settings(max_examples=100)
@given(st.text(alphabet="abc \u4f60\U0001f600\u0301"), st.text(alphabet="abc "))
def test_a_longer_text_is_never_shorter(text: str, more: str) -> None:
    """Adding to a post never makes it fit."""
    assert weighted_length(text + " " + more) >= weighted_length(text)
