"""The workflow that works through a list: a launch for each row, so many at a time."""

import asyncio
from collections import deque

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import Priority, SearchAttributePair, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, ChildWorkflowError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.batch import (
        REASON_CHARACTERS,
        BatchProgress,
        BatchStart,
        BatchState,
        RowDone,
    )
    from contracts.launch import LaunchOutcome, LaunchStart
    from workflows import names
    from workflows.launch import Launch

PAUSE = "pause"
RESUME = "resume"
STOP = "stop"
STATE = "state"
RESULTS = "results"


@workflow.defn(name=names.BATCH_TYPE)
class Batch:
    """Runs one flow over the rows of a list. It ends when every row has, or when it is stopped."""

    @workflow.init
    def __init__(self, start: BatchStart) -> None:
        """Take up the list where an earlier execution, or an earlier attempt, has left it.

        Signals and queries may come before `run` is called, so everything is ready here.
        """
        self._start = start
        self._before = start.progress or BatchProgress()
        self._done: dict[int, RowDone] = {}
        self._counts: dict[str, int] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._paused, self._note = self._before.paused, self._before.note
        self._stopped = False
        for each in self._before.done:
            self._keep(each)
        self._todo = deque(row for row in range(start.rows) if row not in self._done)

    @workflow.run
    async def run(self, start: BatchStart) -> BatchProgress:
        """Work through the rows in order; a row's failure is a result, and no failure of this."""
        self._mark("paused" if self._paused else "running")
        try:
            await self._work()
        except asyncio.CancelledError:
            if workflow.cancellation_reason() is None:
                raise
            self._halt()
            await workflow.wait_condition(lambda: not self._running)
            raise
        if self._todo and not self._stopped:
            workflow.continue_as_new(start.model_copy(update={"progress": self._progress()}))
        self._mark(self._outcome())
        return self._progress()

    @workflow.signal(name=PAUSE)
    def pause(self, note: str) -> None:
        """Begin no further row; those at work go on."""
        self._paused, self._note = True, note
        self._mark("paused")

    @workflow.signal(name=RESUME)
    def resume(self) -> None:
        """Go on."""
        self._paused, self._note = False, ""
        self._mark("running")

    @workflow.signal(name=STOP)
    def stop(self) -> None:
        """Begin no further row, and cancel those at work."""
        self._halt()

    @workflow.query(name=STATE)
    def state(self) -> BatchState:
        """Tell how far it has come."""
        return BatchState(
            outcomes={name: self._counts[name] for name in sorted(self._counts)},
            running={str(row): self._launch(row) for row in sorted(self._running)},
            waiting=len(self._todo),
            paused=self._paused,
            note=self._note,
            stopped=self._stopped,
            cost_usd=sum(each.cost_microusd for each in self._done.values()) / 1_000_000,
        )

    @workflow.query(name=RESULTS)
    def results(self) -> BatchProgress:
        """Tell of every row that is done."""
        return self._progress()

    async def _work(self) -> None:
        while self._todo and not self._is_long():
            await workflow.wait_condition(self._may_go_on)
            if self._stopped:
                break
            row = self._todo.popleft()
            self._running[row] = asyncio.create_task(self._run(row))
        await workflow.wait_condition(lambda: not self._running)

    def _may_go_on(self) -> bool:
        has_room = len(self._running) < self._start.at_once
        return self._stopped or (has_room and not self._paused)

    def _is_long(self) -> bool:
        """Whether the rows at work are to be the last of this execution."""
        info = workflow.info()
        is_long = info.get_current_history_length() >= self._start.history_limit
        return is_long or info.is_continue_as_new_suggested()

    async def _run(self, row: int) -> None:
        try:
            outcome = await self._child(row)
        except ChildWorkflowError as error:
            outcome = _failed(error)
        except asyncio.CancelledError:
            if workflow.cancellation_reason() is None and not self._stopped:
                raise
            outcome = LaunchOutcome(run="", outcome="cancelled", reason="the batch was stopped")
        self._keep(
            RowDone(
                row=row,
                attempt=self._attempt(row),
                run=outcome.run,
                outcome=outcome.outcome,
                reason=outcome.reason[:REASON_CHARACTERS],
                output=outcome.output.digest if outcome.output else None,
                cost_microusd=outcome.spent.cost_microusd,
            )
        )
        del self._running[row]
        self._show()

    def _keep(self, done: RowDone) -> None:
        self._done[done.row] = done
        self._counts[done.outcome] = self._counts.get(done.outcome, 0) + 1

    async def _child(self, row: int) -> LaunchOutcome:
        start = self._start
        attributes = names.run_attributes(start.tenant, start.flow)
        return await workflow.execute_child_workflow(
            Launch.run,
            LaunchStart(
                tenant=start.tenant,
                flow=start.flow,
                given_at=start.chunks[row // start.chunk_rows],
                row=row % start.chunk_rows,
                batch=start.batch,
            ),
            id=self._launch(row),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
            search_attributes=attributes.updated(SearchAttributePair(names.BATCH, start.batch)),
            static_summary=f"{start.flow}, row {row + 1} of {start.rows}",
            priority=Priority(fairness_key=start.tenant),
        )

    def _launch(self, row: int) -> str:
        return names.row_launch(self._start.tenant, self._start.batch, row, self._attempt(row))

    def _attempt(self, row: int) -> int:
        return self._before.attempts.get(str(row), 0) + 1

    def _halt(self) -> None:
        self._stopped = True
        for row in sorted(self._running):
            self._running[row].cancel()

    def _outcome(self) -> str:
        if self._stopped:
            return "cancelled"
        is_good = all(each.outcome == "succeeded" for each in self._done.values())
        return "succeeded" if is_good else "failed"

    def _progress(self) -> BatchProgress:
        return BatchProgress(
            done=tuple(self._done[row] for row in sorted(self._done)),
            attempts=self._before.attempts,
            stopped=self._stopped,
            paused=self._paused,
            note=self._note,
        )

    def _mark(self, status: str) -> None:
        workflow.upsert_search_attributes([names.STATUS.value_set(status)])
        self._show()

    def _show(self) -> None:
        told = ", ".join(f"{self._counts[name]} {name}" for name in sorted(self._counts))
        paused = f" It is paused: {self._note}." if self._paused else ""
        workflow.set_current_details(
            f"{len(self._done)} of {self._start.rows} rows done ({told or 'none yet'}),"
            f" {len(self._running)} at work.{paused}"
        )


def _failed(error: ChildWorkflowError) -> LaunchOutcome:
    if is_cancelled_exception(error):
        return LaunchOutcome(run="", outcome="cancelled", reason="the batch was stopped")
    match error.cause:
        case ApplicationError(details=[dict() as details, *_]):
            try:
                return LaunchOutcome.model_validate(details, strict=False)
            except ValidationError:
                pass
    return LaunchOutcome(run="", outcome="failed", reason=str(error.cause or error))
