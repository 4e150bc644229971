"""How our errors become Temporal's: kind, detail, and whether it may try again."""

import errno
from datetime import timedelta

import pytest
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from contracts.compiled import CompiledPlanLine
from contracts.content.brief import Brief
from contracts.failure import RETRIED, Failure, FailureKind
from contracts.registry import MissingMigrationError, UnknownContractError
from contracts.usage import Usage
from services.errors import (
    AnswerRejectedError,
    AuthorError,
    ConflictError,
    FlowInvalidError,
    InputInvalidError,
    NotFoundError,
    SettingsError,
    StepError,
    StorageError,
    UnavailableError,
    UnsafeMemoryError,
)
from services.memory.memory import NotInMemoryError
from services.worker.failures import (
    as_application_error,
    as_final_unless_passing,
    as_step_error,
)

PLAN = {
    "unavailable": CompiledPlanLine(retry=2, then="failed"),
    "rate_limited": CompiledPlanLine(retry_for=600, then="failed"),
    "malformed": CompiledPlanLine(repair=2, then="failed"),
    "otherwise": CompiledPlanLine(then="failed"),
}
AT_ONCE = timedelta()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StepError(FailureKind.REFUSED, "no"), FailureKind.REFUSED),
        (AnswerRejectedError(FailureKind.EMPTY, "nothing"), FailureKind.EMPTY),
        (NotInMemoryError(["0" * 64]), FailureKind.MEMORY_LOST),
        (StorageError("full"), FailureKind.UNAVAILABLE),
        (UnavailableError("gone"), FailureKind.UNAVAILABLE),
        (UnsafeMemoryError("evicts"), FailureKind.UNAVAILABLE),
        (SettingsError("wrong"), FailureKind.UNAVAILABLE),
        (NotFoundError("no corpus"), FailureKind.RULE_BROKEN),
        (InputInvalidError("no brief"), FailureKind.RULE_BROKEN),
        (ConflictError("moved on"), FailureKind.RULE_BROKEN),
        (UnknownContractError("Draft@9"), FailureKind.UNREADABLE),
        (MissingMigrationError("from Draft@1"), FailureKind.UNREADABLE),
        (FlowInvalidError("no flow"), FailureKind.BUG),
        (AuthorError("no prompt"), FailureKind.BUG),
        (KeyError("x"), FailureKind.BUG),
        (AssertionError("never"), FailureKind.BUG),
        (ZeroDivisionError(), FailureKind.BUG),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else each.value,
)
@pytest.mark.guarantee("every-failure-has-a-kind")
def test_every_error_is_one_kind_of_failure(error: Exception, kind: FailureKind) -> None:
    """Each class of error has its kind; what nobody foresaw is a bug."""
    assert as_step_error(error).kind is kind


@pytest.mark.guarantee("errors-tell-no-secrets")
def test_a_stored_value_that_does_not_fit_names_places_and_no_content() -> None:
    """A value that fails its contract is unreadable; the message names fields, never their text."""
    with pytest.raises(ValidationError) as unreadable:
        Brief.decode('{"title":"a secret\\nplan","words":{"min":"x"}}')

    failed = as_step_error(unreadable.value)

    assert failed.kind is FailureKind.UNREADABLE
    assert str(failed).startswith("a stored Brief does not fit its contract: title; goal; audience")
    assert "secret" not in str(failed)


@pytest.mark.guarantee("errors-tell-no-secrets")
def test_a_bug_keeps_its_text_to_the_log() -> None:
    """The text of an error nobody foresaw may hold anything, so only its class is told."""
    failed = as_step_error(ValueError("the key is sk-123"))

    assert str(failed) == "an unexpected ValueError ended the step; see the worker's log"


def _translated(
    error: StepError, *, failed_before: int = 0, waited: timedelta = AT_ONCE
) -> ApplicationError:
    return as_application_error(error, PLAN, failed_before=failed_before, waited=waited)


@pytest.mark.parametrize(
    ("failed_before", "is_final"), [(0, False), (1, False), (2, True), (9, True)]
)
@pytest.mark.guarantee("only-the-passing-is-retried")
def test_retries_are_used_up_by_count(failed_before: int, is_final: bool) -> None:
    """With two retries the first two failures of the kind may be tried again, the third not."""
    error = _translated(StepError(FailureKind.UNAVAILABLE, "gone"), failed_before=failed_before)

    assert error.non_retryable is is_final


@pytest.mark.parametrize(
    ("waited", "retry_after", "is_final"),
    [
        (0, None, False),
        (599, None, False),
        (600, None, True),
        (0, 599, False),
        (0, 600, True),
        (300, 299, False),
        (300, 300, True),
        (0, 86_400, True),
    ],
)
@pytest.mark.guarantee("only-the-passing-is-retried")
def test_retries_are_used_up_by_time(waited: int, retry_after: int | None, is_final: bool) -> None:
    """With ten minutes to retry, no attempt is planned for after them, whatever was asked for."""
    delay = None if retry_after is None else timedelta(seconds=retry_after)
    limited = StepError(FailureKind.RATE_LIMITED, "slow down", retry_after=delay)

    error = _translated(limited, failed_before=50, waited=timedelta(seconds=waited))

    assert error.non_retryable is is_final


