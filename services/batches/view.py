"""What people see of batches: how far each has come, and what came of every row."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from temporalio.client import (
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from contracts.batch import (
    BatchProgress,
    BatchReport,
    BatchStart,
    BatchState,
    BatchSummary,
    BatchView,
    ReportRow,
    RowDone,
    SkippedRow,
)
from services.errors import FlowError, NotFoundError, StorageError, UnavailableError
from services.runs.listing import read_cursor, write_cursor
from services.runs.runs import Runs, rfc3339, unavailable
from workflows import names
from workflows.batch import Batch

PATIENCE: Final = timedelta(seconds=5)
"""How long a worker may take to tell how far a batch has come."""

_RUNNING: Final = WorkflowExecutionStatus.RUNNING


@dataclass(frozen=True)
class Page:
    """One page of batches and the cursor of the next, empty on the last."""

    batches: tuple[BatchSummary, ...]
    cursor: str


class BatchViews:
    """Looks at the batches of one tenant."""

    def __init__(self, runs: Runs, patience: timedelta = PATIENCE) -> None:
        self._runs = runs
        self._patience = patience
        self._client = runs.client
        self._tenant = runs.tenant

    async def get(self, batch: str) -> BatchView:
        """Describe a batch.

        Raises:
            NotFoundError: there is no such batch.
            UnavailableError: Temporal does not answer, or no worker does while it goes on.
        """
        found = await self.describe(batch)
        summary, memo = await self._summary(found), await found.memo()
        skipped = [SkippedRow.model_validate(each) for each in memo.get("skipped", [])]
        return BatchView(
            **summary.model_dump(),
            state=await self._state(found, summary.rows),
            at_once=int(memo.get("at_once", 1)),
            skipped=tuple(skipped),
            skipped_rows=int(memo.get("skipped_rows", 0)),
        )

    async def list(self, *, limit: int = 20, cursor: str = "") -> Page:
        """List batches, newest first; a new one shows up within about a second.

        Raises:
            InputInvalidError: the cursor is not one of ours.
            UnavailableError: Temporal does not answer.
        """
        query = f"{names.TENANT.name} = '{self._tenant}' AND WorkflowType = '{names.BATCH_TYPE}'"
        found = self._client.list_workflows(
            query, page_size=limit, next_page_token=read_cursor(cursor, query)
        )
        try:
            await found.fetch_next_page(page_size=limit)
        except RPCError as error:
            raise unavailable(error) from error
        shown = await asyncio.gather(*map(self._summary, found.current_page or ()))
        return Page(tuple(shown), write_cursor(found.next_page_token, query))

    async def report(self, batch: str) -> BatchReport:
        """Say what came of every row, in the order of the list.

        Raises:
            NotFoundError: there is no such batch.
            StorageError: the archive has lost the list.
            UnavailableError: Temporal does not answer, or no worker does while it goes on.
        """
        found = await self.describe(batch)
        summary, start = await self._summary(found), await self.start_of(found)
        goes_on = found.status is _RUNNING
        state = await self._state(found, start.rows) if goes_on else BatchState()
        done = await (self._results(batch) if goes_on else self.ended(found))
        told = {each.row: each for each in done.done}
        rows = tuple(
            _report_row(line, told.get(row), is_running=str(row) in state.running)
            for row, line in enumerate(await self._lines(start))
        )
        return BatchReport(id=batch, flow=start.flow, status=summary.status, rows=rows)

    async def ended(self, found: WorkflowExecutionDescription) -> BatchProgress:
        """Fetch what a batch has ended with; one that Temporal ended is asked, by a worker.

        Raises:
            UnavailableError: Temporal does not answer, or no worker where one is needed.
        """
        batch = _name(found)
        try:
            return await self.handle(batch).result()
        except WorkflowFailureError:
            return await self._results(batch)
        except RPCError as error:
            raise unavailable(error) from error

    async def start_of(self, found: WorkflowExecutionDescription) -> BatchStart:
        """Read what a batch was started with.

        Raises:
            UnavailableError: Temporal does not answer.
        """
        handle = self._client.get_workflow_handle(found.id, run_id=found.run_id)
        try:
            async for event in handle.fetch_history_events(page_size=1):
                given = event.workflow_execution_started_event_attributes.input.payloads
                [start] = await self._client.data_converter.decode(given, [BatchStart])
                assert isinstance(start, BatchStart)
                return start
        except RPCError as error:
            raise unavailable(error) from error
        raise AssertionError("a history begins with its start")

    async def describe(self, batch: str) -> WorkflowExecutionDescription:
        """Find a batch's workflow.

        Raises:
            NotFoundError: there is no such batch.
            UnavailableError: Temporal does not answer.
        """
        try:
            return await self.handle(batch).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NotFoundError(
                    f"there is no batch {batch!r}; list them with `orchestra batches list`"
                ) from error
            raise unavailable(error) from error

    def handle(self, batch: str) -> WorkflowHandle[Batch, BatchProgress]:
        """Reach a batch's workflow."""
        workflow = names.batch_workflow(self._tenant, batch)
        return self._client.get_workflow_handle_for(Batch.run, workflow)

    async def _state(self, found: WorkflowExecutionDescription, rows: int) -> BatchState:
        batch = _name(found)
        if found.status is not _RUNNING:
            return _state_at_end(await self.ended(found), rows)
        try:
            return await self.handle(batch).query(Batch.state, rpc_timeout=self._patience)
        except (RPCError, WorkflowQueryFailedError) as error:
            raise _unasked(batch, error) from error

    async def _results(self, batch: str) -> BatchProgress:
        try:
            return await self.handle(batch).query(Batch.results, rpc_timeout=self._patience)
        except (RPCError, WorkflowQueryFailedError) as error:
            raise _unasked(batch, error) from error

    async def _lines(self, start: BatchStart) -> Sequence[int]:
        kept = await self._runs.memory.archive.get(self._tenant, [start.lines])
        if start.lines not in kept:
            raise StorageError("the archive has lost the list; restore it from a backup")
        lines: list[int] = json.loads(kept[start.lines])
        return lines

    async def _summary(self, found: WorkflowExecution) -> BatchSummary:
        memo, attributes = await found.memo(), found.typed_search_attributes
        return BatchSummary(
            id=_name(found),
            flow=attributes.get(names.FLOW) or "",
            status=_status(found),
            rows=int(memo.get("rows", 0)),
            started_at=rfc3339(found.start_time),
            ended_at=rfc3339(found.close_time) if found.close_time else None,
            temporal_url=self._url(found.id),
        )

    def _url(self, workflow: str) -> str:
        if not self._runs.ui:
            return ""
        path = f"namespaces/{self._client.namespace}/workflows/{quote(workflow, safe='')}"
        return f"{self._runs.ui}/{path}"


