"""Reads what a person sends to a gate: checked against the gate, its values serialised once."""

import secrets
from collections.abc import Callable, Mapping, Sequence

from pydantic import JsonValue

from contracts.base import Contract
from contracts.compiled import CompiledFlow, CompiledGate
from contracts.content.decision import (
    Decision,
    DecisionV1,
    DecisionVerdict,
    FirstDecisionVerdict,
    PersonComment,
)
from contracts.reference import Digest, Value
from contracts.registry import Registry
from contracts.run import CommentRequest, DecisionRequest, GateView
from contracts.work import GateDecision
from services.errors import InputInvalidError, Problem
from services.runs.inputs import as_value, invalid, read_value
from services.runs.open_gates import verdicts
from workflows.gates import NO_HANDWORK, may_supply

Keep = Callable[[str, Contract], Value]
"""Serialises a value of a slot and remembers to store it."""


class Deciding:
    """Reads decisions at the gates of one flow."""

    def __init__(self, flow: CompiledFlow, registry: Registry) -> None:
        self._flow = flow
        self._registry = registry

    def read(
        self, waiting: GateView, request: DecisionRequest
    ) -> tuple[GateDecision, dict[Digest, bytes]]:
        """Read a request as a decision, with the bytes of its values.

        Raises:
            InputInvalidError: the decision is not one that this gate takes.
        """
        gate = self._flow.gates[waiting.gate]
        bodies: dict[Digest, bytes] = {}

        def keep(slot: str, value: Contract) -> Value:
            kept, body = as_value(value, self._flow.facts.get(slot, ()))
            bodies[kept.digest] = body
            return kept

        values: Mapping[str, Value | None]
        if gate.answers_failure:
            values = self._answer(gate, waiting, request, keep)
        else:
            values = self._verdict(gate, request, keep)
        decision = GateDecision(
            id=request.id or secrets.token_hex(8),
            gate=waiting.gate,
            visit=waiting.visit,
            shown=request.shown,
            who=request.who,
            role=request.role,
            action=request.action,
            budget=request.budget,
            to=request.to,
        ).model_copy(update=dict(values))
        return decision, bodies

    def _verdict(
        self, gate: CompiledGate, request: DecisionRequest, keep: Keep
    ) -> dict[str, Value | None]:
        """Read an editor's verdict, with the edited value where there is one."""
        said = verdicts(gate)
        if request.verdict not in said or _about_failure(request):
            told = f"give {', '.join(said[:-1])} or {said[-1]}, and nothing about a failure"
            raise invalid("this gate takes a verdict", [Problem("/verdict", told)])
        if (request.verdict == "edited") != (request.edited is not None):
            raise invalid(
                "the verdict and the edit do not agree",
                [Problem("/edited", "send the whole edited value with the verdict `edited`")],
            )
        edited = None
        if request.edited is not None and gate.edits:
            edited = keep(gate.edits, self._value(gate.edits, request.edited, "/edited"))
        assert gate.writes is not None
        return {"decision": keep(gate.writes, self._decision(gate, request)), "edited": edited}

    def _decision(self, gate: CompiledGate, request: DecisionRequest) -> Decision | DecisionV1:
        """Write a decision as the gate's slot has it.

        Raises:
            InputInvalidError: comments do not fit.
        """
        assert request.verdict is not None
        if self._flow.slots[gate.writes or ""] != DecisionV1.key():
            return Decision(
                verdict=DecisionVerdict(request.verdict),
                comment=request.comment,
                comments=_numbered(request),
                who=request.who,
                shown=request.shown,
            )
        if request.comments:
            told = "this gate writes a Decision@1, which has none; say it in `comment`"
            raise invalid("comments do not fit", [Problem("/comments", told)])
        return DecisionV1(
            verdict=FirstDecisionVerdict(request.verdict),
            comment=request.comment,
            who=request.who,
            shown=request.shown,
        )

    def _answer(
        self, gate: CompiledGate, waiting: GateView, request: DecisionRequest, keep: Keep
    ) -> dict[str, Value | None]:
        """Read what a person wants done about a failure."""
        if request.action not in gate.allow:
            allowed = ", ".join(gate.allow)
            raise invalid(
                "this gate asks what to do", [Problem("/action", f"give one of {allowed}")]
            )
        if (request.action == "raise_budget") != (request.budget is not None):
            raise invalid(
                "the action and the budget do not agree",
                [Problem("/budget", "send the whole new budget with raise_budget")],
            )
        fits = request.to in gate.go if request.action == "go" else not request.to
        if not fits:
            places = ", ".join(gate.go)
            told = f"name one of {places}" if request.action == "go" else "drop it"
            raise invalid("the action and the place do not agree", [Problem("/to", told)])
        if (request.action == "supply") != (request.supplied is not None):
            raise invalid(
                "the action and the value do not agree",
                [Problem("/supplied", "send the value with supply")],
            )
        if request.supplied is None:
            return {}
        assert waiting.failure is not None
        return {"supplied": self._supplied(waiting, request.supplied, keep)}

    def _supplied(self, waiting: GateView, given: Mapping[str, JsonValue], keep: Keep) -> Value:
        assert waiting.failure is not None
        failed = waiting.failure.step
        step = self._flow.steps[failed]
        if not may_supply(self._flow, failed, waiting.failure.item):
            raise InputInvalidError(f"step {failed}: {NO_HANDWORK}; retry or stop")
        return keep(step.writes, self._value(step.writes, given, "/supplied"))

    def _value(self, slot: str, given: Mapping[str, JsonValue], pointer: str) -> Contract:
        contract = self._registry.get(self._flow.slots[slot].strip("[]"))
        return read_value(contract, dict(given), pointer)


def _numbered(request: DecisionRequest) -> tuple[PersonComment, ...]:
    """Give every comment an id of its own.

    Raises:
        InputInvalidError: an id comes twice, or a revision has no comment.
    """
    if request.verdict == "revise" and not request.comments:
        told = "say what to change: a revision needs at least one comment"
        raise invalid("a revision without comments", [Problem("/comments", told)])
    ids = _ids(request.comments)
    if len(set(ids)) < len(ids):
        raise invalid("comment ids repeat", [Problem("/comments", "give each an id of its own")])
    return tuple(
        PersonComment(id=own, section_id=each.section_id, text=each.text, blocking=each.blocking)
        for own, each in zip(ids, request.comments, strict=True)
    )


def _ids(comments: Sequence[CommentRequest]) -> list[str]:
    given = {each.id for each in comments if each.id}
    free = (f"c{number}" for number in range(1, 2 * len(comments) + 1))
    unused = iter([each for each in free if each not in given])
    return [each.id or next(unused) for each in comments]


def _about_failure(request: DecisionRequest) -> bool:
    """Whether a request says anything that only a gate about a failure takes."""
    return any((request.action, request.supplied, request.budget, request.to))
