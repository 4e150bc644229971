"""Activities that answer as a witness says, in the place of the agents."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.event import Event, EventKind
from contracts.failure import Failure, FailureKind
from contracts.reference import FactValue, Value
from contracts.registry import Registry
from contracts.work import (
    FlushTask,
    Notified,
    NotifyTask,
    SealTask,
    SettleTask,
    StepResult,
    StepTask,
)
from services.rehearsal.script import Script
from workflows.checking.answering import facts_of
from workflows.checking.witness import Answered, FactsGiven, Failed
from workflows.ports import Activities


@dataclass(frozen=True)
class Stand:
    """What values are made up against."""

    flow: CompiledFlow
    registry: Registry

    def value(self, slot: str, said: FactsGiven, mark: str) -> Value:
        """Make up a value of these facts; the mark tells it from every other."""
        facts: dict[str, FactValue] = facts_of(self.flow, self.registry, slot, said)
        return Value(digest=digest(f"{slot} {mark}".encode()), size=0, facts=facts)


class WitnessActivities(Activities):
    """Answers each visit of a step as the script says, and tells which gates have opened."""

    def __init__(self, stand: Stand, script: Script) -> None:
        self.opened: asyncio.Queue[Event] = asyncio.Queue()
        self.beyond = asyncio.Event()
        """Set when the run wants more than the script has."""

        self.goes_round = False
        """Whether what it wants first of all is one more round."""

        self._stand = stand
        self._script = script

    @activity.defn(name="step")
    async def step(self, task: StepTask) -> StepResult:
        """Answer or fail as the script says."""
        match self._script.move(task.step, task.visit):
            case Answered(facts=said):
                slot = self._stand.flow.steps[task.step].writes
                mark = f"{task.step} {task.visit} {task.item}"
                return StepResult(value=self._stand.value(slot, said, mark))
            case Failed(failure=kind):
                raise _failure(kind)
            case _:
                self.want_more(task.step, task.visit)
                raise _failure(FailureKind.CANCELLED)

    def want_more(self, node: str, visit: int) -> None:
        """Take note that the script has no move for a visit; the first such visit tells why."""
        if not self.beyond.is_set():
            self.goes_round = self._script.begins_again(node, visit)
            self.beyond.set()

    @activity.defn(dynamic=True)
    async def pure_step(self, arguments: Sequence[RawValue]) -> StepResult:
        """Answer for a pure step as for any other."""
        task = activity.payload_converter().from_payload(arguments[0].payload, StepTask)
        return await self.step(task)

    @activity.defn(name="flush")
    async def flush(self, task: FlushTask) -> None:
        """Take note of the gates that have opened."""
        for event in task.pending:
            if event.kind is EventKind.GATE_OPENED:
                await self.opened.put(event)

    @activity.defn(name="flush_at_end")
    async def flush_at_end(self, task: FlushTask) -> None:
        """The end is in the outcome as well."""

    @activity.defn(name="notify")
    async def notify(self, task: NotifyTask) -> Notified:
        """Nobody has subscribed."""
        return Notified()

    @activity.defn(name="seal")
    async def seal(self, task: SealTask) -> None:
        """Nothing is stored, so nothing has to be sealed."""

    @activity.defn(name="settle")
    async def settle(self, task: SettleTask) -> Value:
        """Take the last of several decisions for all of them: their facts are the same."""
        value = task.decisions[-1].decision
        assert value is not None
        return value


def _failure(kind: FailureKind) -> ApplicationError:
    failure = Failure(kind=kind, message="the witness says so")
    return ApplicationError(
        failure.message,
        failure,
        type=kind.value,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
