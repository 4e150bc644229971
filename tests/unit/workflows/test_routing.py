"""Which way a run goes: first match, counters, failure plans, deadlines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.compiled import CompiledPlanLine, CompiledRule, CompiledStep
from contracts.failure import FailureKind
from workflows.routing import Way, after_deadline, after_failure, choose, plan_line
from workflows.rules import Facts, parse


def _rule(to: str, when: str = "", at_most: int | None = None) -> CompiledRule:
    if not when:
        return CompiledRule(to=to)
    return CompiledRule(when=parse(when), text=when, to=to, at_most=at_most)


AFTER_REVIEW = (
    _rule("revise", "review.verdict == 'revise'", at_most=2),
    _rule("publish", "review.verdict == 'accept' and topic.risk != 'high'"),
    _rule("approve"),
)


def _facts(verdict: str, risk: str = "low") -> Facts:
    return {"review": {"verdict": verdict}, "topic": {"risk": risk}}


@pytest.mark.parametrize(
    ("verdict", "risk", "revisions", "expected"),
    [
        ("accept", "low", 0, "publish"),
        ("accept", "high", 0, "approve"),
        ("revise", "low", 0, "revise"),
        ("revise", "low", 1, "revise"),
        ("revise", "low", 2, "approve"),
        ("revise", "high", 2, "approve"),
    ],
)
def test_the_first_rule_that_matches_is_taken(
    verdict: str, risk: str, revisions: int, expected: str
) -> None:
    """Rules are tried in order; one that is used up does not match; the default always does."""
    used = {"review.next.0": revisions}

    assert choose("review", AFTER_REVIEW, _facts(verdict, risk), used).to == expected


def test_a_way_tells_its_rule_and_counter() -> None:
    """The hand-off can say which rule chose the way, as the file says it."""
    way = choose("review", AFTER_REVIEW, _facts("revise"), {})

    assert way == Way("revise", "review.verdict == 'revise'", "review.next.0")


def test_the_default_is_called_else_and_uses_nothing_up() -> None:
    """The way that is taken when no rule matches is told as `else`."""
    assert choose("review", AFTER_REVIEW, _facts("accept", "high"), {}) == Way("approve", "else")


def test_counters_belong_to_their_place() -> None:
    """A rule used up at one step is not used up at another that has the same rules."""
    used = {"review.next.0": 2}

    assert choose("second_look", AFTER_REVIEW, _facts("revise"), used).to == "revise"


@given(
    st.lists(st.tuples(st.booleans(), st.none() | st.integers(1, 3)), max_size=6),
    st.dictionaries(st.sampled_from([f"here.next.{each}" for each in range(6)]), st.integers(0, 4)),
)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_the_same_context_takes_the_same_way(
    shapes: list[tuple[bool, int | None]], used: dict[str, int]
) -> None:
    """Whatever the rules, the way is the first that holds and is not used up."""
    rules = [
        _rule(f"to{ordinal}", f"a.b == {holds}", at_most)
        for ordinal, (holds, at_most) in enumerate(shapes)
    ]
    open_ways = [
        f"to{ordinal}"
        for ordinal, (holds, at_most) in enumerate(shapes)
        if holds and (at_most is None or used.get(f"here.next.{ordinal}", 0) < at_most)
    ]

    way = choose("here", [*rules, _rule("default")], {"a": {"b": True}}, used)

    assert way.to == [*open_ways, "default"][0]
    assert way == choose("here", [*rules, _rule("default")], {"a": {"b": True}}, dict(used))


STEP = CompiledStep(
    agent="writer",
    reads=(),
    writes="draft",
    next=(_rule("done"),),
    on_failure={
        "malformed": CompiledPlanLine(repair=2, then="help", at_most=1),
        "refused": CompiledPlanLine(then="help"),
        "otherwise": CompiledPlanLine(then="failed"),
    },
)


@pytest.mark.parametrize(
    ("kind", "taken", "expected"),
    [
        (FailureKind.MALFORMED, 0, Way("help", "on_failure.malformed", "w.on_failure.malformed")),
        (FailureKind.MALFORMED, 1, Way("failed", "on_failure.otherwise")),
        (FailureKind.REFUSED, 9, Way("help", "on_failure.refused")),
        (FailureKind.DENIED, 0, Way("failed", "on_failure.otherwise")),
        (FailureKind.MEMORY_LOST, 0, Way("failed", "on_failure.otherwise")),
    ],
)
def test_a_failure_follows_its_plan(kind: FailureKind, taken: int, expected: Way) -> None:
    """A kind follows its own line until that is used up; what is not named follows otherwise."""
    used = {"w.on_failure.malformed": taken, "w.on_failure.refused": taken}

    assert after_failure("w", STEP, kind, used) == expected


def test_every_kind_has_a_line() -> None:
    """There is no kind of failure for which a step has no plan."""
    assert all(plan_line(STEP, kind) for kind in FailureKind)


@pytest.mark.parametrize(
    ("at_most", "taken", "expected"),
    [
        (None, 9, Way("remind", "deadline")),
        (1, 0, Way("remind", "deadline", "gate.on_deadline")),
        (1, 1, Way("stopped", "deadline, used up")),
    ],
)
def test_a_gate_nobody_answers_is_left(at_most: int | None, taken: int, expected: Way) -> None:
    """The way out of an unanswered gate may be counted; used up, the run stops."""
    rule = CompiledRule(text="deadline", to="remind", at_most=at_most)

    assert after_deadline("gate", rule, "stopped", {"gate.on_deadline": taken}) == expected
