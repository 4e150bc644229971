"""What an attempt does that was told to stop: nothing more, and it tells if its work is over."""

import asyncio

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError


def leave_if_cancelled() -> None:
    """End an attempt that was told to stop and went on, before it writes of a run that is over.

    Raises:
        CancelledError: it was told to stop.
    """
    if activity.is_cancelled():
        raise asyncio.CancelledError


async def is_abandoned() -> bool:
    """Tell whether nobody will take this work up again, because its run has stopped.

    A worker that stops leaves it to another. So does one that was taken for lost: its attempt is
    as unknown to Temporal as that of a run which has ended, so the run itself is looked at.
    """
    details = activity.cancellation_details()
    if details is None:
        return False
    return details.cancel_requested or (details.not_found and await _run_has_ended())


async def _run_has_ended() -> bool:
    info = activity.info()
    if info.workflow_id is None:
        return False
    handle = activity.client().get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
    try:
        found = await handle.describe()
    except RPCError:
        return False
    return found.status is not WorkflowExecutionStatus.RUNNING
