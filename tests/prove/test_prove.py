"""The proof that the proof is right, at the size of an ordinary test run (see `make prove`)."""

from collections.abc import Iterator, Sequence

import pytest

from contracts.registry import Registry
from tests.prove.prove import Tally, prove
from tests.prove.run import prove_in_parallel
from workflows.checking.control import Control, Edge
from workflows.checking.passes import Found, Passes
from workflows.checking.witness import Witness
from workflows.checking.witnessing import witness
from workflows.checking.worst_case import WorstCase, bound

FLOWS = 2_000
SEED = 1
BLINDED = range(300)
"""Flows on which a checker that has lost one sense has to be caught."""


@pytest.fixture(scope="module")
def tally() -> Tally:
    """What the flows of every run of the tests show."""
    return prove_in_parallel(FLOWS, SEED)


def test_no_accepted_flow_ever_goes_wrong(tally: Tally) -> None:
    """Run with random answers and failures, none reads amiss, gets stuck or exceeds its bound."""
    assert tally.unsound == []


def test_every_foretold_failure_happens_as_foretold(tally: Tally) -> None:
    """Each witness, played on the interpreter's own course, goes wrong exactly as it says."""
    assert tally.failed == []
    assert tally.witnesses > FLOWS // 4


def test_the_flows_are_not_trivial(tally: Tally) -> None:
    """Between 30 and 70 % are accepted, and every feature is there among those as well."""
    assert 0.3 <= tally.accepted / tally.flows <= 0.7
    shares = {name: count / tally.accepted for name, count in tally.accepted_features.items()}
    assert set(shares) == {"branches", "failure edges", "fan-out", "gates", "loops"}
    assert min(shares.values()) > 0.2


def _nothing(_: Passes) -> Iterator[Found]:
    return iter(())


@pytest.mark.parametrize("question", ["unset", "stale", "unvouched"])
def test_a_checker_that_forgets_a_question_is_caught(
    question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one of its questions the checker accepts flows whose runs go wrong."""
    monkeypatch.setattr(Passes, question, _nothing)

    assert prove(SEED, BLINDED).unsound


def test_a_bound_that_is_too_low_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """With half the bound, some run spends more than it was said any run can."""

    def halved(control: Control, registry: Registry) -> WorstCase:
        worst = bound(control, registry)
        return worst.model_copy(update={"calls": worst.calls // 2})

    monkeypatch.setattr("workflows.checking.behaviour.bound", halved)

    assert prove(SEED, BLINDED).unsound


def test_a_witness_that_says_another_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A witness is held to where it says that the run goes wrong."""

    def elsewhere(
        control: Control,
        start: int,
        way: Sequence[Edge],
        at: str,
        rounds: Sequence[Edge] = (),
        *,
        sparing: bool = False,
    ) -> Witness:
        told = witness(control, start, way, at, rounds, sparing=sparing)
        return told.model_copy(update={"at": "elsewhere"})

    monkeypatch.setattr("workflows.checking.behaviour.witness", elsewhere)

    assert prove(SEED, BLINDED).failed
