"""What an open gate accepts: one decision, on exactly what was shown, of the kind it asks for."""

from typing import Any

import pytest

from contracts.compiled import CompiledGate, CompiledRule
from contracts.failure import Failure, FailureKind
from contracts.work import GateDecision
from tests.unit.workflows.runs import BUDGET, a_reference, a_value
from workflows.gates import NO_HANDWORK, OpenGate, digest_of_failure, digest_of_shown

SHOWN = "5" * 64
LATE = CompiledRule(text="deadline", to="expired")
EDITOR = CompiledGate(
    role="editor", shows=("draft",), writes="decision", deadline=60, on_deadline=LATE
)
CORRECTOR = EDITOR.model_copy(update={"edits": "draft"})
OPERATOR = CompiledGate(
    role="operator",
    answers_failure=True,
    allow=("retry", "supply", "raise_budget"),
    deadline=60,
    on_deadline=LATE,
)


def _gate(gate: CompiledGate = EDITOR, taken: GateDecision | None = None) -> OpenGate:
    return OpenGate("approve", 1, gate, SHOWN, taken)


def _decision(**changes: Any) -> GateDecision:
    given = {
        "id": "d1",
        "gate": "approve",
        "visit": 1,
        "shown": SHOWN,
        "who": "an editor",
        "decision": a_value(),
    }
    return GateDecision.model_validate({**given, **changes})


def test_a_decision_on_what_is_shown_is_taken() -> None:
    """A decision that names gate, visit and what was shown meets no objection."""
    assert _gate().objection(_decision()) == ""


@pytest.mark.parametrize(
    ("changes", "objection"),
    [
        ({"gate": "help"}, "gate 'help' is not open; 'approve' is"),
        ({"visit": 2}, "gate 'approve' is not open; 'approve' is"),
        ({"shown": "6" * 64}, "the decision is about 666666666666; now 555555555555 is shown"),
        ({"decision": None}, "gate 'approve' needs a decision"),
    ],
)
@pytest.mark.guarantee("decisions-name-what-was-seen")
def test_a_decision_on_anything_else_is_refused(changes: dict[str, Any], objection: str) -> None:
    """A decision on another gate, another visit or another version is refused, and told why."""
    assert _gate().objection(_decision(**changes)) == objection


@pytest.mark.guarantee("decisions-name-what-was-seen")
def test_the_same_decision_counts_once() -> None:
    """A repeated delivery is no objection; a second decision is."""
    gate = _gate(taken=_decision())

    assert gate.objection(_decision()) == ""
    assert gate.objection(_decision(id="d2")) == "gate 'approve' was decided already"


@pytest.mark.parametrize(
    ("changes", "objection"),
    [
        ({"action": "retry"}, ""),
        ({"action": "stop"}, "gate 'approve' allows retry, supply, raise_budget"),
        ({"action": None}, "gate 'approve' allows retry, supply, raise_budget"),
        ({"action": "supply"}, "to supply a value, send it"),
        ({"action": "supply", "supplied": a_value()}, ""),
        ({"action": "raise_budget"}, "to raise the budget, name the new one"),
        ({"action": "raise_budget", "budget": BUDGET}, ""),
    ],
)
def test_a_failure_is_answered_as_the_flow_allows(changes: dict[str, Any], objection: str) -> None:
    """At a gate that answers failures only the declared actions count, each with what it needs."""
    decision = _decision(decision=None, **changes)

    assert _gate(OPERATOR).objection(decision) == objection


EDITED = "the verdict `edited` comes with the edited value, and no other verdict does"


@pytest.mark.parametrize(
    ("verdict", "edited", "objection"),
    [
        ({"verdict": "approve"}, None, ""),
        ({"verdict": "edited"}, a_value("b"), ""),
        ({"verdict": "edited"}, None, EDITED),
        ({"verdict": "approve"}, a_value("b"), EDITED),
        ({}, None, ""),
        ({}, a_value("b"), ""),
    ],
)
def test_an_edit_and_its_verdict_come_together(
    verdict: dict[str, Any], edited: Any, objection: str
) -> None:
    """One without the other is refused, as far as the flow looks at verdicts."""
    decision = _decision(decision=a_value(facts=verdict), edited=edited)

    assert _gate(CORRECTOR).objection(decision) == objection


@pytest.mark.parametrize(
    ("verdict", "edited"), [({"verdict": "edited"}, None), ({"verdict": "approve"}, a_value("b"))]
)
def test_nothing_is_edited_where_nothing_can_be(verdict: dict[str, Any], edited: Any) -> None:
    """A gate without `edits` takes neither the verdict nor a value."""
    decision = _decision(decision=a_value(facts=verdict), edited=edited)

    assert _gate().objection(decision) == "nothing can be edited at gate 'approve'"


def test_nobody_supplies_what_has_to_come_from_elsewhere() -> None:
    """Where the failed step verifies, publishes or makes a list, other answers are taken still."""
    gate = OpenGate("approve", 1, OPERATOR, SHOWN, supplies=False)

    refused = gate.objection(_decision(decision=None, action="supply", supplied=a_value()))

    assert refused == f"gate 'approve': {NO_HANDWORK}; retry or stop"
    assert gate.objection(_decision(decision=None, action="retry")) == ""


def test_a_run_goes_only_where_the_gate_lets_it() -> None:
    """Another way is one that the flow declares, so that it was proved."""
    gate = OPERATOR.model_copy(update={"allow": ("go",), "go": ("revise", "failed")})

    refused = _gate(gate).objection(_decision(decision=None, action="go", to="publish"))

    assert refused == "from gate 'approve' a run goes to revise, failed"
    assert _gate(gate).objection(_decision(decision=None, action="go", to="revise")) == ""


def test_what_was_shown_has_one_digest() -> None:
    """The digest a decision names changes with any value, version or item that is shown."""
    draft, claims = a_reference("draft", "a"), a_reference("claims", "b")
    changed = [
        digest_of_shown(shown)
        for shown in (
            [draft, claims],
            [draft],
            [claims, draft],
            [a_reference("draft", "c"), claims],
            [a_reference("draft", "a", ordinal=2), claims],
            [a_reference("draft", "a", item="s1"), claims],
        )
    ]

    assert len(set(changed)) == len(changed)
    assert digest_of_shown([draft, claims]) == changed[0]


def test_every_failure_asked_about_has_a_digest_of_its_own() -> None:
    """An answer meant for one failure cannot reach the next one of the same step."""
    failure = Failure(kind=FailureKind.REFUSED, message="no")
    other = Failure(kind=FailureKind.EMPTY, message="nothing")

    digests = {
        digest_of_failure("write", 1, failure),
        digest_of_failure("write", 2, failure),
        digest_of_failure("revise", 1, failure),
        digest_of_failure("write", 1, other),
    }

    assert len(digests) == 4
