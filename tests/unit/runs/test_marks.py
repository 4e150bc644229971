"""Where a reader stands: what the id of an event says, and what becomes of nonsense."""

import pytest

from services.runs.marks import Mark, dense_up_to, read_mark, write_mark


@pytest.mark.parametrize("told", [set(), {1}, {1, 2, 3}, {1, 2, 5, 7}, {3}])
def test_what_is_written_is_read(told: set[int]) -> None:
    """An id says exactly which transitions the reader has."""
    assert read_mark(write_mark("ab12", "17-3", told)) == Mark("ab12", "17-3", frozenset(told))


def test_an_id_stays_short() -> None:
    """With very many numbers apart an id still fits a header; what it leaves out is told twice."""
    every_other = set(range(1, 2_000, 2))

    written = write_mark("0123abcd", "1795392000000-12", every_other)

    assert len(written) < 200
    mark = read_mark(written)
    assert mark is not None
    assert mark.told is not None
    assert mark.told < every_other


def test_an_id_without_numbers_is_a_place_alone() -> None:
    """Cursors of pages name a place and no numbers."""
    assert read_mark("ab12.17-3") == Mark("ab12", "17-3", None)


@pytest.mark.parametrize(
    "last_id", ["", "nonsense", "a.", ".1-0", "a.end", "a.1-0.x", "a.1-0.1~", "a.x-0.1", "a.1"]
)
def test_what_is_no_id_says_nothing(last_id: str) -> None:
    """A reader with an id that is none of ours begins anew."""
    assert read_mark(last_id) is None


def test_numbers_are_dense_up_to_the_first_that_lacks() -> None:
    """Whether anything is lacking shows in the number up to which nothing is."""
    assert (dense_up_to(()), dense_up_to({2}), dense_up_to({1, 2, 4})) == (0, 0, 2)