@pytest.mark.parametrize("kind", sorted(set(FailureKind) - RETRIED))
@pytest.mark.guarantee("only-the-passing-is-retried")
def test_nothing_else_is_ever_retried(kind: FailureKind) -> None:
    """Trying again unchanged helps with three kinds only, whatever a plan says of the others."""
    assert _translated(StepError(kind, "no")).non_retryable


def test_a_kind_the_plan_does_not_name_is_not_retried() -> None:
    """`otherwise` carries no retries."""
    assert _translated(StepError(FailureKind.TIMED_OUT, "late")).non_retryable


def test_without_a_plan_nothing_is_retried() -> None:
    """When the flow itself could not be read there is no plan to follow."""
    error = as_application_error(
        StepError(FailureKind.UNAVAILABLE, "gone"), {}, failed_before=0, waited=AT_ONCE
    )

    assert error.non_retryable


def test_the_failure_travels_as_detail() -> None:
    """Type, message, reasons, usage and the provider's delay reach the interpreter."""
    told = StepError(
        FailureKind.RATE_LIMITED,
        "slow down",
        reasons=("too many tokens a minute",),
        retry_after=timedelta(seconds=7),
        usage=Usage(calls=1),
        quarantined="write/1",
    )

    error = _translated(told)

    assert (error.type, error.next_retry_delay) == ("rate_limited", timedelta(seconds=7))
    assert error.details == (
        Failure(
            kind=FailureKind.RATE_LIMITED,
            message="slow down",
            reasons=("too many tokens a minute",),
            quarantined="write/1",
            usage=Usage(calls=1),
        ),
    )


@pytest.mark.guarantee("sizes-own-error-first")
def test_a_failure_stays_small() -> None:
    """Long messages and endless reasons are cut: a failure lives in history for good."""
    told = StepError(FailureKind.MALFORMED, "m" * 9000, reasons=["r" * 9000] * 500)

    [failure] = _translated(told).details

    assert len(failure.model_dump_json()) < 11_000


def _refused_by_disk(number: int) -> StorageError:
    error = StorageError("the archive cannot be used")
    error.__cause__ = OSError(number, "told by the disk")
    return error


@pytest.mark.guarantee("only-the-passing-is-retried")
@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, FailureKind.UNAVAILABLE),
        (errno.EROFS, FailureKind.UNAVAILABLE),
        (errno.EACCES, FailureKind.UNAVAILABLE),
        (errno.EIO, FailureKind.UNAVAILABLE),
        (errno.ENAMETOOLONG, FailureKind.TOO_LARGE),
        (errno.EFBIG, FailureKind.TOO_LARGE),
        (errno.ENOTDIR, FailureKind.RULE_BROKEN),
        (errno.EINVAL, FailureKind.RULE_BROKEN),
    ],
    ids=lambda each: errno.errorcode[each] if isinstance(each, int) else each.value,
)
def test_a_disk_is_asked_again_only_where_it_may_change_its_mind(
    number: int, kind: FailureKind
) -> None:
    """Space comes back; a name that is too long stays so."""
    failed = as_step_error(_refused_by_disk(number))

    assert failed.kind is kind
    assert _translated(failed).non_retryable is (kind not in RETRIED)


@pytest.mark.guarantee("only-the-passing-is-retried")
@pytest.mark.parametrize(
    ("error", "is_final"),
    [
        (UnavailableError("gone"), False),
        (StorageError("full"), False),
        (_refused_by_disk(errno.ENAMETOOLONG), True),
        (NotInMemoryError(["0" * 64]), True),
        (UnknownContractError("Draft@9"), True),
        (ValueError("the key is sk-123"), True),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else str(each),
)
def test_writing_to_memory_is_tried_again_only_where_it_may_pass(
    error: Exception, is_final: bool
) -> None:
    """Events and seals follow no plan: a lost value or a bug is final, a full disk is not."""
    translated = as_final_unless_passing(error)

    assert translated.non_retryable is is_final
    assert "sk-123" not in translated.message


STOOD_IN = {
    "unavailable": CompiledPlanLine(retry=6, fall_back=("writer@judge", "by_code"), then="failed"),
    "otherwise": CompiledPlanLine(then="failed"),
}


@pytest.mark.parametrize(
    ("is_down", "standing_in", "is_final"),
    [
        (True, "", True),
        (True, "writer@judge", True),
        (True, "by_code", False),
        (False, "", False),
    ],
)
def test_an_endpoint_that_is_down_is_not_waited_for_while_somebody_else_is_there(
    is_down: bool, standing_in: str, is_final: bool
) -> None:
    """Where the plan names who does the work instead, they are asked at once; the last waits."""
    error = StepError(FailureKind.UNAVAILABLE, "down", endpoint_down=is_down)

    told = as_application_error(
        error, STOOD_IN, failed_before=0, waited=AT_ONCE, standing_in=standing_in
    )

    assert told.non_retryable is is_final
