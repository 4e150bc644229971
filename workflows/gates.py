"""What an open gate accepts: exactly one decision, about exactly what was shown."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.compiled import CompiledFlow, CompiledGate
from contracts.failure import Failure
from contracts.reference import Digest, Reference
from contracts.work import GateDecision

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

    def objection(self, decision: GateDecision) -> str:
        """Say why a decision cannot be taken here; empty when it can."""
        if (decision.gate, decision.visit) != (self.name, self.visit):
            return f"gate {decision.gate!r} is not open; {self.name!r} is"
        if self.decision is not None and self.decision.id != decision.id:
            return f"gate {self.name!r} was decided already"
        if decision.shown != self.shown:
            return f"the decision is about {decision.shown[:12]}; now {self.shown[:12]} is shown"
        return self._misfit(decision)

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
        if verdict is not None and (verdict == "edited") != (decision.edited is not None):
            return "the verdict `edited` comes with the edited value, and no other verdict does"
        return ""


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
