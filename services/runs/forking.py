"""Lets a new run go on from where another one was: where it failed, or where somebody chose.

What was made before is taken over by its digest and copied for the new run, so that it is paid
once and the old run may go. The new run has a budget of its own: what the old one spent is its own
affair.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from contracts.base import Contract
from contracts.compiled import MISSING, CompiledFlow
from contracts.origin import Origin
from contracts.reference import Digest, FactValue, Trust, Value
from contracts.run import ForkRequest, RetryRequest, RunStatus
from contracts.usage import Price
from contracts.work import RunProgress, RunStart, SlotVersion
from services.errors import ConflictError
from services.llm.price import price_at
from services.memory.memory import NotInMemoryError
from services.runs.changing import carried, changed_agents, fitted, with_changes
from services.runs.fork_refusals import refuse_misfit, refuse_slots, refuse_stale, refuse_unfit
from services.runs.inputs import as_value, read_value, refuse_oversize
from services.runs.points import PastRun, Point, Wanted, facts_of, past_run
from services.runs.runs import Runs, Started
from workflows.authorship import begun_by, credit
from workflows.retracing import begun_anew
from workflows.state import RunState, reference_to


@dataclass(frozen=True)
class Plan:
    """A run that goes on from another, before anything is kept or started."""

    origin: Origin
    past: PastRun
    flow: CompiledFlow
    progress: RunProgress
    bodies: Mapping[Digest, bytes]
    """What is new in it."""

    by: str = ""
    """Who begins it, where somebody says so."""

    @property
    def fingerprint(self) -> str:
        """Tell requests apart that come with one idempotency key: by run, place and changes."""
        origin = self.origin.model_dump_json()
        lines = [origin, self.flow.source, *sorted(self.bodies)]
        lines += [
            f"{name} {agent.model} {sorted(agent.prompts.items())}"
            for name, agent in sorted(self.flow.agents.items())
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Forking:
    """Retries and forks the runs of one tenant."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def retry(self, run: str, request: RetryRequest, *, idempotency_key: str = "") -> Started:
        """Start a run that begins where an ended one failed; what it had made is taken over.

        Raises:
            NotFoundError: there is no such run.
            ConflictError: it goes on, it succeeded, or nothing in it failed.
            InputInvalidError: the flow on offer cannot go on there.
            NotInMemoryError: a value is nowhere to be found.
            IdempotencyMismatchError: the key was used for something else.
            UnavailableError: memory or Temporal does not answer.
        """
        return await self.start(await self.plan_retry(run, request), idempotency_key)

    async def fork(self, run: str, request: ForkRequest, *, idempotency_key: str = "") -> Started:
        """Start a run that begins somewhere on another one's way, with something changed or not.

        Raises:
            NotFoundError: there is no such run or place, or it never came there.
            ConflictError: what begins there would be refused at once.
            InputInvalidError: a change does not fit, or what was made from it would be stale.
            NotInMemoryError: a value is nowhere to be found.
            IdempotencyMismatchError: the key was used for something else.
            UnavailableError: memory or Temporal does not answer.
        """
        return await self.start(await self.plan_fork(run, request), idempotency_key)

    async def plan_retry(self, run: str, request: RetryRequest) -> Plan:
        """Find out where a retry would begin; raises as `retry` does."""
        summary = await self._runs.summary(run)
        past = await self._past(run)
        point = past.at_failure(_status(past, summary.status))
        changes = ForkRequest(flow_version=request.flow_version)
        return self._plan("retry", past, point, changes)

    async def plan_fork(self, run: str, request: ForkRequest) -> Plan:
        """Find out where a fork would begin; raises as `fork` does."""
        past = await self._past(run)
        refuse_slots(past.flow, request)
        agents = changed_agents(self._basis(past.flow, request), request)
        point = (
            past.at(request.at, request.visit)
            if request.at
            else past.first_use(Wanted(request.input, request.values, agents))
        )
        return self._plan("fork", past, point, request)

    async def plan_move(self, run: str, who: str) -> Plan:
        """Find out how a run would go on from where it stands, by the flow on offer now.

        Raises:
            ConflictError: a step of it is at work, or its flow has not changed.
            InputInvalidError: the flow on offer cannot go on there.
            NotInMemoryError: a value is nowhere to be found.
        """
        past = await self._past(run)
        if self._runs.shelf.get(past.flow.name) == past.flow:
            raise ConflictError(
                f"run {run!r} is by the flow {past.flow.name} as it is offered now; nothing to move"
            )
        request = ForkRequest(flow_version="current", by=who)
        return self._plan("move", past, past.standing(), request)

    async def _past(self, run: str) -> PastRun:
        runs = self._runs
        told, flow = await runs.told(run)
        return await past_run(runs.memory, runs.registry, runs.tenant, told, flow)

    def _basis(self, flow: CompiledFlow, request: ForkRequest) -> CompiledFlow:
        return self._runs.shelf.get(flow.name) if request.flow_version == "current" else flow

    def _plan(
        self,
        how: Literal["retry", "fork", "move"],
        past: PastRun,
        point: Point,
        request: ForkRequest,
    ) -> Plan:
        basis = self._basis(past.flow, request)
        flow = with_changes(basis, request, self._price_of)
        refuse_misfit(point.progress, past.flow, flow, point.place)
        progress = fitted(begun_anew(point.progress, point.place), past.flow, flow)
        state = RunState(progress)
        bodies = self._put(state, flow, request)
        refuse_stale(progress, state, flow, point)
        origin = Origin(
            run=past.told.start.run,
            how=how,
            place=point.place,
            visit=point.visit,
            changed=_changes(past.flow, flow, request),
        )
        begun_by(state.authors, flow.input, request.by)
        known = {"slots": state.slots, "versions": state.parents, "authors": state.authors}
        return Plan(origin, past, flow, progress.model_copy(update=known), bodies, request.by)

    def _price_of(self, model: str) -> Price | None:
        return price_at(self._runs.model_source, model)

    def _put(
        self, state: RunState, flow: CompiledFlow, request: ForkRequest
    ) -> dict[Digest, bytes]:
        """Put changed values in the place of those they replace, with their lineage."""
        bodies: dict[Digest, bytes] = {}
        for field, given in (("input", request.input), ("values", request.values)):
            for slot, each in given.items():
                value, body = self._value(flow, slot, each, f"/{field}/{slot}")
                bodies[value.digest] = body
                _replace(state, flow, slot, value, request.by)
        return bodies

    def _value(
        self, flow: CompiledFlow, slot: str, given: JsonValue, pointer: str
    ) -> tuple[Value, bytes]:
        contract: type[Contract] = self._runs.registry.get(flow.slots[slot])
        return as_value(read_value(contract, given, pointer), flow.facts.get(slot, ()))

    async def start(self, plan: Plan, idempotency_key: str = "") -> Started:
        """Copy what a planned run goes on with, and start it.

        Raises:
            ConflictError: what begins there would be refused at once.
            NotInMemoryError: a value is nowhere to be found.
            IdempotencyMismatchError: the key was used for something else.
            UnavailableError: memory or Temporal does not answer.
        """
        runs, old = self._runs, plan.past.told.start
        run = runs.id_for(idempotency_key)
        held = {
            held.digest for slot in plan.progress.slots.values() for held in slot.references
        } | {item.result.value.digest for item in plan.progress.finished_items.values()}
        bodies = {**await runs.memory.look_up(runs.tenant, old.run, held - {*plan.bodies})}
        bodies |= plan.bodies
        if lost := sorted(held - {*bodies}):
            raise NotInMemoryError(lost)
        progress = plan.progress.model_copy(update={"slots": self._with_facts(plan, bodies)})
        refuse_unfit(plan.flow, progress)
        value, body = carried(plan.flow)
        start = RunStart(
            tenant=runs.tenant,
            run=run,
            flow=value,
            entries=old.entries,
            history_limit=old.history_limit,
            progress=progress,
            origin=plan.origin,
            by=plan.by or old.by,
            notifies=True,
        )
        refuse_oversize(start, plan.flow.name)
        await runs.memory.adopt(runs.tenant, run, {**bodies, value.digest: body})
        return await runs.start_prepared(start, plan.flow, plan.fingerprint)

    def _with_facts(self, plan: Plan, bodies: Mapping[Digest, bytes]) -> dict[str, SlotVersion]:
        """Compute what the flow needs to know of each value; another flow may need more."""
        partial = {step.writes for step in plan.flow.steps.values() if step.partial}
        slots = {}
        for slot, held in plan.progress.slots.items():
            facts: dict[str, FactValue] = held.facts
            if not plan.flow.list_slot(slot):
                [reference] = held.references
                body = bodies[reference.digest]
                facts = facts_of(reference, body, plan.flow, self._runs.registry)
            elif slot in partial:
                facts = {MISSING: 0, **facts}
            slots[slot] = held.model_copy(update={"facts": facts})
        return slots


def _status(past: PastRun, seen: RunStatus) -> RunStatus:
    outcome = past.told.outcome
    return RunStatus(outcome.outcome) if outcome else seen


def _replace(state: RunState, flow: CompiledFlow, slot: str, value: Value, who: str) -> None:
    before = state.slots.get(slot)
    old = before.references[0] if before else None
    reference = reference_to(
        value,
        slot,
        state.next_ordinal(slot),
        contract=flow.slots[slot],
        trust=Trust.OPERATOR,
        produced_by="input",
        visit=1,
        made_from=old.made_from if old else (),
        about=old.about if old else (),
    )
    state.put(slot, (reference,), value.facts)
    if who:
        credit(state.authors, reference, who, is_edit=True)


def _changes(before: CompiledFlow, flow: CompiledFlow, request: ForkRequest) -> tuple[str, ...]:
    version = f"flow version {flow.version}" if request.flow_version == "current" else ""
    told = [
        *(f"input {slot}" for slot in request.input),
        *(f"value {slot}" for slot in request.values),
        *(f"prompt {key}" for key in request.prompts),
        *(f"model {alias}" for alias in request.models),
        *([version] if version and flow.source != before.source else []),
    ]
    return tuple(told)
