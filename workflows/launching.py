"""How a workflow that is no run starts one: prepared by an activity, then run as its child."""

from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import Priority, SearchAttributePair, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    TerminatedError,
    WorkflowAlreadyStartedError,
)

with workflow.unsafe.imports_passed_through():
    from contracts.compiled import CompiledFlow
    from contracts.double_start import ClaimTask
    from contracts.launch import LaunchOutcome, LaunchTask
    from contracts.work import RunOutcome, RunStart
    from workflows import names, policies
    from workflows.ports import LaunchActivities
    from workflows.run_flow import RunFlow

REFUSED: Final = "refused"
"""The outcome of a launch whose subject another run has, and the type of that error."""


async def launched(
    task: LaunchTask, found_by: Sequence[SearchAttributePair[str]] = ()
) -> LaunchOutcome:
    """Prepare a run and see it through; cancelling this cancels the run and waits for its end.

    A run that ended badly is an outcome too. One that an earlier start had made is not repeated.
    The run can be found by what it is found by always and by what is given.

    Raises:
        ActivityError: the run cannot be prepared.
        ChildWorkflowError: this was cancelled.
    """
    start = await workflow.execute_activity_method(
        LaunchActivities.prepare, task, **policies.preparing(f"prepare run {task.run}")
    )
    try:
        if start.subject:
            await _claim(start)
    except ActivityError as error:
        if not _is_refused(error):
            raise
        return LaunchOutcome(run=task.run, outcome=REFUSED, reason=str(error.cause))
    try:
        return _outcome(await _run(start, found_by))
    except WorkflowAlreadyStartedError:
        told = "an earlier start made this run; see it, and retry it there where it failed"
        return LaunchOutcome(run=task.run, outcome="repeated", reason=told)
    except ChildWorkflowError as error:
        if workflow.cancellation_reason() is not None:
            raise
        return _failed(task.run, error)


async def _claim(start: RunStart) -> None:
    task = ClaimTask(
        tenant=start.tenant,
        run=start.run,
        subject=start.subject,
        double_start=start.double_start,
    )
    await workflow.execute_activity_method(
        LaunchActivities.claim, task, **policies.preparing("claim a turn on the subject")
    )


def _is_refused(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.type == REFUSED


async def _run(start: RunStart, found_by: Sequence[SearchAttributePair[str]]) -> RunOutcome:
    flow = CompiledFlow.decode(start.flow.body or "")
    attributes = names.run_attributes(start.tenant, flow.name).updated(*found_by)
    return await workflow.execute_child_workflow(
        RunFlow.run,
        start,
        id=names.workflow_id(start.tenant, start.run),
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        # A run that is left behind ends by itself, closes its streams and tells its end.
        parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
        search_attributes=attributes,
        static_summary=f"{flow.name} version {flow.version}",
        static_details=flow.summary,
        priority=Priority(fairness_key=start.tenant),
    )


def _outcome(ended: RunOutcome) -> LaunchOutcome:
    return LaunchOutcome(
        run=ended.run,
        outcome=ended.outcome,
        reason=ended.reason,
        output=ended.output,
        spent=ended.spent,
    )


def _failed(run: str, error: ChildWorkflowError) -> LaunchOutcome:
    match error.cause:
        case ApplicationError(details=[dict() as details, *_]):
            return _told(run, details, error)
        case CancelledError():
            return LaunchOutcome(run=run, outcome="cancelled", reason="somebody cancelled the run")
        case TerminatedError():
            return LaunchOutcome(run=run, outcome="cancelled", reason="Temporal terminated the run")
        case _:
            return _unexplained(run, error)


def _told(run: str, details: object, error: ChildWorkflowError) -> LaunchOutcome:
    try:
        return _outcome(RunOutcome.model_validate(details, strict=False))
    except ValidationError:
        return _unexplained(run, error)


def _unexplained(run: str, error: ChildWorkflowError) -> LaunchOutcome:
    reason = str(error.cause or error)[: policies.REASON_CHARACTERS]
    return LaunchOutcome(run=run, outcome="failed", reason=reason)
