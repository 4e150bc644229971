"""Holds a run up and lets it go on: no new step, item or sub-flow begins while it is paused."""

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.work import Steer
    from workflows import names


class Steering:
    """What people want of the pace of one run. A run that was never paused issues no command."""

    def __init__(self) -> None:
        self.is_paused = False
        self._children: dict[str, None] = {}

    async def go_on(self) -> None:
        """Wait for as long as the run is paused."""
        if self.is_paused:
            await workflow.wait_condition(lambda: not self.is_paused)

    def pause(self) -> bool:
        """Hold the run up. Returns whether that is new."""
        was_paused, self.is_paused = self.is_paused, True
        return not was_paused

    def resume(self) -> bool:
        """Let the run go on. Returns whether that is new."""
        was_paused, self.is_paused = self.is_paused, False
        return was_paused

    def begun(self, child: str) -> None:
        """A sub-flow's run has begun: what is wanted of this run is wanted of it too."""
        self._children[child] = None

    def ended(self, child: str) -> None:
        """A sub-flow's run has ended."""
        self._children.pop(child, None)

    async def pass_on(self, tenant: str, signal: str, order: Steer) -> None:
        """Tell the runs of sub-flows; one that has ended meanwhile needs to be told nothing."""
        for child in tuple(self._children):
            handle = workflow.get_external_workflow_handle(names.workflow_id(tenant, child))
            try:
                await handle.signal(signal, order)
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.logger.info("the run of a sub-flow has ended before it was told")
