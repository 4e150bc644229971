"""Many runs at once: a few at a time, and what became of each is told by itself."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from contracts.many_runs import (
    Cancelled,
    CancelReport,
    CancelRequest,
    Rerun,
    RerunReport,
    RerunRequest,
    Selection,
)
from contracts.registry import MissingMigrationError, UnknownContractError
from contracts.run import ForkRequest, RetryRequest
from services.errors import FlowError, Problem
from services.runs.forking import Forking
from services.runs.inputs import invalid
from services.runs.listing import Filters
from services.runs.runs import Runs
from workflows.names import parent_of

Told = TypeVar("Told", Rerun, Cancelled)
AT_ONCE: Final = 5
"""Each reads a whole history and writes to the archive."""


@dataclass(frozen=True)
class ManyRuns:
    """Acts on the runs of one tenant that a selection names."""

    runs: Runs

    async def rerun(self, request: RerunRequest) -> RerunReport:
        """Retry or fork all runs of a selection, or say what would be done.

        What stands in one run's way is told with it and holds up no other.

        Raises:
            InputInvalidError: the selection is none.
            UnavailableError: Temporal does not answer.
        """
        batch = request.batch or secrets.token_hex(8)

        async def again(run: str) -> Rerun:
            return await self._rerun(run, request, batch)

        told = await _each(await self.selected(request.runs), again)
        return RerunReport(batch=batch, dry_run=request.dry_run, runs=told)

    async def cancel(self, request: CancelRequest) -> CancelReport:
        """Ask all runs of a selection to stop, or say which they are; raises as `rerun` does."""

        async def stopped(run: str) -> Cancelled:
            return await self._cancel(run, request)

        told = await _each(await self.selected(request.runs), stopped)
        return CancelReport(dry_run=request.dry_run, runs=told)

    async def selected(self, selection: Selection) -> tuple[str, ...]:
        """List the runs that are meant, the newest first; raises as `rerun` does."""
        filters = Filters(
            flow=selection.flow, status=selection.status, since=selected_since(selection)
        )
        found: list[str] = []
        cursor = ""
        while len(found) < selection.limit:
            page = await self.runs.list(filters, limit=selection.limit, cursor=cursor)
            found += [each.id for each in page.runs if not parent_of(each.id)]
            cursor = page.cursor
            if not cursor:
                break
        return tuple(found[: selection.limit])

    async def _rerun(self, run: str, request: RerunRequest, batch: str) -> Rerun:
        forking = Forking(self.runs)
        retry = RetryRequest(flow_version=request.flow_version)
        fork = ForkRequest(at=request.at, flow_version=request.flow_version)
        try:
            plan = await (
                forking.plan_fork(run, fork) if request.at else forking.plan_retry(run, retry)
            )
            told = Rerun(run=run, place=plan.origin.place, visit=plan.origin.visit)
            if request.dry_run:
                return told
            started = await forking.start(plan, f"rerun {batch} {run}")
        except (FlowError, UnknownContractError, MissingMigrationError) as error:
            return Rerun(run=run, problem=str(error))
        return told.model_copy(update={"started": started.run, "replayed": started.replayed})

    async def _cancel(self, run: str, request: CancelRequest) -> Cancelled:
        try:
            if not request.dry_run:
                await self.runs.cancel(run)
        except FlowError as error:
            return Cancelled(run=run, problem=str(error))
        return Cancelled(run=run)


async def _each(runs: Sequence[str], act: Callable[[str], Awaitable[Told]]) -> tuple[Told, ...]:
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(run: str) -> Told:
        async with limit:
            return await act(run)

    return tuple(await asyncio.gather(*map(one, runs)))


def selected_since(selection: Selection) -> str:
    """Write from when on runs are selected as Temporal's queries take it; empty for all.

    Raises:
        InputInvalidError: there is no such moment, as on the 31st of February.
    """
    if not selection.since:
        return ""
    try:
        return datetime.fromisoformat(selection.since).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        told = f"{selection.since!r} is no moment; write one as 2026-11-23T08:00:00Z"
        problem = Problem("/since", told)
        raise invalid("the selection names no runs", [problem]) from error
