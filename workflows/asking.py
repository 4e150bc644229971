"""The wait at a gate: reminders, another role that is asked, approvals one by one, the deadline.

Every moment is a durable timer. A gate that declares none of it waits with one timer, as ever.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from contracts.compiled import CompiledGate
    from contracts.event import EventKind
    from workflows import names
    from workflows.gates import OpenGate, open_roles
    from workflows.state import RunState
    from workflows.steps import now_ms


Found = SearchAttributeUpdate[Any]
"""A change of one of the attributes by which a run is found; each is of another type."""


class Moment(NamedTuple):
    """When something happens while nobody decides, in seconds after the opening."""

    after: int
    to: str = ""
    """The role that is asked from then on; empty for a reminder."""


def moments(gate: CompiledGate) -> tuple[Moment, ...]:
    """List what happens before the deadline, in order; at one moment the reminder comes last."""
    found = [Moment(each.after, each.to) for each in gate.escalate]
    found += [Moment(after) for after in gate.remind]
    due = (each for each in found if each.after < gate.deadline)
    return tuple(sorted(due, key=lambda each: (each.after, not each.to)))


def asked(opened: OpenGate) -> tuple[str, ...]:
    """List the roles that a gate waits for now."""
    approvers = opened.gate.approvers
    if approvers is None:
        return (opened.role,)
    return open_roles(approvers, opened.role, [each.role for each in opened.approvals])


def found_by(opened: OpenGate | None, deadline_ms: int) -> tuple[Found, ...]:
    """Let a run be found by whom it waits for and until when; None waits for nobody."""
    if opened is None:
        return names.ROLE.value_unset(), names.DEADLINE.value_unset()
    until = workflow.now() + timedelta(milliseconds=deadline_ms - now_ms())
    return names.ROLE.value_set(asked(opened)), names.DEADLINE.value_set(until)


class Asking:
    """Waits at one open gate and tells what happens meanwhile."""

    def __init__(
        self, opened: OpenGate, state: RunState, told: Callable[[], Awaitable[None]]
    ) -> None:
        """Begin to wait.

        Args:
            opened: the gate.
            state: of the run, which numbers what is told.
            told: called after every transition, so that people hear of it before the wait goes on.
        """
        self._opened = opened
        self._state = state
        self._told = told
        self._began = now_ms()
        self._known = 0

    async def decided(self) -> bool:
        """Wait for the decision; False when the deadline passes without one."""
        for moment in moments(self._opened.gate):
            if await self._until(moment.after):
                return True
            await self._happens(moment)
        return await self._until(self._opened.gate.deadline)

    async def _until(self, after: int) -> bool:
        """Wait until so many seconds after the opening; True as soon as it is decided."""
        while True:
            try:
                await workflow.wait_condition(
                    self._has_news,
                    timeout=self._left(after),
                    timeout_summary=f"{self._opened.name}: {self._opened.role} decides",
                )
            except TimeoutError:
                return False
            if await self._tell_approvals():
                return True

    def _left(self, after: int) -> timedelta:
        passed = now_ms() - self._began
        return max(timedelta(), timedelta(seconds=after) - timedelta(milliseconds=passed))

    def _has_news(self) -> bool:
        return self._opened.decision is not None or len(self._opened.approvals) > self._known

    async def _tell_approvals(self) -> bool:
        """Tell each approval once; True when with them it is decided."""
        for approval in self._opened.approvals[self._known :]:
            self._known += 1
            self._state.tell(
                EventKind.APPROVED,
                now_ms(),
                step=self._opened.name,
                visit=self._opened.visit,
                digest=approval.shown,
                role=approval.role,
                text=approval.who,
            )
        if self._opened.decision is not None:
            return True
        await self._told()
        return False

    async def _happens(self, moment: Moment) -> None:
        before = self._opened.role
        if moment.to:
            self._opened.role = moment.to
        self._state.tell(
            EventKind.ESCALATED if moment.to else EventKind.REMINDED,
            now_ms(),
            step=self._opened.name,
            visit=self._opened.visit,
            digest=self._opened.shown,
            role=self._opened.role,
            text=before if moment.to else "",
            deadline_ms=self._began + self._opened.gate.deadline * 1000,
        )
        await self._told()
