"""The activities: wrap one agent each time they run, and translate what goes wrong."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Final

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from contracts.base import Contract
from contracts.compiled import (
    CompiledAgent,
    CompiledFlow,
    CompiledPlanLine,
    CompiledStep,
    catalogued,
)
from contracts.event import Event, EventKind
from contracts.facts import project, size_of
from contracts.failure import RETRIED, FailureKind
from contracts.flow import OTHERWISE, REMEMBERED
from contracts.notice import Notice
from contracts.reference import Digest, Value
from contracts.registry import Registry
from contracts.usage import Usage
from contracts.work import (
    FACTS_LIMIT_BYTES,
    INLINE_LIMIT_BYTES,
    VALUE_LIMIT_BYTES,
    FlushTask,
    Notified,
    NotifyTask,
    SealTask,
    SettleTask,
    StepResult,
    StepTask,
)
from services.agents.base import Agent, Given
from services.errors import OperatorError, StepError
from services.flows.shelf import Shelf
from services.llm.base import LanguageModel
from services.long_term.entries import LongTermMemory
from services.long_term.in_process import empty_memory
from services.memory.base import JournalEntry, JournalState, WorkKey
from services.memory.memory import Memory, NotInMemoryError, hash_in_thread
from services.runs.inputs import as_value
from services.webhooks.hosting import Webhooks
from services.worker.cancelling import is_abandoned, leave_if_cancelled
from services.worker.desk import Assignment, ModelDesk
from services.worker.failures import (
    as_application_error,
    as_final_unless_passing,
    as_step_error,
)
from services.worker.flows import FlowCache
from services.worker.given import read_given
from services.worker.journal import Journal
from services.worker.remembering import erased_meanwhile, remember
from services.worker.settling import settled
from workflows.failures import NEEDS_HISTORY
from workflows.ports import Activities

HEARTBEAT_SECONDS: Final = 5
PLAN_UNREAD: Final = {OTHERWISE: CompiledPlanLine(retry=6, then="")}
"""Followed while memory is away before the flow has been read: about a minute. The interpreter has
the real plan, and says what comes after the last try."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assembly:
    """Everything a worker's activities work with."""

    memory: Memory
    agents: Mapping[str, Agent]
    model: LanguageModel
    registry: Registry
    shelf: Shelf | None = None
    """The flows that it may start runs of; None where nothing but requests starts any."""

    webhooks: Webhooks | None = None
    """How webhooks are told; None where nobody can subscribe."""

    closers: tuple[Callable[[], Awaitable[None]], ...] = ()
    """What else has to be closed at the end."""

    entries: LongTermMemory | None = None
    """What outlives runs; None where no flow reads or writes any of it."""

    @cached_property
    def long_term(self) -> LongTermMemory:
        """Long-term memory; without one given, one in which nothing is."""
        return self.entries or empty_memory(self.memory.archive, self.registry)

    async def aclose(self) -> None:
        """Close every connection."""
        for close in self.closers:
            await close()
        await self.memory.aclose()


