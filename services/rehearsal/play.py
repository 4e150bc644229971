"""Plays a witness: the real interpreter on a real Temporal server, every answer made up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Worker

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.event import Event
from contracts.failure import FailureKind
from contracts.long_term import PinnedEntry
from contracts.reference import Trust, Value
from contracts.registry import Registry
from contracts.work import GateDecision, RunOutcome, RunStart
from services.rehearsal.activities import Stand, WitnessActivities
from services.rehearsal.script import ROUNDS, Script, with_short_deadlines
from services.settings import Settings
from services.stack.throwaway import temporal_server
from services.temporal import connect, workflow_runner
from workflows.checking.witness import Decided, Handled, Witness
from workflows.gates import APPROVE, verdict_of
from workflows.names import BUGS, DECIDE_LATER
from workflows.ports import registered
from workflows.run_flow import RunFlow

TENANT: Final = "rehearsal"
PATIENCE_SECONDS: Final = 60
"""A played run takes a second or two; its deadlines are shortened to one."""


@dataclass(frozen=True)
class Played:
    """How a run went that was played from a witness."""

    end: str
    """The declared end that it reached; empty when it reached none."""

    reason: str
    """The sentence with which the interpreter stopped it, or what it was seen doing."""

    as_foretold: bool


@asynccontextmanager
async def throwaway_client() -> AsyncIterator[Client]:
    """Connect to a Temporal server that is started for this and keeps nothing.

    Raises:
        UnavailableError: there is no server program, or it does not start.
    """
    async with temporal_server() as address:
        yield await connect(Settings(temporal_address=address))


async def play(client: Client, flow: CompiledFlow, witness: Witness, registry: Registry) -> Played:
    """Run a flow with the answers of a witness, and say whether it went wrong as foretold.

    The flow need not be sound: that is what is being shown.
    """
    script = Script(witness)
    stand = Stand(with_short_deadlines(flow, script), registry)
    activities = WitnessActivities(stand, script)
    queue = f"rehearsal-{uuid4().hex[:10]}"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[RunFlow],
        activities=registered(activities),
        workflow_runner=workflow_runner(),
        workflow_failure_exception_types=BUGS,
    )
    async with worker:
        handle = await client.start_workflow(
            RunFlow.run, _start(stand, witness, queue), id=f"{TENANT}/{queue}", task_queue=queue
        )
        people = asyncio.create_task(_decide(handle, stand, script, activities))
        try:
            return await _watch(handle, witness, activities)
        finally:
            people.cancel()
            with suppress(asyncio.CancelledError):
                await people


def _start(stand: Stand, witness: Witness, run: str) -> RunStart:
    body = stand.flow.encode()
    given = {
        slot: stand.value(slot, witness.given.get(slot, {}), "given") for slot in stand.flow.input
    }
    flow = Value(digest=digest(body), size=len(body), body=body.decode())
    entries = _pinned(stand, witness)
    return RunStart(tenant=TENANT, run=run, flow=flow, input=given, entries=entries)


def _pinned(stand: Stand, witness: Witness) -> dict[str, PinnedEntry]:
    """Make up what memory has, trusted no more than the check takes it to be."""
    return {
        slot: PinnedEntry(
            entry=kept.entry,
            version=1,
            contract=kept.contract,
            trust=Trust.UNTRUSTED,
            value=stand.value(slot, witness.given.get(slot, {}), "remembered"),
        )
        for slot, kept in stand.flow.memory.items()
        if slot not in witness.without
    }


async def _decide(
    handle: WorkflowHandle[RunFlow, RunOutcome],
    stand: Stand,
    script: Script,
    activities: WitnessActivities,
) -> None:
    """Answer each gate that opens as the script says; where nobody decides, wait."""
    while True:
        opened = await activities.opened.get()
        if script.move(opened.step, opened.visit) is None:
            activities.want_more(opened.step, opened.visit)
        for decision in _decisions(stand, script, opened):
            await handle.signal(DECIDE_LATER, decision)


def _decisions(stand: Stand, script: Script, opened: Event) -> list[GateDecision]:
    """Let as many people decide alike as it takes, each in a role of their own; nobody may too."""
    decision = _decision(stand, script, opened)
    approvers = stand.flow.gates[opened.step].approvers
    if decision is None or approvers is None:
        return [decision] if decision else []
    needed = approvers.need if verdict_of(decision) == APPROVE else 1
    return [
        decision.model_copy(
            update={"id": f"{decision.id}-{role}", "role": role, "who": f"the witness as {role}"}
        )
        for role in approvers.of[:needed]
    ]


def _decision(stand: Stand, script: Script, opened: Event) -> GateDecision | None:
    move = script.move(opened.step, opened.visit)
    common = {
        "id": f"{opened.step}-{opened.visit}",
        "gate": opened.step,
        "visit": opened.visit,
        "shown": opened.digest,
        "who": "the witness",
    }
    match move:
        case Handled(action=action, to=to):
            budget = stand.flow.budget if action == "raise_budget" else None
            return GateDecision.model_validate(
                {**common, "action": action, "to": to, "budget": budget}
            )
        case Decided():
            gate = stand.flow.gates[opened.step]
            assert gate.writes is not None
            said = {**move.facts, "verdict": move.verdict}
            mark = f"{opened.step} {opened.visit}"
            values = {"decision": stand.value(gate.writes, said, mark)}
            if move.edited is not None and gate.edits:
                values["edited"] = stand.value(gate.edits, move.edited, f"{mark} edited")
            return GateDecision.model_validate({**common, **values})
        case _:
            return None


async def _watch(
    handle: WorkflowHandle[RunFlow, RunOutcome], witness: Witness, activities: WitnessActivities
) -> Played:
    """Wait for the end of the run, or until it has gone round often enough."""
    ended = asyncio.create_task(_outcome(handle))
    goes_on = asyncio.create_task(activities.beyond.wait())
    try:
        await asyncio.wait(
            {ended, goes_on}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_SECONDS
        )
        if goes_on.done():
            if activities.goes_round:
                told = f"it went round {ROUNDS} times and wanted to go on"
                return Played("", told, as_foretold=True)
            return Played("", "it wanted more answers than were foretold", as_foretold=False)
        if ended.done():
            return _played(ended.result(), witness)
        return Played("", f"nothing came of it for {PATIENCE_SECONDS} s", as_foretold=False)
    finally:
        ended.cancel()
        goes_on.cancel()
        with suppress(RPCError):
            await handle.terminate("played")


def _played(outcome: RunOutcome, witness: Witness) -> Played:
    failure = outcome.failure
    if failure is None or failure.kind is not FailureKind.BUG:
        return Played(outcome.end, outcome.reason, as_foretold=False)
    return Played("", outcome.reason, as_foretold=failure.step == witness.at)


async def _outcome(handle: WorkflowHandle[RunFlow, RunOutcome]) -> RunOutcome:
    try:
        return await handle.result()
    except WorkflowFailureError as error:
        if isinstance(error.cause, ApplicationError) and error.cause.details:
            return RunOutcome.model_validate(error.cause.details[0], strict=False)
        raise
