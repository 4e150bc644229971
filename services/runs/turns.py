"""Claims turns on subjects. Which of two starts is first is decided by Temporal's server alone."""

import asyncio
from typing import Final

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.double_start import Claim, ClaimTask, DoubleStart, SubjectStart
from services.errors import ConflictError, FlowError, UnavailableError
from workflows import names
from workflows.subject import Subject

ATTEMPTS: Final = 20
PAUSE_SECONDS: Final = 0.1
"""Two seconds for a subject whose run has ended to become free; with a worker it takes far less."""


class Turns:
    """Claims turns for the runs of all tenants, on one queue."""

    def __init__(self, client: Client, queue: str) -> None:
        self._client = client
        self._queue = queue

    async def claim(self, wanted: ClaimTask) -> None:
        """Claim a turn for a run that is about to be started; the same claim twice counts once.

        Works with no worker up.

        Raises:
            ConflictError: another run has the subject, and this one was not to wait for it.
            UnavailableError: Temporal does not answer.
        """
        if wanted.double_start is DoubleStart.ALLOW:
            return
        try:
            if wanted.double_start is DoubleStart.REFUSE:
                await self._take(wanted)
            else:
                await self._join(wanted)
        except RPCError as error:
            raise _unavailable() from error

    async def has_ended(self, tenant: str, run: str) -> bool:
        """Whether a run goes on no more, or never was.

        Raises:
            UnavailableError: Temporal does not answer.
        """
        handle = self._client.get_workflow_handle(names.workflow_id(tenant, run))
        try:
            return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise _unavailable() from error

    async def _take(self, wanted: ClaimTask) -> None:
        """Be the first, or nothing; a run that has ended is given a moment to give way."""
        for _ in range(ATTEMPTS):
            try:
                await self._start(wanted, WorkflowIDConflictPolicy.FAIL, line=(_claim(wanted),))
            except WorkflowAlreadyStartedError:
                holder = await self._holder(wanted)
            else:
                return
            if holder == wanted.run:
                return
            if holder and not await self._is_over(wanted.tenant, holder):
                raise _goes_on(holder)
            if holder:
                await self._give_way_for(wanted, holder)
            await asyncio.sleep(PAUSE_SECONDS)
        raise ConflictError(
            "a run on the same subject has ended in this moment, or is being started; try again"
        )

    async def _join(self, wanted: ClaimTask) -> None:
        await self._start(wanted, WorkflowIDConflictPolicy.USE_EXISTING, signal=_claim(wanted))

    async def _start(
        self,
        wanted: ClaimTask,
        conflict: WorkflowIDConflictPolicy,
        *,
        line: tuple[Claim, ...] = (),
        signal: Claim | None = None,
    ) -> None:
        await self._client.start_workflow(
            Subject.run,
            SubjectStart(tenant=wanted.tenant, subject=wanted.subject, line=line),
            id=names.subject_workflow(wanted.tenant, wanted.subject),
            task_queue=self._queue,
            id_conflict_policy=conflict,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=names.CLAIM if signal else None,
            start_signal_args=[signal] if signal else [],
            memo={names.RUN: wanted.run},
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(names.TENANT, wanted.tenant)]
            ),
            static_summary="turns on one subject",
            priority=Priority(fairness_key=wanted.tenant),
        )

    async def _holder(self, wanted: ClaimTask) -> str:
        """Name the run whose turn it is; empty when there is none any more."""
        subject = names.subject_workflow(wanted.tenant, wanted.subject)
        try:
            described = await self._client.get_workflow_handle(subject).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return ""
            raise
        is_open = described.status is WorkflowExecutionStatus.RUNNING
        return str((await described.memo()).get(names.RUN, "")) if is_open else ""

    async def _is_over(self, tenant: str, run: str) -> bool:
        """Whether a run has ended; one that is only about to be started has not."""
        handle = self._client.get_workflow_handle(names.workflow_id(tenant, run))
        try:
            return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise

    async def _give_way_for(self, wanted: ClaimTask, holder: str) -> None:
        """Say for a run that it has ended, in case it could not say so itself."""
        subject = names.subject_workflow(wanted.tenant, wanted.subject)
        try:
            await self._client.get_workflow_handle(subject).signal(names.GIVEN_WAY, holder)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


def _claim(wanted: ClaimTask) -> Claim:
    return Claim(run=wanted.run, replaces=wanted.double_start is DoubleStart.REPLACE)


def _goes_on(run: str) -> FlowError:
    return ConflictError(
        f"run {run} on the same subject goes on; wait for its end or cancel it, or start this one"
        " to queue behind it, to replace it or to run beside it (on_conflict: queue, replace,"
        " allow)"
    )


def _unavailable() -> FlowError:
    return UnavailableError("the Temporal server does not answer; try again when it does")