class WorkerActivities(Activities):
    """Implements the interpreter's ports."""

    def __init__(self, assembly: Assembly, flows: FlowCache | None = None) -> None:
        self._memory = assembly.memory
        self._agents = assembly.agents
        self._model = assembly.model
        self._registry = assembly.registry
        self._entries = assembly.long_term
        self._webhooks = assembly.webhooks
        self._flows = flows or FlowCache(assembly.memory)

    @activity.defn(name="step")
    async def step(self, task: StepTask) -> StepResult:
        """See `Activities.step`."""
        with _heartbeats():
            return await self._attempt(task, from_history=True)

    @activity.defn(dynamic=True)
    async def pure_step(self, arguments: Sequence[RawValue]) -> StepResult:
        """See `Activities.pure_step`."""
        task = activity.payload_converter().from_payload(arguments[0].payload, StepTask)
        try:
            return await self._attempt(task, from_history=False)
        except ApplicationError as error:
            # Only a normal activity can restore from history, and is retried as the plan says.
            may_be_retried = error.type in RETRIED and not error.non_retryable
            if error.type != FailureKind.MEMORY_LOST and not may_be_retried:
                raise
            raise ApplicationError(
                "the step has to be made as a normal activity",
                type=NEEDS_HISTORY,
                non_retryable=True,
            ) from error

    @activity.defn(name="flush")
    async def flush(self, task: FlushTask) -> Notified | None:
        """See `Activities.flush`."""
        events = _unwritten(task.pending, task.write_from)
        with _final_unless_passing():
            # Told before anything is written, so that memory being away keeps nobody from it.
            notified = await self._tell(task.tenant, task.notices) if task.notices else None
            await self._memory.store.turn(task.tenant, task.run, events=events)
            if task.retention:
                await self._memory.store.expire(task.tenant, task.run, task.retention)
        return notified

    @activity.defn(name="flush_at_end")
    async def flush_at_end(self, task: FlushTask) -> Notified | None:
        """See `Activities.flush_at_end`."""
        return await self.flush(task)

    @activity.defn(name="notify")
    async def notify(self, task: NotifyTask) -> Notified:
        """See `Activities.notify`."""
        with _final_unless_passing():
            return await self._tell(task.tenant, task.notices)

    async def _tell(self, tenant: str, notices: Sequence[Notice]) -> Notified:
        if self._webhooks is None:
            return Notified()
        return Notified(awaited=await self._webhooks.sender.send(tenant, notices))

    @activity.defn(name="seal")
    async def seal(self, task: SealTask) -> None:
        """See `Activities.seal`."""
        events = _unwritten(task.pending, task.write_from)
        with _final_unless_passing():
            await self._memory.store.turn(task.tenant, task.run, events=events)
            await self._memory.seal(task.tenant, task.run, task.digests)

    @activity.defn(name="settle")
    async def settle(self, task: SettleTask) -> Value:
        """See `Activities.settle`."""
        digests = [each.decision.digest for each in task.decisions if each.decision]
        events = _unwritten(task.pending, task.write_from)
        with _final_unless_passing():
            stored, _ = await self._memory.read(task.tenant, task.run, digests, events=events)
            value, body = as_value(settled(task.decisions, stored, self._registry), task.facts)
            await self._memory.write(task.tenant, task.run, {value.digest: body})
        return value

    async def _attempt(self, task: StepTask, *, from_history: bool) -> StepResult:
        attempt = Attempt(task, activity.info().attempt, from_history)
        try:
            return await self._run(attempt)
        except Exception as error:  # the edge: whatever an agent raises becomes a kind of failure
            leave_if_cancelled()
            failed = as_step_error(error)
            if failed.kind is FailureKind.BUG:
                log.exception("a step failed unexpectedly", extra={"run": task.run})
            raise await self._translated(failed, attempt) from error

    async def _translated(self, failed: StepError, attempt: "Attempt") -> ApplicationError:
        plan = attempt.step.on_failure if attempt.step else PLAN_UNREAD
        if failed.usage == Usage():
            failed.usage = attempt.journal.spent
        if failed.kind in RETRIED:
            with suppress(OperatorError):  # uncounted, it will count as lost with its worker
                await self._give_up(attempt, failed)
                await self._tell_failed(attempt, failed)
        return as_application_error(
            failed,
            plan,
            failed_before=attempt.failed_before(failed.kind),
            standing_in=attempt.task.agent,
            waited=attempt.waited(activity.info()),
        )

    async def _give_up(self, attempt: "Attempt", failed: StepError) -> None:
        """Note the end of an attempt, with the cost of what memory had no ears for before."""
        written = attempt.folded(await self._memory.store.journal(attempt.work()))
        entry = JournalEntry(
            state=JournalState.GAVE_UP,
            body=failed.kind.value,
            usage=attempt.journal.spent - written.spent,
            attempt=attempt.number,
        )
        await self._memory.store.record(attempt.work(), entry)

    async def _tell_failed(self, attempt: "Attempt", failed: StepError) -> None:
        event = attempt.event(EventKind.ATTEMPT_FAILED)
        told = event.model_copy(
            update={"outcome": failed.kind.value, "text": f"{failed.kind}: {failed}"}
        )
        await self._memory.store.turn(attempt.task.tenant, attempt.task.run, events=[told])

    async def _run(self, attempt: "Attempt") -> StepResult:
        task = attempt.task
        flow = await self._flows.get(
            task.tenant, task.run, task.flow, from_history=attempt.from_history
        )
        step = attempt.step = flow.steps[task.step]
        attempt.agent_name = task.agent or step.agent
        compiled = flow.agents[attempt.agent_name]
        try:
            given = await self._given(attempt, compiled)
        except NotInMemoryError as lost:
            if erased := await erased_meanwhile(self._entries, task, flow, lost):
                raise erased from lost
            raise
        desk = await self._desk(attempt, step, compiled)
        if step.remember:
            value = given.one(REMEMBERED, Contract)
            product: Contract = await remember(self._entries, task, step.remember, value)
        else:
            agent = self._agent(catalogued(attempt.agent_name), compiled)
            product = await agent.run(given, desk)
        if product.key() != compiled.produces:
            raise StepError(
                FailureKind.BUG,
                f"{attempt.agent_name} made {product.key()}, not {compiled.produces}",
            )
        return await self._keep(attempt, flow, step, product, desk.journal.spent)

    def _agent(self, name: str, compiled: CompiledAgent) -> Agent:
        agent = self._agents.get(name)
        if agent is None or agent.declaration.version != compiled.version:
            have = f"version {agent.declaration.version}" if agent else "none"
            raise StepError(
                FailureKind.UNAVAILABLE,
                f"this run needs agent {name} version {compiled.version} and this worker has"
                f" {have}; start a worker that has it",
            )
        return agent

    async def _desk(
        self, attempt: "Attempt", step: CompiledStep, compiled: CompiledAgent
    ) -> ModelDesk:
        task, work = attempt.task, attempt.work()
        # A first attempt has no journal yet; only a repeated one has something to fold over.
        entries = await self._memory.store.journal(work) if attempt.number > 1 else ()
        attempt.compiled = compiled
        attempt.journal = attempt.folded(entries)
        assignment = Assignment(
            work=work,
            agent_name=attempt.agent_name,
            agent=compiled,
            plan=step.on_failure,
            allowance=task.allowance,
            seq=task.seq,
            attempt=attempt.number,
        )

        async def tell(events: Sequence[Event]) -> None:
            leave_if_cancelled()
            await self._memory.store.turn(task.tenant, task.run, events=events)

        return ModelDesk(
            assignment, self._model, self._memory.store, attempt.journal, tell, is_abandoned
        )

    async def _given(self, attempt: "Attempt", compiled: CompiledAgent) -> Given:
        """Read the declared inputs, hash and decode them; write what is pending on the way."""
        task = attempt.task
        events = [*_unwritten(task.pending, task.write_from)]
        if attempt.number > 1:
            # The first attempt begins with the step, which the interpreter tells.
            events.append(attempt.event(EventKind.ATTEMPT_STARTED))
        values, restored = await read_given(
            self._memory,
            self._registry,
            task,
            compiled.receives,
            events=events,
            from_history=attempt.from_history,
        )
        if restored:
            await self._memory.store.turn(task.tenant, task.run, events=[attempt.told(restored)])
        return Given(values, task.inputs)

    async def _keep(
        self,
        attempt: "Attempt",
        flow: CompiledFlow,
        step: CompiledStep,
        product: Contract,
        usage: Usage,
    ) -> StepResult:
        task = attempt.task
        body = product.encode()
        if len(body) > VALUE_LIMIT_BYTES:
            raise StepError(
                FailureKind.TOO_LARGE,
                f"the {product.key()} of {step.agent} takes {len(body)} bytes, of at most"
                f" {VALUE_LIMIT_BYTES}; let it make less at a time",
            )
        digest = await hash_in_thread(body)
        value = Value(
            digest=digest,
            size=len(body),
            facts=project(product, flow.facts.get(step.writes, ())),
            body=body.decode() if len(body) <= INLINE_LIMIT_BYTES else None,
        )
        if size_of(value.facts) > FACTS_LIMIT_BYTES:
            raise StepError(
                FailureKind.TOO_LARGE,
                f"the facts of {step.writes} take over {FACTS_LIMIT_BYTES} bytes; route on less",
            )
        produced = attempt.event(EventKind.PRODUCED).model_copy(
            update={"digest": digest, "usage": usage}
        )
        leave_if_cancelled()
        await self._memory.write(task.tenant, task.run, {digest: body}, events=[produced])
        return StepResult(value=value, usage=usage)


