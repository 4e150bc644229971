"""How our errors become Temporal's: the kind as type, the failure as detail, and whether to retry.

Temporal has one count of attempts; this counts each kind and makes the last one final. What can
never succeed by being tried again is final at once, whatever a plan says.
"""

import errno
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

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
from services.payloads import places

MESSAGE_LIMIT: Final = 500
"""Characters of a failure's message, and of each of its reasons."""

REASONS_LIMIT: Final = 20
"""With messages as above a failure stays under 50 kB, of the 2 MB that Temporal takes."""

_TOO_LONG: Final = frozenset({errno.ENAMETOOLONG, errno.EFBIG})
_NEVER: Final = _TOO_LONG | {errno.EINVAL, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EILSEQ}
"""What a disk says of the request and not of its own state: free space would not mend it."""


def as_step_error(error: Exception) -> StepError:
    """Say which kind of step failure an error is; one that nobody foresaw is a bug."""
    match error:
        case StepError():
            return error
        case StorageError() if _errno(error) in _TOO_LONG:
            return StepError(FailureKind.TOO_LARGE, str(error))
        case StorageError() if _errno(error) in _NEVER:
            return StepError(FailureKind.RULE_BROKEN, str(error))
        case StorageError() | UnavailableError() | OperatorError():
            return StepError(FailureKind.UNAVAILABLE, str(error))
        case CallerError():
            return StepError(FailureKind.RULE_BROKEN, str(error))
        case UnknownContractError() | MissingMigrationError():
            return StepError(FailureKind.UNREADABLE, str(error))
        case ValidationError():
            return StepError(
                FailureKind.UNREADABLE,
                f"a stored {error.title} does not fit its contract: {places(error)}",
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
    standing_in: str = "",
) -> ApplicationError:
    """Translate a step's error for Temporal.

    `failed_before` counts earlier attempts that ended in this kind; `waited` is the time since the
    step was first scheduled; `standing_in` is who does the work when it is not the step's own
    agent. A kind whose retries are used up is made non-retryable, and so is one of an endpoint
    that is known to be down where somebody else is there to do the work at once.
    """
    line = plan.get(error.kind) or plan.get(OTHERWISE)
    failure = Failure(
        kind=error.kind,
        message=str(error)[:MESSAGE_LIMIT],
        reasons=tuple(reason[:MESSAGE_LIMIT] for reason in error.reasons[:REASONS_LIMIT]),
        quarantined=error.quarantined,
        usage=error.usage,
    )
    return ApplicationError(
        failure.message,
        failure,
        type=error.kind.value,
        non_retryable=not _may_retry(error, line, failed_before, waited)
        or (error.endpoint_down and _somebody_else_is_there(line, standing_in)),
        next_retry_delay=error.retry_after,
    )


def as_final_unless_passing(error: Exception) -> ApplicationError:
    """Translate an error of writing to memory, which follows no flow's plan.

    What may pass is retried by the activity's own policy; a lost value or a bug is not.
    """
    failed = as_step_error(error)
    detail = Failure(kind=failed.kind, message=str(failed)[:MESSAGE_LIMIT])
    return ApplicationError(
        detail.message, detail, type=failed.kind.value, non_retryable=failed.kind not in RETRIED
    )


def _errno(error: StorageError) -> int | None:
    """What the disk said, where a disk said it."""
    return error.__cause__.errno if isinstance(error.__cause__, OSError) else None


def _somebody_else_is_there(line: CompiledPlanLine | None, standing_in: str) -> bool:
    """Whether the plan names somebody after who has failed now."""
    named = line.fall_back if line else ()
    tried = named.index(standing_in) + 1 if standing_in in named else 0
    return tried < len(named)


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
