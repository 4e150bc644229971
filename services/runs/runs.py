"""Runs: start, look at, cancel. With `gates` beside it, the only callers of Temporal's client."""

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue, ValidationError
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowHandle,
)
from temporalio.common import (
    Priority,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.compiled import CompiledBudget, CompiledFlow
from contracts.double_start import ClaimTask, DoubleStart
from contracts.reference import Digest, Value
from contracts.registry import Registry
from contracts.run import GateView, HandOff, RunStatus, RunSummary, RunView, SlotView, StepView
from contracts.work import RunOutcome, RunStart
from services.errors import (
    ConflictError,
    IdempotencyMismatchError,
    NotFoundError,
    OperatorError,
    UnavailableError,
)
from services.flows.shelf import Shelf
from services.long_term.entries import LongTermMemory
from services.long_term.in_process import empty_memory
from services.memory.base import Quarantined
from services.memory.memory import Memory
from services.runs import view
from services.runs.history import RunHistory, Told, UnreadableRunError
from services.runs.listing import (
    Filters,
    Waiting,
    query_for,
    read_cursor,
    status_of,
    waiting,
    write_cursor,
)
from services.runs.open_gates import open_gate
from services.runs.origins import headline, origin_memo, origin_of
from services.runs.preparing import HISTORY_LIMIT_EVENTS, Preparing
from services.runs.turns import Turns
from services.settings import Settings
from workflows import names
from workflows.run_flow import RunFlow

_REFUSED: Final = frozenset(
    {
        RPCStatusCode.INVALID_ARGUMENT,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.UNIMPLEMENTED,
    }
)
WAITING_LIMIT: Final = 10_000
"""Waiting runs that are put in order; of more, the newest so many."""

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Started:
    """A run that exists, and whether an earlier request had started it."""

    run: str
    replayed: bool


@dataclass(frozen=True)
class Present:
    """A run, its work and the gate that waits, all as one reading of its history tells them."""

    run: RunView
    steps: tuple[StepView, ...]
    gate: GateView | None
    told: frozenset[int]
    """Numbers of the transitions that this takes into account."""


@dataclass(frozen=True)
class Page:
    """One page of runs and the cursor of the next, empty on the last."""

    runs: tuple[RunSummary, ...]
    cursor: str


def new_run_id() -> str:
    """Make a ULID: 26 characters, sortable by time (github.com/ulid/spec)."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


class Runs:
    """Starts and inspects the runs of one tenant."""

    def __init__(
        self,
        client: Client,
        memory: Memory,
        shelf: Shelf,
        registry: Registry,
        settings: Settings,
        entries: LongTermMemory | None = None,
    ) -> None:
        """Prepare; without entries, runs find a long-term memory in which nothing is."""
        self.client = client
        self.memory = memory
        self.shelf = shelf
        self.registry = registry
        self.tenant = settings.tenant
        self.model_source = settings.model_source
        self.history = RunHistory(client)
        self.entries = entries or empty_memory(memory.archive, registry)
        self._preparing = Preparing(memory, shelf, registry, self.entries)
        self.queue = settings.task_queue
        self.ui = settings.temporal_ui_url

    async def start(
        self,
        flow_name: str,
        given: Mapping[str, JsonValue],
        *,
        idempotency_key: str = "",
        history_limit: int = HISTORY_LIMIT_EVENTS,
        by: str = "",
        subject: str = "",
        on_conflict: DoubleStart | None = None,
    ) -> Started:
        """Validate the input, keep it and start a run.

        The same key with the same flow and input gives the same run. With a subject, the caller's
        or the flow's, the run takes turns with others of the flow on it.

        Raises:
            ConflictError: a run on the same subject goes on, and this one was not to wait.
            NotFoundError: there is no such flow.
            FlowInvalidError: the compiled flow is too large for a run to carry.
            InputInvalidError: the input does not fit, or is too large.
            IdempotencyMismatchError: the key was used with another flow or input.
            UnavailableError: memory or Temporal does not answer.
        """
        run = self.id_for(idempotency_key)
        start, flow = await self._preparing.prepare(
            self.tenant,
            run,
            flow_name,
            given,
            history_limit=history_limit,
            subject=subject,
            on_conflict=on_conflict,
        )
        if start.subject and not (idempotency_key and await self._exists(run)):
            await self._claim(start)
        start = start.model_copy(update={"by": by})
        return await self.start_prepared(start, flow, _fingerprint(flow_name, start.input))

    async def get(self, run: str) -> RunView:
        """Describe one run; works with no worker up.

        Raises:
            NotFoundError: there is no such run.
        """
        return (await self.present(run)).run

    async def summary(self, run: str) -> RunSummary:
        """Describe one run as lists do, without reading its history.

        Raises:
            NotFoundError: there is no such run.
        """
        summary, _ = await self.seen(run)
        return summary

    async def seen(self, run: str) -> tuple[RunSummary, Mapping[str, int]]:
        """Describe one run, with the attempt of each activity under way, by Temporal's id of it.

        Raises:
            NotFoundError: there is no such run.
        """
        described = await self._describe(run)
        pending = described.raw_description.pending_activities
        return await self._summary(described), {each.activity_id: each.attempt for each in pending}

    async def present(self, run: str) -> Present:
        """Describe one run, its work and its open gate, from one reading of its history.

        Raises:
            NotFoundError: there is no such run.
        """
        # Described first, so that a run described as ended is told to its end.
        summary, attempts = await self.seen(run)
        try:
            told, flow = await self.told(run)
        except UnreadableRunError as error:
            reason = await self.history.ending(self.tenant, run) or str(error)
            return Present(_unreadable_view(summary, reason), (), None, frozenset())
        is_untold = summary.status.is_final and told.outcome is None
        reason = await self.history.ending(self.tenant, run) if is_untold else ""
        return Present(
            run=_run_view(summary, told, flow, reason),
            steps=_with_attempts(view.steps(told), attempts, told),
            gate=open_gate(told, flow),
            told=frozenset(told.events),
        )

    async def list(self, filters: Filters, *, limit: int = 20, cursor: str = "") -> Page:
        """List runs, newest first; a page of queued or running ones may be short of the limit.

        Raises:
            InputInvalidError: the cursor is not one of ours, or of a list with other filters.
        """
        query = query_for(self.tenant, filters)
        iterator = self.client.list_workflows(
            query, page_size=limit, next_page_token=read_cursor(cursor, query)
        )
        try:
            await iterator.fetch_next_page(page_size=limit)
        except RPCError as error:
            raise unavailable() from error
        found = await asyncio.gather(*map(self._listed, iterator.current_page or ()))
        kept = [each for each in found if filters.status in (None, each.status)]
        return Page(tuple(kept), write_cursor(iterator.next_page_token, query))

    async def waiting(self, filters: Filters) -> tuple[Waiting, ...]:
        """List the runs that wait at gates, without reading any history.

        Raises:
            UnavailableError: Temporal does not answer.
        """
        query = query_for(self.tenant, replace(filters, needs_person=True))
        found = self.client.list_workflows(query, page_size=1_000, limit=WAITING_LIMIT)
        try:
            return tuple([waiting(each) async for each in found])
        except RPCError as error:
            raise unavailable() from error

    async def steps(self, run: str) -> tuple[StepView, ...]:
        """List a run's pieces of work, with the attempt that is under way."""
        _, attempts = await self.seen(run)
        told = await self.history.tell(self.tenant, run)
        return _with_attempts(view.steps(told), attempts, told)

    async def hand_offs(self, run: str) -> tuple[HandOff, ...]:
        """List the borders a run has crossed."""
        return view.hand_offs(await self.history.tell(self.tenant, run))

    async def context(self, run: str) -> tuple[SlotView, ...]:
        """List a run's slots with all their versions."""
        told = await self.history.tell(self.tenant, run)
        return view.slots(told, _flow_of(told))

    async def value(self, run: str, wanted: Digest) -> JsonValue:
        """Fetch one value of a run's context, verified, restored where memory lost it.

        Raises:
            NotFoundError: the run never held a value of that digest.
        """
        slots = await self.context(run)
        if wanted not in {held.digest for slot in slots for held in slot.versions}:
            raise NotFoundError(f"run {run!r} holds no value {wanted[:12]!r}")
        stored, _ = await self.memory.read(self.tenant, run, [wanted])
        value: JsonValue = json.loads(stored[wanted])
        return value

    async def result(self, run: str) -> JsonValue:
        """Fetch what a run that succeeded has made.

        Raises:
            ConflictError: it has not ended, or not in success; the message says how it stands.
        """
        found = await self.get(run)
        if not found.status.is_final:
            raise ConflictError(f"run {run!r} is {found.status}; its result comes when it succeeds")
        if found.output is None:
            raise ConflictError(f"run {run!r} {found.status} and has no result: {found.reason}")
        return await self.value(run, found.output.digest)

    async def quarantined(self, run: str) -> tuple[Quarantined, ...]:
        """List the answers of a run that failed a check, oldest first.

        Raises:
            NotFoundError: there is no such run.
        """
        await self.summary(run)
        return await self.memory.store.quarantined(self.tenant, run)

    async def told(self, run: str) -> tuple[Told, CompiledFlow]:
        """Read a run's history once, with its compiled flow."""
        told = await self.history.tell(self.tenant, run)
        return told, _flow_of(told)

    async def cancel(self, run: str) -> None:
        """Ask a run to stop; it closes its streams and tells the end itself.

        Raises:
            ConflictError: it has ended already.
        """
        status = (await self.summary(run)).status
        if status.is_final:
            raise ConflictError(f"run {run!r} has ended already: it {status}")
        try:
            await self.handle(run).cancel()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise ConflictError(f"run {run!r} has ended in this moment") from error
            raise unavailable() from error

    def handle(self, run: str) -> WorkflowHandle[RunFlow, RunOutcome]:
        """Reach a run's workflow."""
        return self.client.get_workflow_handle_for(RunFlow.run, names.workflow_id(self.tenant, run))

    def temporal_url(self, run: str) -> str:
        """Write where the Temporal web UI shows a run; empty when no UI is configured."""
        if not self.ui:
            return ""
        workflow = quote(names.workflow_id(self.tenant, run), safe="")
        return f"{self.ui}/namespaces/{self.client.namespace}/workflows/{workflow}"

    def id_for(self, idempotency_key: str) -> str:
        """Name the run that a request is going to have: with a key always the same."""
        if not idempotency_key:
            return new_run_id()
        text = f"{self.tenant}\n{idempotency_key}"
        return "K" + hashlib.sha256(text.encode()).hexdigest()[:25].upper()

    async def start_prepared(
        self, start: RunStart, flow: CompiledFlow, fingerprint: str
    ) -> Started:
        """Start a run of which everything is kept.

        Raises:
            IdempotencyMismatchError: its id was used before, for another fingerprint.
            UnavailableError: Temporal does not answer.
        """
        nonce = secrets.token_hex(8)
        try:
            await self.client.start_workflow(
                RunFlow.run,
                start,
                id=names.workflow_id(self.tenant, start.run),
                task_queue=self.queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                memo={"fingerprint": fingerprint, "nonce": nonce, **origin_memo(start.origin)},
                search_attributes=names.run_attributes(self.tenant, flow.name),
                static_summary=headline(start, flow),
                static_details=flow.summary,
                # Its activities inherit it: one tenant's burst of runs holds nobody else's up.
                priority=Priority(fairness_key=self.tenant),
            )
        except WorkflowAlreadyStartedError:
            pass
        except RPCError as error:
            raise unavailable(error) from error
        if not start.run.startswith("K"):
            return Started(start.run, replayed=False)
        memo = await (await self._describe(start.run)).memo()
        if memo.get("fingerprint") != fingerprint:
            raise IdempotencyMismatchError(
                "this Idempotency-Key was used before with another flow or input; use a new key"
            )
        return Started(start.run, replayed=memo.get("nonce") != nonce)

    async def _exists(self, run: str) -> bool:
        try:
            await self._describe(run)
        except NotFoundError:
            return False
        return True

    async def _claim(self, start: RunStart) -> None:
        """Claim the turn before the run exists: one whose turn never comes would wait for ever."""
        wanted = ClaimTask(
            tenant=start.tenant,
            run=start.run,
            subject=start.subject,
            double_start=start.double_start,
        )
        await Turns(self.client, self.queue).claim(wanted)

    async def _describe(self, run: str) -> WorkflowExecutionDescription:
        try:
            return await self.handle(run).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NotFoundError(
                    f"there is no run {run!r}; list them with `orchestra runs list`"
                ) from error
            raise unavailable() from error

    async def _listed(self, execution: WorkflowExecution) -> RunSummary:
        """Describe an open run by itself: its list entry does not tell whether work has begun."""
        listed = await self._summary(execution)
        is_told = execution.typed_search_attributes.get(names.STATUS)
        return listed if is_told or listed.status.is_final else await self.summary(listed.id)

    async def _summary(self, execution: WorkflowExecution) -> RunSummary:
        found = execution.typed_search_attributes
        run = execution.id.partition("/")[2]
        return RunSummary(
            id=run,
            flow=found.get(names.FLOW) or "",
            status=status_of(execution),
            started_at=rfc3339(execution.start_time),
            ended_at=rfc3339(execution.close_time) if execution.close_time else None,
            needs_person=bool(found.get(names.NEEDS_PERSON)),
            cost_usd=found.get(names.COST_USD) or 0.0,
            temporal_url=f"{self.temporal_url(run)}/{execution.run_id}" if self.ui else "",
            of=await origin_of(execution),
        )


def unavailable(error: RPCError | None = None) -> OperatorError:
    """Say that Temporal does not answer, or that it refuses what no repetition can mend."""
    if error and error.status in _REFUSED:
        return OperatorError(f"the Temporal server refuses the request: {error.message[:200]}")
    return UnavailableError("the Temporal server does not answer; try again when it does")


def _unreadable_view(summary: RunSummary, reason: str) -> RunView:
    """Show what Temporal alone knows of a run whose start cannot be read."""
    nothing = CompiledBudget(model_calls=0, tokens=0, microusd=0, working_seconds=0)
    return RunView(**summary.model_dump(), flow_version=0, reason=reason, budget=nothing)


def _run_view(summary: RunSummary, told: Told, flow: CompiledFlow, ending: str) -> RunView:
    outcome = told.outcome
    status = RunStatus(outcome.outcome) if outcome else summary.status
    return RunView(
        **summary.model_dump(exclude={"status"}),
        status=status,
        flow_version=flow.version,
        place=view.place(told),
        reason=outcome.reason if outcome else ending,
        failure=outcome.failure if outcome else None,
        spent=view.spent(told),
        budget=view.budget(told, flow),
        output=outcome.output if outcome else None,
    )


def _with_attempts(
    steps: Sequence[StepView], attempts: Mapping[str, int], told: Told
) -> tuple[StepView, ...]:
    """Add the attempt that is under way, which history does not have yet."""
    under_way = {seq: attempts[each] for each, seq in told.activities.items() if each in attempts}
    return tuple(
        step.model_copy(update={"attempt": under_way.get(step.seq, step.attempt)}) for step in steps
    )


def _flow_of(told: Told) -> CompiledFlow:
    try:
        return CompiledFlow.decode(told.start.flow.body or "")
    except ValidationError as error:
        raise UnreadableRunError(told.start.run) from error


def _fingerprint(flow: str, inputs: Mapping[str, Value]) -> str:
    lines = [flow, *(f"{slot} {value.digest}" for slot, value in sorted(inputs.items()))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
