"""Gates: which ones wait, and how a decision reaches its run even while no worker is up."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from pydantic import JsonValue
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import Contract
from contracts.compiled import CompiledFlow, CompiledGate
from contracts.content.decision import Decision, DecisionVerdict
from contracts.event import EventKind
from contracts.reference import Digest, Value
from contracts.run import DecisionReply, DecisionRequest, GateView
from contracts.work import GateDecision
from services.errors import ConflictError, InputInvalidError, NotFoundError, Problem
from services.runs import view
from services.runs.history import Told
from services.runs.inputs import as_value, invalid, read_value
from services.runs.listing import Filters
from services.runs.runs import Runs, unavailable
from workflows import names
from workflows.gates import NO_HANDWORK, may_supply

UPDATE_WAIT: Final = timedelta(seconds=2)
"""How long a decision waits for a worker before it is sent as a signal."""

HISTORY_BYTES: Final = 25 * 1024 * 1024
"""Half of what Temporal lets a history take (`limit.historySize.error`, 50 MB)."""

HISTORY_EVENTS: Final = 25_000
"""Half of its events (`limit.historyCount.error`, 50 Ki)."""

INBOX_LIMIT: Final = 100
HISTORIES_AT_ONCE: Final = 10

Keep = Callable[[str, Contract], Value]
"""Serialises a value of a slot and remembers to store it."""


class Gates:
    """Lists and decides the gates of one tenant's runs."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def open(self, run: str = "") -> tuple[GateView, ...]:
        """List the gates that wait, of one run or of all."""
        if run:
            waiting = [run]
        else:
            page = await self._runs.list(Filters(needs_person=True), limit=INBOX_LIMIT)
            waiting = [each.id for each in page.runs]
        limit = asyncio.Semaphore(HISTORIES_AT_ONCE)
        found = await asyncio.gather(*(self._open_gate(each, limit) for each in waiting))
        return tuple(gate for gate in found if gate)

    async def decide(self, run: str, gate: str, request: DecisionRequest) -> DecisionReply:
        """Check a decision against what the run shows now, keep its values, and send it.

        Raises:
            NotFoundError: no such run.
            ConflictError: the gate is not open, or shows something else by now.
            InputInvalidError: the decision is not one that this gate takes.
        """
        told, flow = await self._runs.told(run)
        waiting = view.open_gate(told, flow)
        if gate not in flow.gates:
            known = ", ".join(flow.gates) or "none"
            raise NotFoundError(f"flow {flow.name} has no gate {gate!r}; it has {known}")
        if _was_taken(told, gate, request):
            return DecisionReply(id=request.id, delivered=True)
        if waiting is None or waiting.gate != gate:
            raise ConflictError(f"gate {gate!r} of run {run!r} is not open: decided or expired")
        if waiting.deadline_ms <= time.time() * 1000:
            # With no worker up the run itself does not know yet, and would take the decision first.
            raise ConflictError(f"the deadline of gate {gate!r} has passed; nobody can decide it")
        if request.shown != waiting.shown:
            raise ConflictError(
                f"the decision is about {request.shown[:12]}, and gate {gate!r} now shows"
                f" {waiting.shown[:12]}; look again and decide on that"
            )
        decision, bodies = self._decision(flow, flow.gates[gate], waiting, request)
        await self._runs.memory.write(self._runs.tenant, run, bodies)
        return await self._send(run, decision)

    async def _open_gate(self, run: str, limit: asyncio.Semaphore) -> GateView | None:
        async with limit:
            told, flow = await self._runs.told(run)
        return view.open_gate(told, flow)

    def _decision(
        self,
        flow: CompiledFlow,
        gate: CompiledGate,
        waiting: GateView,
        request: DecisionRequest,
    ) -> tuple[GateDecision, dict[Digest, bytes]]:
        bodies: dict[Digest, bytes] = {}

        def keep(slot: str, value: Contract) -> Value:
            kept, body = as_value(value, flow.facts.get(slot, ()))
            bodies[kept.digest] = body
            return kept

        values: Mapping[str, Value | None]
        if gate.answers_failure:
            values = self._answer(flow, gate, waiting, request, keep)
        else:
            values = self._verdict(flow, gate, request, keep)
        decision = GateDecision(
            id=request.id or secrets.token_hex(8),
            gate=waiting.gate,
            visit=waiting.visit,
            shown=request.shown,
            who=request.who,
            action=request.action,
            budget=request.budget,
            to=request.to,
        ).model_copy(update=dict(values))
        return decision, bodies

    def _verdict(
        self, flow: CompiledFlow, gate: CompiledGate, request: DecisionRequest, keep: Keep
    ) -> dict[str, Value | None]:
        """Read an editor's verdict, with the edited value where there is one."""
        if request.verdict is None or _about_failure(request):
            raise invalid(
                "this gate takes a verdict",
                [
                    Problem(
                        "/verdict", "give approve, edited or reject, and nothing about a failure"
                    )
                ],
            )
        if (request.verdict == "edited") != (request.edited is not None):
            raise invalid(
                "the verdict and the edit do not agree",
                [Problem("/edited", "send the whole edited value with the verdict `edited`")],
            )
        edited = None
        if request.edited is not None:
            if gate.edits is None:
                raise invalid("nothing can be edited here", [Problem("/edited", "drop it")])
            edited = keep(gate.edits, self._value(flow, gate.edits, request.edited, "/edited"))
        decision = Decision(
            verdict=DecisionVerdict(request.verdict),
            comment=request.comment,
            who=request.who,
            shown=request.shown,
        )
        assert gate.writes is not None
        return {"decision": keep(gate.writes, decision), "edited": edited}

    def _answer(
        self,
        flow: CompiledFlow,
        gate: CompiledGate,
        waiting: GateView,
        request: DecisionRequest,
        keep: Keep,
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
        return {"supplied": self._supplied(flow, waiting, request.supplied, keep)}

    def _supplied(
        self, flow: CompiledFlow, waiting: GateView, given: Mapping[str, JsonValue], keep: Keep
    ) -> Value:
        assert waiting.failure is not None
        failed = waiting.failure.step
        step = flow.steps[failed]
        if not may_supply(flow, failed, waiting.failure.item):
            raise InputInvalidError(f"step {failed}: {NO_HANDWORK}; retry or stop")
        return keep(step.writes, self._value(flow, step.writes, given, "/supplied"))

    def _value(
        self, flow: CompiledFlow, slot: str, given: Mapping[str, JsonValue], pointer: str
    ) -> Contract:
        contract = self._runs.registry.get(flow.slots[slot].strip("[]"))
        return read_value(contract, dict(given), pointer)

    async def _send(self, run: str, decision: GateDecision) -> DecisionReply:
        """Send by update; when no worker answers in time, the same decision by signal."""
        handle = self._runs.handle(run)
        try:
            async with asyncio.timeout(UPDATE_WAIT.total_seconds()):
                await handle.execute_update(names.DECIDE, decision, id=decision.id)
        except WorkflowUpdateFailedError as error:
            told = error.cause.message if isinstance(error.cause, ApplicationError) else "refused"
            raise ConflictError(told) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            await self._send_later(run, decision)
            return DecisionReply(id=decision.id, delivered=False)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise ConflictError(f"run {run!r} has ended; nothing waits any more") from error
            raise unavailable(error) from error
        return DecisionReply(id=decision.id, delivered=True)

    async def _send_later(self, run: str, decision: GateDecision) -> None:
        handle = self._runs.handle(run)
        try:
            # Every signal stays in the history, which nobody shortens while no worker is up.
            known = (await handle.describe()).raw_description.workflow_execution_info
            if known.history_size_bytes > HISTORY_BYTES or known.history_length > HISTORY_EVENTS:
                raise ConflictError(
                    f"the history of run {run!r} takes no more decisions while no worker is up;"
                    " start a worker, which takes the first of those that wait"
                )
            await handle.signal(names.DECIDE_LATER, decision)
        except RPCError as error:
            raise unavailable(error) from error


def _was_taken(told: Told, gate: str, request: DecisionRequest) -> bool:
    """Whether this very decision was taken before: its sender may not have had the answer."""
    sent = (request.id, gate, request.shown)
    known = any((each.id, each.gate, each.shown) == sent for each in told.decisions)
    taken = (EventKind.GATE_DECIDED, gate, request.shown, request.who)
    return known and any(
        (event.kind, event.step, event.digest, event.text) == taken for event in told.ordered()
    )


def _about_failure(request: DecisionRequest) -> bool:
    """Whether a request says anything that only a gate about a failure takes."""
    return any((request.action, request.supplied, request.budget, request.to))
