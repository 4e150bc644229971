"""The closed set of failures: every kind has a remedy, and one loop that may mend it."""

import pytest

from contracts.failure import REMEDY, REPAIRED, RETRIED, UNPLANNED, Failure, FailureKind


@pytest.mark.parametrize("kind", list(FailureKind))
@pytest.mark.guarantee("every-failure-has-a-kind")
def test_every_kind_says_who_acts_next(kind: FailureKind) -> None:
    """A failure of any kind tells the next person what to do, in one sentence."""
    failure = Failure(kind=kind, message="it failed")

    assert failure.remedy == REMEDY[kind]
    assert failure.remedy.endswith(".")


@pytest.mark.guarantee("every-failure-has-a-kind")
def test_no_two_loops_mend_one_kind() -> None:
    """What is retried is not repaired, and what takes no plan is neither."""
    assert not RETRIED & REPAIRED
    assert not UNPLANNED & (RETRIED | REPAIRED)


def test_the_kinds_are_those_of_the_design() -> None:
    """Nobody adds a kind of failure in passing: flows, pages and people know this list."""
    assert {kind.value for kind in FailureKind} == {
        "unavailable",
        "rate_limited",
        "timed_out",
        "denied",
        "quota",
        "refused",
        "truncated",
        "empty",
        "malformed",
        "rule_broken",
        "too_large",
        "unreadable",
        "memory_lost",
        "over_budget",
        "no_progress",
        "conflict",
        "rejected",
        "expired",
        "unfinished",
        "cancelled",
        "bug",
    }