def _name(found: WorkflowExecution) -> str:
    return found.id.rpartition("/")[2]


def _status(found: WorkflowExecution) -> str:
    told = found.typed_search_attributes.get(names.STATUS) or ""
    match found.status:
        case WorkflowExecutionStatus.RUNNING | WorkflowExecutionStatus.CONTINUED_AS_NEW:
            return told or "running"
        case WorkflowExecutionStatus.COMPLETED:
            return told
        case WorkflowExecutionStatus.CANCELED | WorkflowExecutionStatus.TERMINATED:
            return "cancelled"
        case _:
            return "failed"


def _state_at_end(ended: BatchProgress, rows: int) -> BatchState:
    return BatchState(
        outcomes=dict(sorted(Counter(each.outcome for each in ended.done).items())),
        waiting=rows - len(ended.done),
        stopped=ended.stopped,
        cost_usd=sum(each.cost_microusd for each in ended.done) / 1_000_000,
    )


def _report_row(line: int, done: RowDone | None, *, is_running: bool) -> ReportRow:
    if done is None:
        return ReportRow(
            line=line, run="", outcome="running" if is_running else "waiting", attempt=0
        )
    return ReportRow(
        line=line,
        run=done.run,
        outcome=done.outcome,
        attempt=done.attempt,
        reason=done.reason,
        output=done.output,
        cost_usd=done.cost_microusd / 1_000_000,
    )


def _unasked(batch: str, error: Exception) -> FlowError:
    if isinstance(error, RPCError) and error.status is RPCStatusCode.UNAVAILABLE:
        return unavailable(error)
    return UnavailableError(
        f"no worker tells how far batch {batch!r} has come; start one, or see the batch's page in"
        " the Temporal web UI"
    )
