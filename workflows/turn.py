"""Turns on a subject as a run sees them: it waits for its own, and gives way at its end."""

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.work import RunStart
    from workflows import names


class Turn:
    """Whether a run has been called. A run that need not wait issues no command."""

    def __init__(self) -> None:
        self.has_come = False

    def must_wait(self, start: RunStart) -> bool:
        """Whether the run was started to wait, and has not been called yet."""
        return start.double_start.waits and start.progress is None and not self.has_come

    async def wait(self) -> None:
        """Wait to be called."""
        await workflow.wait_condition(lambda: self.has_come)


async def give_way(start: RunStart) -> None:
    """Tell who gives turns on the run's subject that it has ended; nobody there is no harm."""
    if not start.subject:
        return
    subject = names.subject_workflow(start.tenant, start.subject)
    try:
        await workflow.get_external_workflow_handle(subject).signal(names.GIVEN_WAY, start.run)
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.info("nobody waits for the subject of this run any more")
