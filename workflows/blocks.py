"""Works on the branches of parallel blocks at a time, and joins them.

A block's steps mean what they mean one after the other: each takes its turn in the order in which
the block names them, and what was made ahead is put in its slot then. So neither what a run holds
nor where it goes depends on which branch was quicker.
"""

import asyncio
from collections.abc import Sequence

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.compiled import CompiledBlock
    from contracts.work import RunStart
    from workflows.course import Course
    from workflows.failures import StepFailed
    from workflows.steering import Steering
    from workflows.steps import Done, StepRunner
    from workflows.visits import LocalQuota


class BlockRunner:
    """Runs the steps of one run; those of a block ahead of their turn."""

    def __init__(self, start: RunStart, course: Course, steering: Steering) -> None:
        self._start = start
        self._course = course
        self._steering = steering
        self._locals = LocalQuota()
        self._steps = StepRunner(start, course, steering, self._locals)
        self._blocks = {block.first: block for block in course.flow.blocks.values()}
        self._ahead: dict[str, Done | StepFailed] = {}

    @property
    def is_ahead(self) -> bool:
        """Whether work is done whose turn has not come; this execution alone knows of it."""
        return bool(self._ahead)

    async def run(self, name: str) -> None:
        """Give a step its turn; the first one of a block begins the work on all its branches.

        Raises:
            StepFailed: it produced nothing; the failure says why.
        """
        if block := self._blocks.get(name):
            self._ahead.clear()
            await self._work_ahead(block)
        match self._ahead.pop(name, None):
            case None:
                self._ahead.clear()
                await self._steps.run(name)
            case StepFailed() as failed:
                # What else was made is kept as finished; another way may lead here again.
                self._ahead.clear()
                raise failed
            case done:
                self._steps.accept(done)

    async def _work_ahead(self, block: CompiledBlock) -> None:
        """Work until every branch is done or has failed: one that fails stops no other."""
        branches = [asyncio.create_task(self._branch(steps)) for steps in block.branches.values()]
        try:
            ended = await asyncio.gather(*branches, return_exceptions=True)
        except asyncio.CancelledError:
            await asyncio.gather(*branches, return_exceptions=True)
            raise
        for each in ended:
            if isinstance(each, BaseException):
                raise each

    async def _branch(self, steps: Sequence[str]) -> None:
        state, context = self._course.state, self._course.context.copy()
        course = Course(self._course.flow, state, context)
        runner = StepRunner(self._start, course, self._steering, self._locals)
        for name in steps:
            await self._steering.go_on()
            try:
                self._ahead[name] = await runner.work_ahead(name)
            except StepFailed as failed:
                self._ahead[name] = failed
                return
