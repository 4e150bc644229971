"""Rules, lists, counts and durations as the page of a flow says them."""

import pytest

from services.flows.explaining.conditions import in_words
from services.flows.explaining.words import (
    counted,
    duration,
    listing,
    names,
    paragraph,
    role,
    sentence,
    table,
    times,
)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("a.b == 'c'", "`a.b` is `c`"),
        ("a.b != 'c'", "`a.b` is not `c`"),
        ("a.b == 3", "`a.b` is 3"),
        ("a.b > 3", "`a.b` is over 3"),
        ("a.b >= 3", "`a.b` is at least 3"),
        ("a.b < 3", "`a.b` is under 3"),
        ("a.b <= -3", "`a.b` is at most -3"),
        ("a.b", "`a.b` is true"),
        ("not a.b", "`a.b` is not true"),
        ("a.b == False", "`a.b` is false"),
        ("a.b in ['c', 'd', 'e']", "`a.b` is `c`, `d` or `e`"),
        ("a.b not in ['c', 'd']", "`a.b` is none of `c` and `d`"),
        ("not a.b in ['c', 'd']", "`a.b` is none of `c` and `d`"),
        ("len(a.b) == 0", "`a` has no `b`"),
        ("len(a.b) < 1", "`a` has no `b`"),
        ("len(a.b) > 0", "`a` has `b`"),
        ("not len(a.b) == 0", "`a` has `b`"),
        ("len(a.b) == 2", "`a` has exactly 2 `b`"),
        ("len(a.b) != 2", "`a` has not exactly 2 `b`"),
        ("len(a.b) >= 2", "`a` has at least 2 `b`"),
        ("len(a.b) < 2", "`a` has fewer than 2 `b`"),
        ("len(a.b) in [1, 2]", "the number of `b` in `a` is 1 or 2"),
        ("len(a.b) not in [1, 2]", "the number of `b` in `a` is none of 1 and 2"),
        ("a.b == 1 and c.d > 2", "`a.b` is 1 and `c.d` is over 2"),
        ("a.b == 1 and (c.d > 2 or c.e)", "`a.b` is 1 and (`c.d` is over 2 or `c.e` is true)"),
        ("not (a.b == 1 or c.d > 2)", "it is not so that (`a.b` is 1 or `c.d` is over 2)"),
    ],
)
def test_a_rule_is_said_in_words(rule: str, said: str) -> None:
    """Every comparison of the rule language has words that can follow `if`."""
    assert in_words(rule) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (600, "10 minutes"),
        (3600, "1 hour"),
        (86_400, "24 hours"),
        (259_200, "3 days"),
    ],
)
def test_a_duration_is_said_in_its_largest_unit(seconds: int, said: str) -> None:
    """Durations read as people say them, and always exactly."""
    assert duration(seconds) == said


def test_lists_read_as_in_a_sentence() -> None:
    """One part stands alone, two are joined, more have commas."""
    assert listing(["a"]) == "a"
    assert listing(["a", "b"], "or") == "a or b"
    assert names(["a", "b", "c"]) == "`a`, `b` and `c`"


def test_small_numbers_are_words() -> None:
    """Counts up to twelve are words, and once and twice have words of their own."""
    assert (times(1), times(2), times(3), times(13)) == ("once", "twice", "three times", "13 times")
    assert (counted(1, "step"), counted(0, "step")) == ("one step", "no steps")


def test_a_role_is_a_person() -> None:
    """The name of a role is said without its underscores."""
    assert role("managing_editor") == "the managing editor"


def test_a_sentence_begins_and_ends() -> None:
    """Text from a file becomes one line with a capital and a full stop, and nothing stays empty."""
    assert sentence("a line\n  broken in two") == "A line broken in two."
    assert (sentence("Done."), sentence("these:"), sentence(" ")) == ("Done.", "These:", "")


def test_each_sentence_has_a_line_of_its_own() -> None:
    """A changed sentence is one changed line of a diff."""
    assert paragraph("one", "", "two") == "One.\nTwo."


def test_a_table_keeps_its_columns() -> None:
    """A bar inside a cell does not end it."""
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |"
