"""Waiting is no working time, and what overlaps counts once."""

from workflows.waiting import Waiting


def test_what_overlaps_counts_once() -> None:
    """A run paused within a longer wait has waited for as long as the longer one."""
    waiting = Waiting()
    waiting.begin(100)
    waiting.begin(200)
    waiting.end(300)
    waiting.end(500)

    assert (waiting.counted_ms, waiting.in_all(900)) == (400, 400)


def test_one_wait_that_goes_on_in_the_next_is_one() -> None:
    """A pause that outlasts the gate it began at counts to its own end."""
    waiting = Waiting(50)
    waiting.begin(100)
    waiting.begin(200)
    waiting.end(300)

    assert (waiting.counted_ms, waiting.in_all(450)) == (50, 400)
