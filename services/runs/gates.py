"""Gates: which ones wait, and how a decision reaches its run even while no worker is up."""

import asyncio
import time
from datetime import timedelta
from typing import Final

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from contracts.compiled import CompiledFlow
from contracts.event import EventKind
from contracts.run import DecisionReply, DecisionRequest, GateView
from contracts.work import DecisionReceipt, GateDecision
from services.errors import ConflictError, NotFoundError
from services.runs.deciding import Deciding
from services.runs.history import Told
from services.runs.inbox import Inbox
from services.runs.looking import Looking
from services.runs.open_gates import as_the_run_sees_it, open_gate
from services.runs.runs import Runs, unavailable
from workflows import names
from workflows.gates import OpenGate

UPDATE_WAIT: Final = timedelta(seconds=2)
"""How long a decision waits for a worker before it is sent as a signal."""

HISTORY_BYTES: Final = 25 * 1024 * 1024
"""Half of what Temporal lets a history take (`limit.historySize.error`, 50 MB)."""

HISTORY_EVENTS: Final = 25_000
"""Half of its events (`limit.historyCount.error`, 50 Ki)."""


class Gates:
    """Lists, shows and decides the gates of one tenant's runs."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.inbox = Inbox(runs)
        self.looking = Looking(runs)

    async def open(self, run: str) -> tuple[GateView, ...]:
        """List the gates of a run that wait: none or one."""
        told, flow = await self._runs.told(run)
        found = open_gate(told, flow)
        return (found,) if found else ()

    async def decide(self, run: str, gate: str, request: DecisionRequest) -> DecisionReply:
        """Check a decision against what the run shows now, keep its values, and send it.

        Raises:
            NotFoundError: no such run.
            ConflictError: the gate is not open, or shows something else by now.
            InputInvalidError: the decision is not one that this gate takes.
        """
        told, flow = await self._runs.told(run)
        waiting = open_gate(told, flow)
        if gate not in flow.gates:
            known = ", ".join(flow.gates) or "none"
            raise NotFoundError(f"flow {flow.name} has no gate {gate!r}; it has {known}")
        if reply := _taken_before(told, flow, gate, request):
            return reply
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
        decision, bodies = Deciding(flow, self._runs.registry).read(waiting, request)
        counted = _counted(as_the_run_sees_it(told, flow, waiting), decision)
        await self._runs.memory.write(self._runs.tenant, run, bodies)
        return await self._send(run, decision, counted)

    async def _send(
        self, run: str, decision: GateDecision, counted: DecisionReply
    ) -> DecisionReply:
        """Send by update; when no worker answers in time, the same decision by signal."""
        handle = self._runs.handle(run)
        try:
            async with asyncio.timeout(UPDATE_WAIT.total_seconds()):
                receipt: DecisionReceipt = await handle.execute_update(
                    names.DECIDE, decision, id=decision.id, result_type=DecisionReceipt
                )
        except WorkflowUpdateFailedError as error:
            told = error.cause.message if isinstance(error.cause, ApplicationError) else "refused"
            raise ConflictError(told) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            await self._send_later(run, decision)
            return counted
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise ConflictError(f"run {run!r} has ended; nothing waits any more") from error
            raise unavailable(error) from error
        return DecisionReply(
            id=decision.id, delivered=True, approvals=receipt.approvals, needed=receipt.needed
        )

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


def _counted(opened: OpenGate, decision: GateDecision) -> DecisionReply:
    """Say what a decision would come to, as the run will judge it.

    Raises:
        ConflictError: the run would not take it.
    """
    if objection := opened.objection(decision):
        raise ConflictError(objection)
    opened.take(decision)
    approvers = opened.gate.approvers
    return DecisionReply(
        id=decision.id,
        delivered=False,
        approvals=len(opened.approvals),
        needed=approvers.need if approvers else 0,
    )


def _taken_before(
    told: Told, flow: CompiledFlow, gate: str, request: DecisionRequest
) -> DecisionReply | None:
    """Answer a decision that was taken before: its sender may not have had the answer."""
    sent = (request.id, gate, request.shown)
    if not any((each.id, each.gate, each.shown) == sent for each in told.decisions):
        return None
    said = (gate, request.shown, request.who)
    taken = [
        event
        for event in told.ordered()
        if event.kind in (EventKind.GATE_DECIDED, EventKind.APPROVED)
        and (event.step, event.digest, event.text) == said
    ]
    if not taken:
        return None
    approvers = flow.gates[gate].approvers
    approved = [
        event
        for event in told.ordered()
        if (event.kind, event.step, event.visit) == (EventKind.APPROVED, gate, taken[-1].visit)
    ]
    return DecisionReply(
        id=request.id,
        delivered=True,
        approvals=len(approved),
        needed=approvers.need if approvers else 0,
    )
