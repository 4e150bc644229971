"""One place that reads what went wrong, whatever shape Temporal gives it."""

from pydantic import ValidationError
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    FailureError,
    TimeoutError,
    TimeoutType,
)

from contracts.failure import Failure, FailureKind

NEEDS_HISTORY = "needs_history"
"""A pure step asks to be run as a normal activity: its input has to be restored from history,
which holds the results of earlier local steps only once their task is complete."""


class StepFailed(Exception):  # noqa: N818  a fact that the interpreter routes on, not an error
    """A step has no product; its plan decides what follows."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def failure_of(error: FailureError, step: str, agent: str, item: str) -> Failure:
    """Say which kind of failure an activity's error is.

    A failed normal activity raises ActivityError with a cause, a failed local one the bare
    ApplicationError; both come here.
    """
    cause = error.cause if isinstance(error, ActivityError) else error
    match cause:
        case ApplicationError(details=[details, *_]) if cause.type in _KINDS:
            return _from_details(details, cause, step, agent, item)
        case TimeoutError(type=TimeoutType.HEARTBEAT):
            return _failure(FailureKind.UNAVAILABLE, "the worker was lost", step, agent, item)
        case TimeoutError():
            return _failure(FailureKind.TIMED_OUT, "the step took too long", step, agent, item)
        case CancelledError():
            return _failure(FailureKind.CANCELLED, "the step was cancelled", step, agent, item)
        case _:
            kind = type(cause).__name__ if cause else "no cause"
            message = f"an unexpected error ended the step ({kind}); see the worker's log"
            return _failure(FailureKind.BUG, message, step, agent, item)


def must_run_as_normal(error: FailureError) -> bool:
    """Whether a local step has to be made again as a normal activity."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, TimeoutError):
        return True
    return isinstance(cause, ApplicationError) and cause.type == NEEDS_HISTORY


_KINDS = frozenset(kind.value for kind in FailureKind)


def _from_details(
    details: object, cause: ApplicationError, step: str, agent: str, item: str
) -> Failure:
    try:
        told = Failure.model_validate(details, strict=False)
    except ValidationError:
        return _failure(FailureKind(cause.type or "bug"), cause.message, step, agent, item)
    return told.model_copy(update={"step": step, "agent": agent, "item": item})


def _failure(kind: FailureKind, message: str, step: str, agent: str, item: str) -> Failure:
    return Failure(kind=kind, message=message, step=step, agent=agent, item=item)
