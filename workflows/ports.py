"""The activities that the interpreter calls, as typed ports; services implement them."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence

from temporalio import activity
from temporalio.common import RawValue

from contracts.double_start import ClaimTask, RunToFind
from contracts.launch import LaunchTask
from contracts.reference import Value
from contracts.work import (
    FlushTask,
    Notified,
    NotifyTask,
    RunStart,
    SealTask,
    SettleTask,
    StepResult,
    StepTask,
    SubFlowTask,
)


class Activities(ABC):
    """Everything the interpreter may ask of the world."""

    @activity.defn(name="step")
    @abstractmethod
    async def step(self, task: StepTask) -> StepResult:
        """Run one agent once. Safe to repeat: paid answers are found in the journal."""

    @activity.defn(dynamic=True)
    @abstractmethod
    async def pure_step(self, arguments: Sequence[RawValue]) -> StepResult:
        """Run a pure agent in the worker that holds the run; two seconds at most.

        It answers to any name, so that a run's timeline shows the step's: the web UI shows no
        summaries of local activities. The one argument is a `StepTask`.
        """

    @activity.defn(name="flush")
    @abstractmethod
    async def flush(self, task: FlushTask) -> Notified | None:
        """Tell webhooks, then write transitions that no step will carry."""

    @activity.defn(name="flush_at_end")
    @abstractmethod
    async def flush_at_end(self, task: FlushTask) -> Notified | None:
        """Do the same with the last ones, and let the run's memory expire; in its own worker."""

    @activity.defn(name="notify")
    @abstractmethod
    async def notify(self, task: NotifyTask) -> Notified:
        """Tell webhooks what could not be told on the way. Safe to repeat."""

    @activity.defn(name="seal")
    @abstractmethod
    async def seal(self, task: SealTask) -> None:
        """Copy values to the archive."""

    @activity.defn(name="settle")
    @abstractmethod
    async def settle(self, task: SettleTask) -> Value:
        """Make one decision of what several people have decided, and keep it."""


class SubFlowActivities(ABC):
    """What the interpreter asks of the world where another flow does a step's work."""

    @activity.defn(name="enter_sub_flow")
    @abstractmethod
    async def enter_sub_flow(self, task: SubFlowTask) -> RunStart:
        """Turn what the step is given into the start of a run; the budget is the flow's own."""

    @activity.defn(name="leave_sub_flow")
    @abstractmethod
    async def leave_sub_flow(self, task: SubFlowTask) -> StepResult:
        """Turn what that run has made into the step's product; the usage is left out."""


class LaunchActivities(ABC):
    """What a workflow that starts runs may ask of the world."""

    @activity.defn(name="prepare")
    @abstractmethod
    async def prepare(self, task: LaunchTask) -> RunStart:
        """Validate and keep the input of a run that no request starts."""

    @activity.defn(name="claim")
    @abstractmethod
    async def claim(self, task: ClaimTask) -> None:
        """Claim a run's turn on its subject; refused as `conflict` where another has it."""

    @activity.defn(name="has_ended")
    @abstractmethod
    async def has_ended(self, asked: RunToFind) -> bool:
        """Say whether a run goes on no more."""


def registered(activities: Activities) -> Sequence[Callable[..., Awaitable[object]]]:
    """List every activity, for whoever builds a worker."""
    return [
        activities.step,
        activities.pure_step,
        activities.flush,
        activities.flush_at_end,
        activities.notify,
        activities.seal,
        activities.settle,
    ]


def registered_sub_flows(
    activities: SubFlowActivities,
) -> Sequence[Callable[..., Awaitable[object]]]:
    """List the activities around sub-flows, for whoever builds a worker."""
    return [activities.enter_sub_flow, activities.leave_sub_flow]


def registered_launching(
    activities: LaunchActivities,
) -> Sequence[Callable[..., Awaitable[object]]]:
    """List the activities of workflows that start runs, for whoever builds a worker."""
    return [activities.prepare, activities.claim, activities.has_ended]
