"""How our errors become Temporal's: the kind as type, the failure as detail, and whether to retry.

Temporal has one count of attempts; this counts each kind and makes the last one final.
"""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from contracts.compiled import CompiledPlanLine
from contracts.failure import RETRIED, Failure, FailureKind
from contracts.flow import OTHERWISE
from contracts.registry import MissingMigrationError, UnknownContractError
from services.errors import (
    CallerError,
    OperatorError,
    StepError,
    StorageError,
    UnavailableError,
)


def as_step_error(error: Exception) -> StepError:
    """Say which kind of step failure an error is; one that nobody foresaw is a bug."""
    match error:
        case StepError():
            return error
        case StorageError() | UnavailableError() | OperatorError():
            return StepError(FailureKind.UNAVAILABLE, str(error))
        case CallerError():
            return StepError(FailureKind.RULE_BROKEN, str(error))
        case UnknownContractError() | MissingMigrationError():
            return StepError(FailureKind.UNREADABLE, str(error))
        case ValidationError():
            places = "; ".join(
                ".".join(str(part) for part in problem["loc"]) for problem in error.errors()[:5]
            )
            return StepError(
                FailureKind.UNREADABLE,
                f"a stored {error.title} does not fit its contract: {places}",
            )
        case _:
            return StepError(
                FailureKind.BUG,
                f"an unexpected {type(error).__name__} ended the step; see the worker's log",
            )


def as_application_error(
    error: StepError,
    plan: Mapping[str, CompiledPlanLine],
    *,
    failed_before: int,
    waited: timedelta,
) -> ApplicationError:
    """Translate a step's error for Temporal.

    `failed_before` counts earlier attempts that ended in this kind; `waited` is the time since the
    step was first scheduled. A kind whose retries are used up is made non-retryable.
    """
    line = plan.get(error.kind) or plan.get(OTHERWISE)
    failure = Failure(
        kind=error.kind,
        message=str(error)[:500],
        reasons=tuple(reason[:500] for reason in error.reasons[:20]),
        quarantined=error.quarantined,
        usage=error.usage,
    )
    return ApplicationError(
        failure.message,
        failure,
        type=error.kind.value,
        non_retryable=not _may_retry(error, line, failed_before, waited),
        next_retry_delay=error.retry_after,
    )


def _may_retry(
    error: StepError, line: CompiledPlanLine | None, failed_before: int, waited: timedelta
) -> bool:
    if error.kind not in RETRIED or line is None:
        return False
    if line.retry_for is not None:
        # A provider that asks to wait for longer than the plan does is not waited for.
        next_attempt = waited + (error.retry_after or timedelta())
        return next_attempt < timedelta(seconds=line.retry_for)
    return failed_before < line.retry
