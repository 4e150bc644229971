"""Differences between texts: complete, and of whole words."""

from hypothesis import given
from hypothesis import strategies as some

from services.comparing.words import WORDS_COMPARED, Change, Piece, word_diff

TEXTS = some.text(alphabet="ab é'-\n.,", max_size=40)


@given(before=TEXTS, after=TEXTS)
def test_both_texts_can_be_read_off_their_difference(before: str, after: str) -> None:
    """What was kept and removed is the text before; what was kept and added, the text after."""
    pieces = word_diff(before, after)

    assert "".join(each.text for each in pieces if each.change is not Change.ADDED) == before
    assert "".join(each.text for each in pieces if each.change is not Change.REMOVED) == after


def test_a_changed_word_is_told_as_a_whole() -> None:
    """A word is never cut: the one before is removed, the one after stands in its place."""
    assert word_diff("The rate rose to 3 percent.", "The rate fell to 3 percent.") == (
        Piece(Change.KEPT, "The rate "),
        Piece(Change.REMOVED, "rose"),
        Piece(Change.ADDED, "fell"),
        Piece(Change.KEPT, " to 3 percent."),
    )


def test_texts_too_long_to_compare_are_told_whole() -> None:
    """Beyond the limit nothing is left out: the one text is removed, the other added."""
    before, after = "a " * WORDS_COMPARED, "b " * WORDS_COMPARED

    assert word_diff(before, after) == (Piece(Change.REMOVED, before), Piece(Change.ADDED, after))
