"""Runs one visit of a step: budget, one activity or a bounded fan-out, results and failures."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception
from temporalio.exceptions import TimeoutError as ActivityTimeoutError

with workflow.unsafe.imports_passed_through():
    from contracts.agent import AgentKind
    from contracts.compiled import MISSING, Each
    from contracts.event import EventKind
    from contracts.failure import UNPLANNED, Failure, FailureKind
    from contracts.reference import FactValue, Reference, Trust
    from contracts.usage import Usage
    from contracts.work import Element, FinishedItem, RunStart, StepResult, StepTask
    from workflows import names, policies
    from workflows.course import Course
    from workflows.failures import StepFailed, failure_of, must_run_as_normal
    from workflows.ledger import NOTHING, at_most, at_the_most, one_call, worst_case
    from workflows.ports import Activities
    from workflows.remembering import version_before
    from workflows.steering import Steering
    from workflows.sub_flows import run_sub_flow
    from workflows.visits import LocalQuota, Visit


def now_ms() -> int:
    """Read workflow time, in Unix milliseconds; the same on replay."""
    return int(workflow.now().timestamp() * 1000)


@dataclass(frozen=True)
class Done:
    """What a visit has made, before its slot holds it."""

    visit: Visit
    items: Mapping[str, tuple[StepResult, Reference]]
    """By item, in the order of the fan-out; the empty key where there is none."""

    missing: int = 0
    """Items that failed for good, where some may."""


class StepRunner:
    """Runs visits of steps for one run."""

    def __init__(
        self, start: RunStart, course: Course, steering: Steering, quota: LocalQuota
    ) -> None:
        self._start = start
        self._course = course
        self._steering = steering
        self._state = course.state
        self._locals = quota

    async def run(self, name: str) -> None:
        """Visit a step and make what it produced its slot's current value.

        Raises:
            StepFailed: it produced nothing; the failure says why.
        """
        self.accept(await self._work(name))

    async def work_ahead(self, name: str) -> Done:
        """Visit a step before its turn, and keep what it made as finished until then.

        Raises:
            StepFailed: it produced nothing; the failure says why.
        """
        done = await self._work(name)
        self._put(done)
        self._keep(done.visit, done.items)
        return done

    def accept(self, done: Done) -> None:
        """Make what a visit has made its slot's current value."""
        self._put(done)
        self._state.forget_items(done.visit.name)

    def _put(self, done: Done) -> None:
        references = [reference for _, reference in done.items.values()]
        if done.visit.step.each is None:
            [(result, _)] = done.items.values()
            self._course.accept(done.visit, references, result.value.facts)
            return
        facts: dict[str, FactValue] = {"len()": len(references)}
        if done.visit.step.partial:
            facts[MISSING] = done.missing
        self._course.accept(done.visit, references, facts)

    async def _work(self, name: str) -> Done:
        visit = self._course.enter(name)
        self._refuse_oversize(visit)
        if visit.agent.kind is not AgentKind.FLOW:
            return await self._do(visit)
        # A sub-flow has a working time of its own, in which it waits for people too.
        self._state.waiting.begin(now_ms())
        try:
            return await self._do(visit)
        finally:
            self._state.waiting.end(now_ms())

    async def _do(self, visit: Visit) -> Done:
        if visit.step.each:
            return await self._fan_out(visit, visit.step.each)
        return Done(visit, {"": await self._with_stand_ins(visit, "")})

    def _refuse_oversize(self, visit: Visit) -> None:
        """Refuse work that this history has no room for, before anything of it is bought."""
        given, items = visit.bytes_given(), 1
        if each := visit.step.each:
            keys = self._course.context.slots[each.slot].facts[each.fact]
            items = len(keys) if isinstance(keys, tuple) else 1
        room = policies.HISTORY_BYTES - workflow.info().get_current_history_size()
        if given > policies.INPUTS_BYTES or 2 * given * items > room:
            message = (
                f"{visit.name} is given {given} bytes of references {items} time(s), which the"
                " run's history has no room for; let it read fewer lists, or shorter ones"
            )
            raise self._refused(visit, FailureKind.TOO_LARGE, message)

    async def _fan_out(self, visit: Visit, each: Each) -> Done:
        keys = self._course.context.slots[each.slot].facts[each.fact]
        assert isinstance(keys, tuple)
        # Each carries its inputs twice, in its task and in the transition that tells its start.
        at_once = policies.AT_ONCE_BYTES // (2 * visit.bytes_given() + 4_096)
        places = asyncio.Semaphore(max(1, min(visit.step.parallel, at_once)))
        done: dict[str, tuple[StepResult, Reference]] = {}

        async def one(key: str) -> None:
            async with places:
                await self._steering.go_on()
                done[key] = await self._with_stand_ins(visit, key)

        tasks = [asyncio.create_task(one(key)) for key in keys]
        try:
            await self._all(tasks, visit, done)
        except (StepFailed, asyncio.CancelledError, FailureError):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._keep(visit, done)
            raise
        items = {key: done[key] for key in keys if key in done}
        return Done(visit, items, len(keys) - len(items))

    async def _all(
        self,
        tasks: Sequence[Awaitable[None]],
        visit: Visit,
        done: Mapping[str, tuple[StepResult, Reference]],
    ) -> None:
        """Wait for all items; where some may be missing, no failure stops the others.

        Raises:
            StepFailed: too few are done; of several failures the first in the items' order.
        """
        if visit.step.partial is None:
            await asyncio.gather(*tasks)
            return
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        failed = [each for each in ended if isinstance(each, BaseException)]
        for each in failed:
            if not isinstance(each, StepFailed) or each.failure.kind in UNPLANNED:
                raise each
        if failed and len(done) < visit.step.partial.at_least:
            raise failed[0]

    def _keep(self, visit: Visit, done: Mapping[str, tuple[StepResult, Reference]]) -> None:
        items = {
            key: FinishedItem(inputs=visit.digests(), result=result, seq=self._state.seq)
            for key, (result, _) in done.items()
        }
        self._state.remember_items(visit.name, items)

    async def _with_stand_ins(self, visit: Visit, key: str) -> tuple[StepResult, Reference]:
        """Let those who stand in try one after the other, each at most once."""
        tried: tuple[str, ...] = ()
        while True:
            try:
                return await self._with_progress(visit, key)
            except StepFailed as failed:
                tried = (*tried, visit.agent_name)
                name = self._course.stand_in(visit, failed.failure, tried)
                if not name:
                    raise
                visit = self._fall_back(visit, key, name, failed.failure)

    def _fall_back(self, visit: Visit, key: str, name: str, failure: Failure) -> Visit:
        self._state.tell(
            EventKind.FELL_BACK,
            now_ms(),
            step=visit.name,
            agent=name,
            visit=visit.number,
            item=key,
            outcome=failure.kind.value,
        )
        return visit.done_by(name, self._course.flow.agents[name])

    async def _with_progress(self, visit: Visit, key: str) -> tuple[StepResult, Reference]:
        result, reference = await self._instance(visit, key)
        if visit.step.each is None and self._course.makes_no_progress(visit, reference):
            message = f"{visit.agent_name} returned the {visit.step.writes} it was given"
            raise self._refused(visit, FailureKind.NO_PROGRESS, message)
        return result, reference

    async def _instance(self, visit: Visit, key: str) -> tuple[StepResult, Reference]:
        kept = self._state.finished_items.get(f"{visit.name}/{key}")
        if kept and kept.inputs == visit.digests():
            return kept.result, self._kept(visit, key, kept)
        reservation = await self._reserve(visit)
        told = tuple(held for references in visit.inputs.values() for held in references)
        seq = self._state.tell(
            EventKind.STEP_STARTED,
            now_ms(),
            step=visit.name,
            agent=visit.agent_name,
            visit=visit.number,
            item=key,
            references=told,
        )
        try:
            result = await self._schedule(self._task(visit, key, seq, reservation), visit)
        except FailureError as error:
            if is_cancelled_exception(error):
                # Raised from itself it would lose the cause that makes it a cancellation.
                self._state.ledger.settle(reservation, at_the_most(reservation))
                raise
            raise self._failed(error, visit, key, reservation) from error
        self._state.ledger.settle(reservation, result.usage)
        reference = self._course.reference(visit, key, result.value)
        self._state.tell(
            EventKind.STEP_COMPLETED,
            now_ms(),
            step=visit.name,
            agent=visit.agent_name,
            visit=visit.number,
            item=key,
            references=(reference,),
            usage=result.usage,
        )
        return result, reference

    def _failed(
        self, error: FailureError, visit: Visit, key: str, reservation: Usage
    ) -> StepFailed:
        """Settle, tell and translate what an activity's error means."""
        failure = failure_of(error, visit.name, visit.agent_name, key)
        lost = isinstance(error, ActivityError) and isinstance(error.cause, ActivityTimeoutError)
        # Nobody knows what a lost attempt paid, so it counts as all that was reserved.
        paid = at_the_most(reservation) if lost else failure.usage
        self._state.ledger.settle(reservation, paid)
        return self._told(visit, failure)

    def _refused(self, visit: Visit, kind: FailureKind, message: str) -> StepFailed:
        """Fail a step by the interpreter's own judgement."""
        agent = visit.agent_name
        return self._told(visit, Failure(kind=kind, step=visit.name, agent=agent, message=message))

    def _told(self, visit: Visit, failure: Failure) -> StepFailed:
        self._state.tell(
            EventKind.STEP_FAILED,
            now_ms(),
            step=visit.name,
            agent=visit.agent_name,
            visit=visit.number,
            item=failure.item,
            failure=failure,
        )
        return StepFailed(failure)

    def _task(self, visit: Visit, key: str, seq: int, allowance: Usage) -> StepTask:
        each = visit.step.each
        element = None
        inputs = dict(visit.inputs)
        if each:
            [container] = inputs.pop(each.variable)
            element = Element(reference=container, path=each.path, key=each.key, value=key)
        return StepTask(
            tenant=self._start.tenant,
            run=self._start.run,
            flow=self._start.flow.digest,
            step=visit.name,
            agent="" if visit.agent_name == visit.step.agent else visit.agent_name,
            visit=visit.number,
            item=key,
            seq=seq,
            inputs=inputs,
            element=element,
            each_input=each.variable if each else "",
            allowance=allowance,
            follows=version_before(
                self._course.flow,
                self._start.entries,
                self._course.context.slots,
                visit.step.remember,
            ),
        )

    async def _schedule(self, task: StepTask, visit: Visit) -> StepResult:
        label = visit.name if visit.number == 1 else f"{visit.name} · visit {visit.number}"
        summary = f"{label} · {task.item}" if task.item else label
        if visit.agent.kind is AgentKind.FLOW:
            pending, first = self._state.record()
            self._locals.reset()
            entered = task.model_copy(update={"pending": pending, "write_from": first})
            return await run_sub_flow(entered, visit, summary, self._steering, self._start.by)
        if visit.agent.pure and self._locals.allows():
            try:
                return await self._schedule_locally(task, summary)
            except FailureError as error:
                if not must_run_as_normal(error):
                    raise
        self._locals.reset()
        return await self._schedule_normally(task, visit, summary)

    async def _schedule_locally(self, task: StepTask, summary: str) -> StepResult:
        pending, first = self._state.write()
        result: StepResult = await workflow.execute_local_activity(
            names.pure_activity(task.step),
            task.model_copy(update={"pending": pending, "write_from": first}),
            result_type=StepResult,
            **policies.pure(summary),
        )
        self._locals.add(result)
        return result

    async def _schedule_normally(self, task: StepTask, visit: Visit, summary: str) -> StepResult:
        pending, first = self._state.record()
        plan = visit.step.on_failure.values()
        waits = (
            workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
            if visit.agent.publishes
            else workflow.ActivityCancellationType.TRY_CANCEL
        )
        return await workflow.execute_activity_method(
            Activities.step,
            task.model_copy(update={"pending": pending, "write_from": first}),
            start_to_close_timeout=timedelta(seconds=visit.agent.limits.seconds) + policies.MARGIN,
            heartbeat_timeout=policies.HEARTBEAT_TIMEOUT,
            retry_policy=policies.step_retry(
                sum(line.retry for line in plan), any(line.retry_for for line in plan)
            ),
            cancellation_type=waits,
            summary=summary,
        )

    async def _reserve(self, visit: Visit) -> Usage:
        """Set aside what the work may cost at most; with less left, what is left.

        A shortage is only final when nothing else is outstanding, so that the route never depends
        on which of two parallel items was quicker.
        """
        ledger, worst = self._state.ledger, worst_case(visit.step, visit.agent)
        self._refuse_overtime(visit)
        if worst == NOTHING:
            return NOTHING
        while not ledger.fits(worst) and ledger.reserved != NOTHING:
            await workflow.wait_condition(lambda: ledger.fits(worst) or ledger.reserved == NOTHING)
        if ledger.fits(worst):
            reservation = worst
        elif ledger.fits(one_call(visit.agent)):
            reservation = self._what_is_left(worst)
        else:
            message = "no further model call fits the budget"
            raise self._refused(visit, FailureKind.OVER_BUDGET, message)
        ledger.reserve(reservation)
        return reservation

    def _what_is_left(self, worst: Usage) -> Usage:
        """Short of budget, set aside what is left, and never more than the work can need."""
        left = self._state.ledger.left()
        return at_most(left, worst) if self._course.guards else left

    def _refuse_overtime(self, visit: Visit) -> None:
        now = now_ms()
        worked = (now - self._state.started_ms - self._state.waiting.in_all(now)) // 1000
        limit = self._state.ledger.budget.working_seconds
        if worked > limit:
            message = f"{worked} s of working time are over the {limit} s set"
            raise self._refused(visit, FailureKind.OVER_BUDGET, message)

    def _kept(self, visit: Visit, key: str, kept: FinishedItem) -> Reference:
        """Take up an item of an earlier visit; one that a person supplied is theirs."""
        reference = self._course.reference(visit, key, kept.result.value)
        if key and not kept.supplied_at:
            return reference
        if kept.supplied_at:
            made = {"trust": Trust.OPERATOR, "produced_by": kept.supplied_at}
            reference = reference.model_copy(update=made)
        self._state.tell(
            EventKind.STEP_COMPLETED,
            now_ms(),
            step=visit.name,
            agent=visit.agent_name,
            visit=visit.number,
            item=key,
            references=(reference,),
        )
        return reference
