"""What went wrong with an activity, whatever shape Temporal gives it."""

from typing import Any

import pytest
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    FailureError,
    RetryState,
    ServerError,
    TimeoutError,
    TimeoutType,
)

from contracts.failure import Failure, FailureKind
from contracts.usage import Usage
from workflows.failures import NEEDS_HISTORY, StepFailed, failure_of, must_run_as_normal

TOLD = Failure(
    kind=FailureKind.MALFORMED,
    message="no acceptable answer",
    reasons=("text is missing",),
    usage=Usage(calls=2),
)


def _normal(cause: BaseException | None) -> ActivityError:
    """Wrap a cause as a failed normal activity does."""
    error = ActivityError(
        "activity failed",
        scheduled_event_id=5,
        started_event_id=6,
        identity="worker",
        activity_type="step",
        activity_id="1",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    error.__cause__ = cause
    return error


def _application(kind: str, *details: Any) -> ApplicationError:
    return ApplicationError("no acceptable answer", *details, type=kind)


def _timeout(kind: TimeoutType) -> TimeoutError:
    return TimeoutError("timed out", type=kind, last_heartbeat_details=[])


@pytest.mark.parametrize("details", [TOLD, TOLD.model_dump(), TOLD.model_dump(mode="json")])
@pytest.mark.parametrize("is_local", [True, False])
def test_both_shapes_of_an_error_say_the_same(details: object, is_local: bool) -> None:
    """A local activity's bare error and a normal one's wrapped error give the same failure."""
    bare = _application("malformed", details)
    error: FailureError = bare if is_local else _normal(bare)

    failure = failure_of(error, "write", "writer", "s2")

    assert failure == TOLD.model_copy(update={"step": "write", "agent": "writer", "item": "s2"})


def test_details_that_are_no_failure_still_have_a_kind() -> None:
    """When the details cannot be read, kind and message are still those of the error."""
    failure = failure_of(_normal(_application("refused", {"nothing": 1})), "write", "writer", "")

    assert (failure.kind, failure.message) == (FailureKind.REFUSED, "no acceptable answer")


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (_timeout(TimeoutType.HEARTBEAT), FailureKind.UNAVAILABLE),
        (_timeout(TimeoutType.START_TO_CLOSE), FailureKind.TIMED_OUT),
        (_timeout(TimeoutType.SCHEDULE_TO_START), FailureKind.TIMED_OUT),
        (CancelledError("cancelled"), FailureKind.CANCELLED),
        (_application("KeyError"), FailureKind.BUG),
        (_application("malformed"), FailureKind.BUG),
        (ServerError("terminated"), FailureKind.BUG),
        (None, FailureKind.BUG),
    ],
)
@pytest.mark.guarantee("every-failure-has-a-kind")
def test_what_temporal_itself_reports_has_a_kind(
    cause: BaseException | None, kind: FailureKind
) -> None:
    """A lost worker, a step that took too long and an error nobody foresaw are told apart."""
    failure = failure_of(_normal(cause), "write", "writer", "")

    assert failure.kind is kind
    assert (failure.step, failure.agent) == ("write", "writer")


@pytest.mark.guarantee("errors-tell-no-secrets")
def test_an_unforeseen_error_keeps_its_text_to_the_log() -> None:
    """The message of an error that is not ours may hold anything, so the failure leaves it out."""
    secret = ApplicationError("the key is sk-123", type="ValueError")

    assert "sk-123" not in failure_of(_normal(secret), "write", "writer", "").message


@pytest.mark.parametrize(
    ("error", "normal"),
    [
        (_application(NEEDS_HISTORY), True),
        (_normal(_application(NEEDS_HISTORY)), True),
        (_normal(_timeout(TimeoutType.START_TO_CLOSE)), True),
        (_timeout(TimeoutType.START_TO_CLOSE), True),
        (_application("malformed", TOLD), False),
        (_normal(CancelledError("cancelled")), False),
    ],
)
def test_a_local_step_is_made_again_where_it_can_be(error: FailureError, normal: bool) -> None:
    """A pure step that was too slow, or needs history, runs as a normal activity; no other does."""
    assert must_run_as_normal(error) is normal


def test_a_failed_step_carries_its_failure() -> None:
    """What the interpreter routes on is the failure, and it reads as the failure's sentence."""
    failed = StepFailed(TOLD)

    assert (failed.failure, str(failed)) == (TOLD, "no acceptable answer")