class Attempt:
    """One attempt at a piece of work, and what is known of it when it fails."""

    def __init__(self, task: StepTask, number: int, from_history: bool) -> None:
        self.task = task
        self.number = number
        self.from_history = from_history
        self._began = time.monotonic()
        self.step: CompiledStep | None = None
        self.compiled: CompiledAgent | None = None
        """The agent as the flow pins it; None until it is known."""

        self.agent_name = task.agent
        self.journal = Journal(lost=number - 1)

    def work(self) -> WorkKey:
        """Name the piece of work that this attempt is at."""
        return WorkKey.of(self.task)

    def waited(self, info: activity.Info) -> timedelta:
        """Tell how long the step has been tried, whatever this machine's clock says.

        The server dates both ends; only what has passed since is measured here.
        """
        passed = timedelta(seconds=time.monotonic() - self._began)
        return info.started_time - info.scheduled_time + passed

    def folded(self, entries: Sequence[JournalEntry]) -> Journal:
        """Fold a journal as it stands for this attempt."""
        if self.compiled is None:
            return Journal(lost=self.number - 1)
        return Journal.of(entries, self.number - 1, self.compiled)

    def failed_before(self, kind: FailureKind) -> int:
        """Count earlier attempts that ended in this kind.

        An attempt that left no line in the journal counts as unavailable.
        """
        noted = self.journal.attempts[kind]
        if kind is not FailureKind.UNAVAILABLE:
            return noted
        return noted + self.journal.lost

    def event(self, kind: EventKind) -> Event:
        """Tell of this attempt."""
        return Event(
            seq=self.task.seq,
            kind=kind,
            at_ms=int(time.time() * 1000),
            step=self.task.step,
            visit=self.task.visit,
            item=self.task.item,
            attempt=self.number,
        )

    def told(self, restored: Sequence[Digest]) -> Event:
        """Tell that memory had lost values and has them back."""
        text = ", ".join(digest[:12] for digest in restored)
        return self.event(EventKind.MEMORY_RESTORED).model_copy(update={"text": text})


def _unwritten(pending: Sequence[Event], write_from: int) -> tuple[Event, ...]:
    return tuple(event for event in pending if event.seq >= write_from)


@contextmanager
def _final_unless_passing() -> Iterator[None]:
    """Translate what goes wrong with memory, so that only what may pass is tried again."""
    try:
        yield
    except Exception as error:  # the edge of these activities, as `_attempt` is that of steps
        raise as_final_unless_passing(error) from error


@contextmanager
def _heartbeats() -> Iterator[None]:
    """Beat in the background for as long as a step runs, so that a lost worker is noticed."""
    loop = asyncio.get_running_loop()
    next_beat: asyncio.TimerHandle

    def beat() -> None:
        nonlocal next_beat
        activity.heartbeat()
        next_beat = loop.call_later(HEARTBEAT_SECONDS, beat)

    next_beat = loop.call_later(HEARTBEAT_SECONDS, beat)
    try:
        yield
    finally:
        next_beat.cancel()
