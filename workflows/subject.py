"""The workflow that gives turns on one subject: its id is unique, so there is one owner at most."""

from collections import deque
from collections.abc import Coroutine
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from contracts.double_start import Claim, RunToFind, SubjectStart
    from workflows import names, policies
    from workflows.ports import LaunchActivities

CHECK: Final = timedelta(minutes=5)
"""A run tells its end itself; one that Temporal terminated cannot, and is found out by asking."""

MISSING: Final = 30
"""So many seconds a run may take to exist after its turn was claimed; then its turn is over."""


@workflow.defn(name=names.SUBJECT_TYPE)
class Subject:
    """Lets one run at a time have a subject. It ends when nobody wants it any more."""

    @workflow.init
    def __init__(self, start: SubjectStart) -> None:
        """Take up the line; a claim may come before `run` is called."""
        self._start = start
        self._holder = start.holder
        self._line = deque(start.line)
        self._leaving = deque(start.leaving)

    @workflow.run
    async def run(self, start: SubjectStart) -> None:
        """Call one run after the other until none is left."""
        while True:
            await self._ask_to_stop()
            if not self._holder:
                if not self._line:
                    return
                await self._call(self._line.popleft().run)
                continue
            self._continue_as_new_when_long()
            await self._wait()

    @workflow.signal(name=names.CLAIM)
    def claim(self, claim: Claim) -> None:
        """Take a run into the line; the same claim twice counts once."""
        if claim.run == self._holder or any(each.run == claim.run for each in self._line):
            return
        if claim.replaces:
            before = [self._holder, *(each.run for each in self._line)]
            self._leaving.extend(run for run in before if run)
            self._line.clear()
        self._line.append(claim)

    @workflow.signal(name=names.GIVEN_WAY)
    def given_way(self, run: str) -> None:
        """Note that a run has ended, while it waited or when it was its turn."""
        if run == self._holder:
            self._holder = ""
        self._line = deque(each for each in self._line if each.run != run)

    async def _call(self, run: str) -> None:
        """Make a run the holder and tell it; one that does not come to exist loses its turn."""
        self._holder = run
        workflow.upsert_memo({names.RUN: run})
        for _ in range(MISSING):
            if self._holder != run or await self._told(self._run(run).signal(names.TURN)):
                return
            await workflow.sleep(1)
        self.given_way(run)

    async def _wait(self) -> None:
        try:
            await workflow.wait_condition(
                lambda: not self._holder or bool(self._leaving),
                timeout=CHECK,
                timeout_summary="until the run is looked after",
            )
        except TimeoutError:
            holder = self._holder
            asked = RunToFind(tenant=self._start.tenant, run=holder)
            if await workflow.execute_activity_method(
                LaunchActivities.has_ended, asked, **policies.memory(f"has run {holder} ended?")
            ):
                self.given_way(holder)

    async def _ask_to_stop(self) -> None:
        while self._leaving:
            await self._told(self._run(self._leaving.popleft()).cancel())

    def _run(self, run: str) -> workflow.ExternalWorkflowHandle[object]:
        return workflow.get_external_workflow_handle(names.workflow_id(self._start.tenant, run))

    async def _told(self, telling: Coroutine[object, object, None]) -> bool:
        try:
            await telling
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            return False
        return True

    def _continue_as_new_when_long(self) -> None:
        if workflow.info().get_current_history_length() < self._start.history_limit:
            return
        update = {"holder": self._holder, "line": tuple(self._line), "leaving": ()}
        workflow.continue_as_new(self._start.model_copy(update=update))
