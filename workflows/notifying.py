"""Tells webhooks at a run's end what could not be told on the way, for as long as it takes."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.work import NotifyTask, RunStart
    from workflows import policies
    from workflows.notices import Notices
    from workflows.ports import Activities


async def tell_the_rest(notices: Notices, start: RunStart) -> None:
    """Tell what is still to be told; does nothing when that is nothing."""
    pending = notices.pending
    if not pending:
        return
    task = NotifyTask(tenant=start.tenant, run=start.run, notices=pending)
    telling = workflow.start_activity_method(
        Activities.notify, task, **policies.notifying("tell webhooks")
    )
    try:
        try:
            answer = await asyncio.shield(telling)
        except asyncio.CancelledError:
            # Who cancels a run that has ended stops nothing any more; a worker that lets go does.
            if workflow.cancellation_reason() is None:
                raise
            answer = await telling
    except FailureError as error:
        # Only what no repetition can mend comes up to here, and it must not change how a run ends.
        if is_cancelled_exception(error):
            raise
        workflow.logger.error("webhooks could not be told: %s", type(error).__name__)
        return
    notices.told(pending, answer)
