"""Batches: a flow over a list of inputs, worked through by a workflow of its own."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import JsonValue
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import digest
from contracts.batch import BatchCheck, BatchProgress, BatchRequest, BatchStart, SkippedRow
from contracts.reference import Digest
from services.batches.reading import Row, read_rows
from services.batches.view import PATIENCE, BatchViews
from services.errors import (
    ConflictError,
    IdempotencyMismatchError,
    InputInvalidError,
    Problem,
)
from services.runs.runs import Runs, new_run_id, unavailable
from workflows import names
from workflows.batch import PAUSE, RESUME, STOP, Batch

CHUNK_ROWS: Final = 100
"""Rows kept as one value of the archive: a launch reads its row's chunk."""

SHOWN_SKIPPED: Final = 100
HISTORY_LIMIT_EVENTS: Final = 20_000
"""A row takes eight or so; at 50 Ki events Temporal would terminate the batch."""

_TRIED_AGAIN: Final = frozenset({"failed", "expired", "cancelled", "refused"})


@dataclass(frozen=True)
class Begun:
    """A batch that exists, and whether an earlier request had started it."""

    batch: str
    replayed: bool


class Batches:
    """Starts and steers the batches of one tenant; `views` looks at them."""

    def __init__(
        self,
        runs: Runs,
        *,
        history_limit: int = HISTORY_LIMIT_EVENTS,
        patience: timedelta = PATIENCE,
    ) -> None:
        """Prepare.

        Args:
            runs: whose flows, memory and connection are used.
            history_limit: events after which a batch continues as new.
            patience: how long a worker may take to tell how far a batch has come.
        """
        self._runs = runs
        self._history_limit = history_limit
        self._client = runs.client
        self._tenant = runs.tenant
        self.views = BatchViews(runs, patience)

    def check(self, request: BatchRequest) -> BatchCheck:
        """Hold every row against the flow and start nothing.

        Raises:
            NotFoundError: there is no such flow.
            InputInvalidError: the list cannot be read at all.
        """
        rows = self._read(request)
        wrong = tuple(_skipped(row) for row in rows if row.problems)
        return BatchCheck(rows=len(rows) - len(wrong), invalid=wrong)

    async def start(self, request: BatchRequest, *, idempotency_key: str = "") -> Begun:
        """Hold every row against the flow, keep the list, and start.

        The same key with the same request gives the same batch.

        Raises:
            NotFoundError: there is no such flow.
            InputInvalidError: rows do not fit; each is named with its line.
            IdempotencyMismatchError: the key was used with another request.
            UnavailableError: Temporal or the archive does not answer.
        """
        rows = await asyncio.to_thread(self._read, request)
        fit = [row for row in rows if not row.problems]
        wrong = [row for row in rows if row.problems]
        if wrong and not (request.skip_invalid and fit):
            raise _unfit(wrong, len(rows))
        key = f"{self._tenant}\nbatch\n{idempotency_key}"
        batch = "K" + digest(key.encode())[:25].upper() if idempotency_key else new_run_id()
        chunks, lines = await self._keep(fit)
        start = BatchStart(
            tenant=self._tenant,
            batch=batch,
            flow=request.flow,
            chunks=chunks,
            chunk_rows=CHUNK_ROWS,
            lines=lines,
            rows=len(fit),
            at_once=request.at_once,
            history_limit=self._history_limit,
        )
        nonce = secrets.token_hex(8)
        memo: dict[str, JsonValue] = {
            "rows": len(fit),
            "at_once": request.at_once,
            "skipped_rows": len(wrong),
            "skipped": [_skipped(row).model_dump() for row in wrong[:SHOWN_SKIPPED]],
            "request": digest(request.model_dump_json().encode()),
            "nonce": nonce,
        }
        await self._start(start, memo)
        if not idempotency_key:
            return Begun(batch, replayed=False)
        kept = await (await self.views.describe(batch)).memo()
        if kept.get("request") != memo["request"]:
            raise IdempotencyMismatchError(
                "this Idempotency-Key was used before with another batch; use a new key"
            )
        return Begun(batch, replayed=kept.get("nonce") != nonce)

    async def pause(self, batch: str, note: str) -> None:
        """Begin no further row; those at work go on. Raises as `cancel` does."""
        await self._tell(batch, PAUSE, [note])

    async def resume(self, batch: str) -> None:
        """Go on. Raises as `cancel` does."""
        await self._tell(batch, RESUME)

    async def cancel(self, batch: str) -> None:
        """Begin no further row and cancel those at work; it ends by itself.

        Raises:
            NotFoundError: there is no such batch.
            ConflictError: it has ended already.
            UnavailableError: Temporal does not answer.
        """
        await self._tell(batch, STOP)

    async def retry(self, batch: str) -> int:
        """Start an ended batch again for its rows that have no result.

        Those failed, expired, were cancelled or never begun; each gets a run of its own. What has
        succeeded, or was rejected by a person, is kept.

        Returns:
            How many rows there are.

        Raises:
            NotFoundError: there is no such batch.
            ConflictError: it goes on, or has nothing to try again.
            UnavailableError: Temporal or the archive does not answer.
        """
        found = await self.views.describe(batch)
        if found.status is WorkflowExecutionStatus.RUNNING:
            raise ConflictError(
                f"batch {batch!r} goes on; wait for its end, or cancel it, and then retry"
            )
        before = await self.views.ended(found)
        again = [each for each in before.done if each.outcome in _TRIED_AGAIN]
        start = await self.views.start_of(found)
        count = start.rows - len(before.done) + len(again)
        if not count:
            raise ConflictError(f"batch {batch!r} has no row to try again")
        progress = BatchProgress(
            done=tuple(each for each in before.done if each.outcome not in _TRIED_AGAIN),
            attempts=before.attempts | {str(each.row): each.attempt for each in again},
        )
        memo = dict(await found.memo())
        await self._start(start.model_copy(update={"progress": progress}), memo, again=True)
        return count

    def _read(self, request: BatchRequest) -> tuple[Row, ...]:
        flow = self._runs.shelf.get(request.flow)
        return read_rows(request.rows, request.format, flow, self._runs.registry)

    async def _keep(self, rows: Sequence[Row]) -> tuple[tuple[Digest, ...], Digest]:
        """Keep the inputs by chunks, and where the rows stand in the list."""
        chunks = [rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS)]
        given = [_written([dict(row.given) for row in chunk]) for chunk in chunks]
        lines = _written([row.line for row in rows])
        kept = {digest(each): each for each in (*given, lines)}
        await self._runs.memory.archive.put(self._tenant, kept)
        return tuple(digest(each) for each in given), digest(lines)

    async def _start(
        self, start: BatchStart, memo: dict[str, JsonValue], *, again: bool = False
    ) -> None:
        reuse = WorkflowIDReusePolicy
        conflict = WorkflowIDConflictPolicy
        try:
            await self._client.start_workflow(
                Batch.run,
                start,
                id=names.batch_workflow(self._tenant, start.batch),
                task_queue=self._runs.queue,
                id_conflict_policy=conflict.FAIL if again else conflict.USE_EXISTING,
                id_reuse_policy=reuse.ALLOW_DUPLICATE if again else reuse.REJECT_DUPLICATE,
                memo=memo,
                search_attributes=names.run_attributes(self._tenant, start.flow),
                static_summary=f"{start.flow} over {start.rows} rows",
                priority=Priority(fairness_key=self._tenant),
            )
        except WorkflowAlreadyStartedError as error:
            if again:
                raise ConflictError(f"batch {start.batch!r} goes on already") from error
        except RPCError as error:
            raise unavailable(error) from error

    async def _tell(self, batch: str, signal: str, arguments: Sequence[str] = ()) -> None:
        found = await self.views.describe(batch)
        if found.status is not WorkflowExecutionStatus.RUNNING:
            raise ConflictError(f"batch {batch!r} has ended already")
        try:
            await self.views.handle(batch).signal(signal, args=list(arguments))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise ConflictError(f"batch {batch!r} has ended in this moment") from error
            raise unavailable(error) from error


def _unfit(wrong: Sequence[Row], rows: int) -> InputInvalidError:
    problems = [
        Problem(f"/rows/{row.line}{each.pointer}", each.message)
        for row in wrong
        for each in row.problems
    ]
    told = f"{len(wrong)} of {rows} rows do not fit; mend them, or leave them out (skip_invalid)"
    return InputInvalidError(told, problems)


def _skipped(row: Row) -> SkippedRow:
    told = "; ".join(
        f"{each.pointer.strip('/').replace('/', '.')}: {each.message}".removeprefix(": ")
        for each in row.problems
    )
    return SkippedRow(line=row.line, problem=told[:500])


def _written(value: JsonValue) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
