"""Lets another flow do a step's work, in a child run of its own."""

import asyncio

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import (
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from contracts.agent import SUB_FLOW
    from contracts.failure import Failure, FailureKind
    from contracts.usage import Usage
    from contracts.work import RunOutcome, RunStart, StepResult, StepTask, SubFlowTask
    from workflows import names, policies
    from workflows.ledger import at_the_most, cut, whole
    from workflows.ports import SubFlowActivities
    from workflows.steering import Steering
    from workflows.visits import Visit


async def run_sub_flow(
    task: StepTask, visit: Visit, summary: str, steering: Steering, by: str
) -> StepResult:
    """Start the run that does the work, wait for its end, and take over what it has made.

    Args:
        task: the step's.
        visit: of the step.
        summary: how the Temporal UI names the work.
        steering: passes orders on to the run while it goes on.
        by: who started the run that waits; nobody approves there what they began here.

    Raises:
        FailureError: it ended otherwise than in success, or could not be entered or left.
    """
    child = names.child_run(task.run, task.step, task.visit, task.item)
    entering = SubFlowTask(
        task=_without_events(task), child=child, pending=task.pending, write_from=task.write_from
    )
    start = await workflow.execute_activity_method(
        SubFlowActivities.enter_sub_flow, entering, **policies.memory(f"{summary} · begin")
    )
    steering.begun(child)
    try:
        outcome = await _ended(_started(start, task, visit, by), child, visit, summary)
    finally:
        steering.ended(child)
    if outcome.outcome != "succeeded" or outcome.output is None:
        raise _failed(child, visit, outcome)
    leaving = SubFlowTask(task=_without_events(task), child=child, output=outcome.output)
    result = await workflow.execute_activity_method(
        SubFlowActivities.leave_sub_flow, leaving, **policies.memory(f"{summary} · end")
    )
    return result.model_copy(update={"usage": outcome.spent})


def _started(start: RunStart, task: StepTask, visit: Visit, by: str) -> RunStart:
    """Give the child no more than was reserved for it."""
    assert visit.agent.budget is not None, "the compiler gives a sub-flow its budget"
    budget = cut(visit.agent.budget, task.allowance)
    return start.model_copy(update={"budget": budget, "parent": task.run, "by": by})


def _without_events(task: StepTask) -> StepTask:
    """Leave out the transitions: histories are read for them at the top of a task."""
    return task.model_copy(update={"pending": (), "write_from": 0})


async def _ended(start: RunStart, child: str, visit: Visit, summary: str) -> RunOutcome:
    flow = visit.agent_name.removeprefix(SUB_FLOW)
    try:
        outcome: RunOutcome = await workflow.execute_child_workflow(
            names.WORKFLOW_TYPE,
            start,
            id=names.workflow_id(start.tenant, child),
            result_type=RunOutcome,
            cancellation_type=workflow.ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
            parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
            search_attributes=names.run_attributes(start.tenant, flow),
            static_summary=f"{flow} version {visit.agent.version}, for {summary}",
            priority=Priority(fairness_key=start.tenant),
        )
    except ChildWorkflowError as error:
        if is_cancelled_exception(error) and _is_being_cancelled():
            raise
        told = _told(error)
        if told is None:
            raise _lost(child, visit, error, start) from error
        return told
    return outcome


def _is_being_cancelled() -> bool:
    """Whether whoever waits was told to stop, and not the child by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _told(error: ChildWorkflowError) -> RunOutcome | None:
    """Read the outcome of a child that failed or expired; None where it could tell none."""
    cause = error.cause
    if not isinstance(cause, ApplicationError) or not cause.details:
        return None
    try:
        return RunOutcome.model_validate(cause.details[0], strict=False)
    except ValidationError:
        return None


def _failed(child: str, visit: Visit, outcome: RunOutcome) -> FailureError:
    kind = _kind(outcome)
    why = outcome.failure.message if outcome.failure else outcome.reason
    message = f"run {child} of {visit.agent_name} {outcome.outcome} at {outcome.end}: {why}"
    return _failure(kind, message, outcome.spent)


def _kind(outcome: RunOutcome) -> FailureKind:
    match outcome.outcome:
        case "rejected":
            return FailureKind.REJECTED
        case "expired":
            return FailureKind.EXPIRED
        case _:
            return FailureKind.UNFINISHED


def _lost(child: str, visit: Visit, error: ChildWorkflowError, start: RunStart) -> FailureError:
    """Say that nobody knows what a child has spent; it counts as all that it was given."""
    how = "was cancelled" if is_cancelled_exception(error) else "was stopped from outside"
    message = f"run {child} of {visit.agent_name} {how}"
    assert start.budget is not None
    return _failure(FailureKind.UNFINISHED, message, at_the_most(whole(start.budget)))


def _failure(kind: FailureKind, message: str, usage: Usage) -> FailureError:
    failure = Failure(kind=kind, message=message[:500], usage=usage)
    return ApplicationError(failure.message, failure, type=kind.value, non_retryable=True)
