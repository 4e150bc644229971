"""The interpreter: the one Temporal workflow, which runs any compiled flow.

It holds references and facts, never values, and decides order, routes, plans and budget.
"""

import asyncio
from collections.abc import Mapping
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.base import digest
    from contracts.compiled import CompiledFlow, CompiledGate
    from contracts.event import EventKind
    from contracts.failure import Failure, FailureKind
    from contracts.origin import Origin
    from contracts.work import (
        DecisionReceipt,
        FlushTask,
        GateDecision,
        RunOutcome,
        RunStart,
        SealTask,
        SettleTask,
        SlotVersion,
        Steer,
    )
    from workflows import names, policies, progress
    from workflows.asking import Asking, found_by
    from workflows.blocks import BlockRunner
    from workflows.course import GUARDED, Course
    from workflows.failures import StepFailed, failure_of
    from workflows.gates import OpenGate, digest_of_failure, digest_of_shown
    from workflows.notifying import tell_the_rest
    from workflows.ports import Activities
    from workflows.routing import Way
    from workflows.state import RunState
    from workflows.steering import Steering
    from workflows.steps import now_ms
    from workflows.turn import Turn, give_way


@workflow.defn(name=names.WORKFLOW_TYPE)
class RunFlow:
    """Runs one compiled flow on one input, from its start to a declared end."""

    def __init__(self) -> None:
        self._gate: OpenGate | None = None
        self._deadline_ms = 0
        """Until when the open gate waits."""

        self._steering = Steering()
        self._turn = Turn()
        self._has_begun = False

    def _begin(self, start: RunStart) -> None:
        """Take up the run; a start that cannot be read fails it at once.

        Raises:
            ApplicationError: of type `failed`; an older program or another one wrote the start.
        """
        body = start.flow.body or ""
        try:
            self._flow = CompiledFlow.decode(body)
        except ValueError as error:
            reason = "the compiled flow that this run carries cannot be read by this worker"
            raise ApplicationError(reason, type="failed", non_retryable=True) from error
        if digest(body.encode()) != start.flow.digest:
            reason = "the compiled flow that this run carries is not the one it was started with"
            raise ApplicationError(reason, type="failed", non_retryable=True)
        if self._flow.borders > GUARDED:
            reason = "the compiled flow that this run carries is of a newer program; deploy that"
            raise ApplicationError(reason, type="failed", non_retryable=True)
        self._start = start
        self._state = RunState.begin(start, self._flow, now_ms())
        self._course = Course(self._flow, self._state)
        self._steps = BlockRunner(start, self._course, self._steering)
        self._has_begun = True

    @workflow.run
    async def run(self, start: RunStart) -> RunOutcome:
        """Run to an end.

        Raises:
            ApplicationError: of type `failed` or `expired`, with the outcome as its detail.
        """
        self._begin(start)
        if not self._state.seq:
            self._tell_start(start.origin)
        try:
            await self._run_to_end()
        except (asyncio.CancelledError, FailureError) as error:
            # A worker that lets go of a run cancels its tasks too, and nothing has ended then.
            if not is_cancelled_exception(error) or workflow.cancellation_reason() is None:
                raise
            await self._end("cancelled", "cancelled", "somebody cancelled the run")
            raise
        except StepFailed as stopped:
            bug = stopped.failure
            self._raise(await self._end("failed", "bug", bug.message, bug))
        except names.BUGS as error:
            # Left to itself the SDK would try the task again for ever; a bug ends the run at once.
            workflow.logger.exception("the interpreter failed")
            reason = f"the interpreter failed with {type(error).__name__}; see the worker's log"
            self._raise(await self._end("failed", "bug", reason))
        end = self._flow.ends[self._state.place]
        failure = self._state.failure.failure if self._state.failure else None
        reason = end.reason or (failure.message if failure is not None else "")
        outcome = await self._end(end.outcome, self._state.place, reason, failure)
        if end.outcome in ("failed", "expired"):
            self._raise(outcome)
        return outcome

    def _tell_start(self, origin: Origin | None) -> None:
        of = f"{origin.how} of {origin.run}" if origin else ""
        place = origin.place if origin else ""
        self._state.tell(
            EventKind.RUN_STARTED, now_ms(), step=place, outcome=of, text=self._flow.name
        )

    @workflow.update(name=names.DECIDE)
    async def decide(self, decision: GateDecision) -> DecisionReceipt:
        """Take a person's decision at the open gate; the same decision twice counts once."""
        opened = self._gate
        self._take(decision)
        approvers = opened.gate.approvers if opened else None
        return DecisionReceipt(
            id=decision.id,
            gate=decision.gate,
            approvals=len(opened.approvals) if opened else 0,
            needed=approvers.need if approvers else 0,
        )

    @decide.validator
    def _refuse_unfit_decision(self, decision: GateDecision) -> None:
        if objection := self._objection(decision):
            raise ApplicationError(objection, type="conflict", non_retryable=True)

    @workflow.signal(name=names.DECIDE_LATER)
    async def decide_later(self, decision: GateDecision) -> None:
        """Take a decision that was sent while no worker was up; an unfit one is dropped."""
        if not self._objection(decision):
            self._take(decision)

    @workflow.signal(name=names.PAUSE)
    async def pause(self, order: Steer) -> None:
        """Hold the run up: what is at work ends and is kept, and nothing new begins."""
        if self._steering.pause():
            await self._begun()
            self._state.waiting.begin(now_ms())
            await self._steered(EventKind.PAUSED, names.PAUSE, order)

    @workflow.signal(name=names.RESUME)
    async def resume(self, order: Steer) -> None:
        """Let the run go on."""
        await self._begun()
        if self._steering.resume():
            self._state.waiting.end(now_ms())
            await self._steered(EventKind.RESUMED, names.RESUME, order)

    async def _begun(self) -> None:
        """Wait until the start is read: a signal may come with it, and is handled before it."""
        await workflow.wait_condition(lambda: self._has_begun)

    async def _steered(self, kind: EventKind, signal: str, order: Steer) -> None:
        self._state.tell(kind, now_ms(), step=self._state.place, text=order.who, outcome=order.note)
        self._mark_going()
        await self._steering.pass_on(self._start.tenant, signal, order)
        # Nothing that is to come would carry these transitions while the run is held up.
        await self._flush()

    def _objection(self, decision: GateDecision) -> str:
        return self._gate.objection(decision) if self._gate else "no gate is open"

    def _take(self, decision: GateDecision) -> None:
        if self._gate:
            self._gate.take(decision)

    @workflow.signal(name=names.TURN)
    def take_turn(self) -> None:
        """Begin a run that waits until others on its subject have ended."""
        self._turn.has_come = True

    async def _wait_for_turn(self) -> None:
        if self._turn.must_wait(self._start):
            self._state.waiting.begin(now_ms())
            self._mark("queued")
            await self._turn.wait()
            self._state.waiting.end(now_ms())
            self._mark_going()

    async def _run_to_end(self) -> None:
        await self._wait_for_turn()
        while self._state.place not in self._flow.ends:
            await self._steering.go_on()
            await self._continue_as_new_when_long()
            if self._state.notices.is_due:
                await self._flush()
            self._show()
            place = self._state.place
            gate = self._flow.gates.get(place)
            way = await (self._pass(place, gate) if gate else self._step(place))
            self._state.place = self._state.take(way)
            self._state.tell(EventKind.HANDED_OFF, now_ms(), step=place, to=way.to, rule=way.rule)
        self._course.output(self._state.place)

    async def _step(self, place: str) -> Way:
        try:
            await self._steps.run(place)
        except StepFailed as failed:
            return self._course.way_after(place, failed.failure)
        return self._course.way_on(place)

    async def _pass(self, place: str, gate: CompiledGate) -> Way:
        """Open a gate, wait for its decision or its deadline, and leave it."""
        opened = self._open(place, gate)
        await self._catch_up()
        await self._flush()
        self._state.waiting.begin(now_ms())
        if await Asking(opened, self._state, self._tell_meanwhile).decided():
            way = self._decided(opened, await self._settled(opened))
        else:
            way = self._course.way_expired(place)
            self._state.tell(
                EventKind.GATE_EXPIRED, now_ms(), step=place, visit=opened.visit, to=way.to
            )
        self._gate = None
        self._state.waiting.end(now_ms())
        self._mark_going()
        return way

    def _open(self, place: str, gate: CompiledGate) -> OpenGate:
        visit = self._state.enter(place)
        self._deadline_ms = now_ms() + gate.deadline * 1000
        shown = self._course.shown(place)
        failing = self._state.failure
        digest = (
            digest_of_failure(failing.step, failing.visit, failing.failure)
            if gate.answers_failure and failing
            else digest_of_shown(shown)
        )
        self._state.tell(
            EventKind.GATE_OPENED,
            now_ms(),
            step=place,
            visit=visit,
            references=shown,
            digest=digest,
            text=gate.role,
            deadline_ms=self._deadline_ms,
            failure=failing.failure if gate.answers_failure and failing else None,
        )
        supplies = failing is None or self._course.may_supply(failing.step)
        authors = self._course.authors(place)
        self._gate = OpenGate(place, visit, gate, digest, supplies=supplies, authors=authors)
        self._mark_going()
        return self._gate

    async def _tell_meanwhile(self) -> None:
        """Let people hear of what happens while the run waits, and find it by whom it asks now."""
        self._mark_going()
        await self._flush()

    async def _settled(self, opened: OpenGate) -> GateDecision:
        """Make one decision of what several people have decided."""
        assert opened.decision is not None
        writes = opened.gate.writes
        if opened.gate.approvers is None or writes is None:
            return opened.decision
        pending, first = self._state.record()
        task = SettleTask(
            tenant=self._start.tenant,
            run=self._start.run,
            contract=self._flow.slots[writes],
            facts=self._flow.facts.get(writes, ()),
            decisions=opened.taken(),
            pending=pending,
            write_from=first,
        )
        try:
            value = await workflow.execute_activity_method(
                Activities.settle, task, **policies.settling("put the decisions together")
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            raise StepFailed(failure_of(error, opened.name, "", "")) from error
        return opened.decision.model_copy(update={"decision": value})

    def _decided(self, opened: OpenGate, decision: GateDecision) -> Way:
        """Take over what a person decided, tell of it and say where it leads."""
        before = dict(self._state.slots)
        try:
            return self._course.way_decided(opened.name, opened.visit, decision)
        finally:
            # Told as well where a rule then stops the run: the decision was taken.
            self._tell_decided(opened, decision, before)

    def _tell_decided(
        self, opened: OpenGate, decision: GateDecision, before: Mapping[str, SlotVersion]
    ) -> None:
        made = [
            reference
            for slot, current in self._state.slots.items()
            if current is not before.get(slot)
            for reference in current.references
        ]
        self._state.tell(
            EventKind.GATE_DECIDED,
            now_ms(),
            step=opened.name,
            visit=opened.visit,
            references=tuple(made),
            digest=decision.shown,
            role=decision.role,
            text=decision.who,
            outcome=decision.action or "decided",
            budget=decision.budget,
        )

    async def _continue_as_new_when_long(self) -> None:
        """Start a fresh history between steps, once everything alive is in the archive."""
        info = workflow.info()
        length = info.get_current_history_length()
        if length < self._start.history_limit and not info.is_continue_as_new_suggested():
            return
        if self._steps.is_ahead:
            return
        await workflow.wait_condition(workflow.all_handlers_finished)
        self._state.tell(EventKind.CONTINUED, now_ms())
        if await self._seal():
            # A pause that came meanwhile would be lost with this execution.
            await workflow.wait_condition(
                lambda: workflow.all_handlers_finished() and not self._steering.is_paused
            )
            fresh = self._start.model_copy(update={"progress": self._state.progress()})
            if len(fresh.model_dump_json()) < policies.PROGRESS_BYTES:
                workflow.continue_as_new(fresh)
        self._refuse_endless_history()

    def _refuse_endless_history(self) -> None:
        """End the run by itself, with what it has told, before Temporal terminates it.

        Raises:
            StepFailed: as too large.
        """
        info = workflow.info()
        size, length = info.get_current_history_size(), info.get_current_history_length()
        if size > policies.HISTORY_BYTES or length > policies.HISTORY_EVENTS:
            message = f"the history has {length} events and {size} bytes and cannot be continued"
            place = self._state.place
            raise StepFailed(Failure(kind=FailureKind.TOO_LARGE, step=place, message=message))

    async def _seal(self) -> bool:
        """Copy what is alive to the archive; without that, this history has to go on."""
        await self._catch_up()
        pending, first = self._state.record()
        task = SealTask(
            tenant=self._start.tenant,
            run=self._start.run,
            digests=(self._start.flow.digest, *self._state.alive()),
            pending=pending,
            write_from=first,
        )
        summary = "seal values before continuing as new"
        try:
            await workflow.execute_activity_method(
                Activities.seal, task, **policies.memory(summary)
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("values could not be sealed; the history goes on")
            return False
        return True

    async def _catch_up(self) -> None:
        """Write events until no more wait than one activity, or the outcome, can carry."""
        while self._state.is_behind:
            await self._flush()

    async def _flush(self, retention: int = 0) -> None:
        pending, first = self._state.record()
        task = FlushTask(
            tenant=self._start.tenant,
            run=self._start.run,
            pending=pending,
            write_from=first,
            retention=retention,
            notices=self._state.notices.pending,
        )
        try:
            answer = await workflow.execute_activity_method(
                Activities.flush, task, **policies.memory("write events")
            )
            self._state.notices.told(task.notices, answer)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            # History has them in the activity's argument; readers of the stream miss them.
            workflow.logger.warning("events could not be written to memory")

    async def _end(
        self, outcome: str, end: str, reason: str, failure: Failure | None = None
    ) -> RunOutcome:
        """Tell the end, let memory expire and build the outcome that history keeps."""
        declared = self._flow.ends.get(end)
        output = declared.output if declared else None
        result = RunOutcome(
            run=self._start.run,
            outcome=outcome,
            end=end,
            reason=reason,
            output=self._state.slots[output].references[0] if output else None,
            spent=self._state.ledger.spent,
            failure=failure if outcome != "succeeded" else None,
        )
        self._gate = None
        self._state.tell(
            EventKind.RUN_ENDED, now_ms(), to=end, outcome=outcome, text=reason, usage=result.spent
        )
        self._mark(outcome)
        self._show()
        if outcome == "cancelled":
            # A cancelled workflow has no result to carry its last events: history gets them here.
            await self._flush(self._flow.retention)
            await tell_the_rest(self._state.notices, self._start)
            await give_way(self._start)
            return result
        await self._catch_up()
        unrecorded = self._state.unrecorded()
        pending, first = self._state.write()
        task = FlushTask(
            tenant=self._start.tenant,
            run=self._start.run,
            pending=pending,
            write_from=first,
            retention=self._flow.retention,
            notices=self._state.notices.pending,
        )
        try:
            answer = await asyncio.shield(
                workflow.start_local_activity_method(
                    Activities.flush_at_end, task, **policies.at_end("write the end")
                )
            )
            self._state.notices.told(task.notices, answer)
        except FailureError as error:
            # The outcome itself carries these events, so memory can be brought up to date later.
            workflow.logger.warning("the end was not written to memory: %s", type(error).__name__)
        await tell_the_rest(self._state.notices, self._start)
        await give_way(self._start)
        return result.model_copy(update={"last_events": unrecorded})

    def _mark_going(self) -> None:
        """Say how a run stands that has not ended."""
        asks = "input_required" if self._gate else "running"
        self._mark("paused" if self._steering.is_paused else asks)

    def _mark(self, status: str) -> None:
        """Change search attributes; only when the status changes, for it costs throughput."""
        spent = self._state.ledger.spent.cost_microusd / 1_000_000
        opened = self._gate if status in ("input_required", "paused") else None
        workflow.upsert_search_attributes(
            [
                names.STATUS.value_set(status),
                names.NEEDS_PERSON.value_set(self._gate is not None),
                names.COST_USD.value_set(spent),
                *found_by(opened, self._deadline_ms),
            ]
        )

    def _show(self) -> None:
        workflow.set_current_details(
            progress.checklist(self._flow, self._state, self._start.origin)
        )

    def _raise(self, outcome: RunOutcome) -> NoReturn:
        summary = f"{outcome.outcome} at {outcome.end}: {outcome.reason}"
        raise ApplicationError(summary, outcome, type=outcome.outcome, non_retryable=True)
