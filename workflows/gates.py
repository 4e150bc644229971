"""What an open gate accepts: decisions about exactly what was shown, of whoever is asked.

One decision, or as many approvals as the flow declares: then a verdict other than `approve` ends
the wait at once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from contracts.compiled import CompiledApprovers, CompiledFlow, CompiledGate
from contracts.failure import Failure
from contracts.reference import Digest, Reference
from contracts.work import GateDecision

APPROVE: Final = "approve"
NO_HANDWORK: Final = "nobody verifies, publishes or writes the whole list of a fan-out by hand"


@dataclass
class OpenGate:
    """A gate that waits, and the decision once it has come."""

    name: str
    visit: int
    gate: CompiledGate
    shown: Digest
    decision: GateDecision | None = None
    supplies: bool = True
    """Whether what failed may be made by hand; see `may_supply`."""

    authors: frozenset[str] = frozenset()
    """Who may not approve, as `person` writes them: they wrote what is shown."""

    role: str = ""
    """Who is asked now."""

    approvals: list[GateDecision] = field(default_factory=list)
    """Taken so far, where several have to approve."""

    def __post_init__(self) -> None:
        """The flow's own role is asked first."""
        self.role = self.role or self.gate.role

    def take(self, decision: GateDecision) -> None:
        """Take a decision that met no objection; the same one twice counts once."""
        approvers = self.gate.approvers
        if self.decision is not None or decision.id in {each.id for each in self.approvals}:
            return
        if approvers is None or verdict_of(decision) != APPROVE:
            self.decision = decision
            return
        self.approvals.append(decision)
        if len(self.approvals) >= approvers.need:
            self.decision = decision

    def taken(self) -> tuple[GateDecision, ...]:
        """List everything that was decided here, in order."""
        last = self.decision
        ends = (last,) if last is not None and last not in self.approvals else ()
        return (*self.approvals, *ends)

    def objection(self, decision: GateDecision) -> str:
        """Say why a decision cannot be taken here; empty when it can."""
        if (decision.gate, decision.visit) != (self.name, self.visit):
            return f"gate {decision.gate!r} is not open; {self.name!r} is"
        if decision.id in {each.id for each in self.taken()}:
            return ""
        if self.decision is not None:
            return f"gate {self.name!r} was decided already"
        if decision.shown != self.shown:
            return f"the decision is about {decision.shown[:12]}; now {self.shown[:12]} is shown"
        return self._misfit(decision) or self._out_of_turn(decision)

    def _out_of_turn(self, decision: GateDecision) -> str:
        """Say why it is not for this person to decide, or not as this role."""
        approvers = self.gate.approvers
        if approvers is None:
            asked = dict.fromkeys([self.gate.role, *(each.to for each in self.gate.escalate)])
            if decision.role and decision.role not in asked:
                told = " or ".join(asked)
                return f"gate {self.name!r} asks {told}, not {decision.role}; decide as one of them"
            return ""
        return not_for(self.name, approvers, self.role, self.authors, self.approvals, decision)

    def _misfit(self, decision: GateDecision) -> str:
        if not self.gate.answers_failure:
            return self._misfit_of_verdict(decision)
        if decision.action not in self.gate.allow:
            return f"gate {self.name!r} allows {', '.join(self.gate.allow)}"
        if decision.action == "supply" and decision.supplied is None:
            return "to supply a value, send it"
        if decision.action == "supply" and not self.supplies:
            return f"gate {self.name!r}: {NO_HANDWORK}; retry or stop"
        if decision.action == "raise_budget" and decision.budget is None:
            return "to raise the budget, name the new one"
        if decision.action == "go" and decision.to not in self.gate.go:
            return f"from gate {self.name!r} a run goes to {', '.join(self.gate.go)}"
        return ""

    def _misfit_of_verdict(self, decision: GateDecision) -> str:
        if decision.decision is None:
            return f"gate {self.name!r} needs a decision"
        verdict = decision.decision.facts.get("verdict")
        if self.gate.edits is None and (verdict == "edited" or decision.edited is not None):
            return f"nothing can be edited at gate {self.name!r}"
        if verdict == "revise" and not self.gate.revises:
            return f"gate {self.name!r} leads to no revision; approve or reject"
        if verdict is not None and (verdict == "edited") != (decision.edited is not None):
            return "the verdict `edited` comes with the edited value, and no other verdict does"
        return ""


def not_for(
    gate: str,
    approvers: CompiledApprovers,
    role: str,
    authors: frozenset[str],
    approvals: Sequence[GateDecision],
    decision: GateDecision,
) -> str:
    """Say why one of several may not decide so; empty when they may.

    Args:
        gate: its name.
        approvers: who has to approve.
        role: who is asked now; after an escalation that role may stand in for another.
        authors: who wrote what is shown, as `person` writes them.
        approvals: those taken so far.
        decision: the one that has come.
    """
    still = open_roles(approvers, role, [each.role for each in approvals])
    if decision.role in {each.role for each in approvals}:
        return f"{decision.role} has approved gate {gate!r} already; it waits for {_any_of(still)}"
    if decision.role not in still:
        return f"gate {gate!r} asks {_any_of(still)}; say as which of them you decide (role)"
    if person(decision.who) in {person(each.who) for each in approvals}:
        return (
            f"you have approved gate {gate!r} in another role already; somebody else has to"
            f" decide as {decision.role}"
        )
    if person(decision.who) in authors and verdict_of(decision) == APPROVE:
        return (
            f"what gate {gate!r} shows is your own work, and its author may not approve it;"
            " somebody else has to, or edit or reject it"
        )
    return ""


def open_roles(approvers: CompiledApprovers, role: str, approved: Sequence[str]) -> tuple[str, ...]:
    """List as whom one may still decide; the role that a gate was escalated to comes last."""
    return tuple(
        each
        for each in dict.fromkeys([*approvers.of, *_further(approvers, role)])
        if each not in approved
    )


def _further(approvers: CompiledApprovers, role: str) -> tuple[str, ...]:
    return () if role in approvers.of else (role,)


def _any_of(roles: Sequence[str]) -> str:
    return " or ".join(roles) or "nobody else"


def person(who: str) -> str:
    """Write a person's name so that two spellings of it are the same: case and blanks aside."""
    return " ".join(who.split()).casefold()


def verdict_of(decision: GateDecision) -> str:
    """What a decision at an editor's gate says; empty at a gate about a failure."""
    value = decision.decision
    return str(value.facts.get("verdict", "")) if value else ""


def may_supply(flow: CompiledFlow, step: str, item: str) -> bool:
    """Whether a person may make by hand what a step did not: not to verify, not to publish.

    Of a fan-out it is one item; a failure that names none leaves nothing that one value could be.
    """
    failed = flow.steps[step]
    agent = flow.agents[failed.agent]
    return not (agent.verifies or agent.publishes) and bool(failed.each is None or item)


def digest_of_shown(references: Sequence[Reference]) -> Digest:
    """Digest what an editor's gate shows: SHA-256 over slot and digest of each, in order."""
    lines = [f"{reference.version}/{reference.item} {reference.digest}" for reference in references]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def digest_of_failure(step: str, visit: int, failure: Failure) -> Digest:
    """Digest what a gate that answers failures shows."""
    text = f"{step} {visit} {failure.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()
