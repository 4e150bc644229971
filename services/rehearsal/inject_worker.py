"""The worker's activities in rehearsal: each attempt knows its run, and may die without a word."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from contracts.reference import Value
from contracts.work import FlushTask, Notified, SealTask, SettleTask, StepResult, StepTask
from services.rehearsal.scene import CURRENT, Attempt, Died, Scenes
from services.worker.activities import Assembly, WorkerActivities

LOST: Final = "worker_lost"
"""What an attempt fails as that is not waited for: no kind of ours, and not noted anywhere."""

Attend = Callable[[FlushTask], Awaitable[None]]
"""Called with the transitions that were told, before the run goes on: who decides gates."""


class RehearsedActivities(WorkerActivities):
    """Does what a worker does, for runs in rehearsal."""

    def __init__(
        self, assembly: Assembly, scenes: Scenes, attend: Attend, *, notices: bool
    ) -> None:
        """Make them.

        Args:
            assembly: what they work with.
            scenes: the runs in rehearsal.
            attend: who decides gates.
            notices: whether a death is known at once; else a heartbeat has to be missed first.
        """
        super().__init__(assembly)
        self._notices = notices
        self._scenes = scenes
        self._attend = attend

    @activity.defn(name="step")
    async def step(self, task: StepTask) -> StepResult:
        """See `Activities.step`."""
        self._enter(task)
        try:
            return await super().step(task)
        except Died:
            return await self._fall_silent()

    @activity.defn(dynamic=True)
    async def pure_step(self, arguments: Sequence[RawValue]) -> StepResult:
        """See `Activities.pure_step`."""
        task = activity.payload_converter().from_payload(arguments[0].payload, StepTask)
        self._enter(task)
        try:
            return await super().pure_step(arguments)
        except Died:
            return await self._fall_silent()

    @activity.defn(name="flush")
    async def flush(self, task: FlushTask) -> Notified | None:
        """See `Activities.flush`; gates are decided before it returns, so no time passes."""
        notified = await super().flush(task)
        await self._attend(task)
        return notified

    @activity.defn(name="flush_at_end")
    async def flush_at_end(self, task: FlushTask) -> Notified | None:
        """See `Activities.flush_at_end`."""
        return await super().flush(task)

    @activity.defn(name="seal")
    async def seal(self, task: SealTask) -> None:
        """See `Activities.seal`."""
        await super().seal(task)

    @activity.defn(name="settle")
    async def settle(self, task: SettleTask) -> Value:
        """See `Activities.settle`."""
        return await super().settle(task)

    def _enter(self, task: StepTask) -> None:
        scene = self._scenes[task.tenant]
        scene.hear(task.pending)
        scene.attempts[task.step, task.visit, task.item, task.agent] += 1
        CURRENT.set(Attempt(scene, task, activity.info().attempt))

    async def _fall_silent(self) -> StepResult:
        """Never report: the heartbeat has stopped, and only the server's patience ends this."""
        if self._notices:
            raise ApplicationError("the worker is lost", type=LOST)
        await asyncio.Event().wait()
        raise AssertionError("nothing sets this event")
