"""What vouches for a text before it is published: a person, or a report without faults."""

from contracts.content.decision import Decision, DecisionVerdict
from contracts.failure import FailureKind
from services.errors import StepError


def vouched_by(decision: Decision | None, fault_count: int, *, measured: str) -> str:
    """Say what vouches for a text; a person's no outweighs every report.

    Args:
        decision: what a person decided about this very version, if anybody did.
        fault_count: how many faults the report on this version has.
        measured: what the report says when there is none, for readers.

    Raises:
        StepError: `rule_broken` when a person rejected the text or wants it changed, or nothing
            vouches for it.
    """
    if decision is not None and decision.verdict is DecisionVerdict.APPROVE:
        return "approved by a person"
    if decision is not None and decision.verdict is DecisionVerdict.REJECT:
        raise StepError(FailureKind.RULE_BROKEN, "a person rejected this text; do not publish it")
    if decision is not None and decision.verdict is DecisionVerdict.REVISE:
        raise StepError(
            FailureKind.RULE_BROKEN, "a person wants this text changed; do not publish it"
        )
    if fault_count:
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"nothing vouches for this text: no person approved it and its report has"
            f" {fault_count} faults",
        )
    return measured
