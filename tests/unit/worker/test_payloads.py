"""What crosses Temporal's border: unreadable payloads, and errors that are short and discreet."""

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure as FailureMessage
from temporalio.exceptions import ApplicationError

from contracts.failure import Failure, FailureKind
from contracts.work import StepResult
from services.errors import StorageError
from services.payloads import (
    CAUSES_TOLD,
    MESSAGE_LIMIT,
    TRACE_LIMIT,
    FailureConverter,
    PayloadConverter,
    UnreadablePayloadError,
)

SECRET = "sk-123"


def _payload(data: bytes, encoding: bytes = b"json/plain") -> Payload:
    return Payload(metadata={"encoding": encoding}, data=data)


def _failure(error: BaseException) -> FailureMessage:
    failure = FailureMessage()
    FailureConverter().to_failure(error, PayloadConverter(), failure)
    return failure


def _causes(failure: FailureMessage) -> list[FailureMessage]:
    return [failure, *(_causes(failure.cause) if failure.HasField("cause") else [])]


@pytest.mark.guarantee("poison-stays-alone")
@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (b"", b"json/plain", "is not JSON"),
        (b"{", b"json/plain", "is not JSON"),
        (b"\xff", b"json/plain", "is not JSON"),
        (b"[" * 100_000, b"json/plain", "is not JSON"),
        (b"{}", b"json/sealed", "has an unknown encoding"),
        (b"{}", b"\xff", "has an unknown encoding"),
        (b"{}", b"json/plain", "does not fit: value"),
        (b'{"value": {"digest": "sk-123", "size": 1}}', b"json/plain", "value.digest"),
        (b'"sk-123"', b"json/plain", "does not fit: the whole"),
    ],
)
def test_an_unreadable_payload_has_one_error(data: bytes, encoding: bytes, reason: str) -> None:
    """It says what was expected and where it fails, never what stands there; it is final."""
    with pytest.raises(UnreadablePayloadError) as unreadable:
        PayloadConverter().from_payloads([_payload(data, encoding)], [StepResult])

    error = unreadable.value
    assert error.message.startswith("the StepResult in this run's history")
    assert reason in error.message
    assert SECRET not in error.message
    assert (error.type, error.non_retryable) == ("unreadable", True)
    assert [type(each) for each in error.details] == [Failure]


@pytest.mark.guarantee("only-the-passing-is-retried")
def test_an_unreadable_task_is_final_though_it_comes_wrapped() -> None:
    """The SDK wraps it in an error that would be tried again; what is told is the reason itself."""
    wrapped = ApplicationError("Failed decoding arguments")
    wrapped.__cause__ = UnreadablePayloadError("the StepTask is not JSON")

    failure = _failure(wrapped)

    assert failure.message.startswith("the StepTask is not JSON")
    assert failure.application_failure_info.non_retryable
    assert failure.application_failure_info.type == FailureKind.UNREADABLE


@pytest.mark.guarantee("errors-tell-no-secrets")
def test_the_text_of_a_foreign_error_stays_out_of_history() -> None:
    """Its class is told, at the top and as a cause; our own messages are told as they are."""
    ours = StorageError("the disk is full")
    ours.__cause__ = ValueError(SECRET)

    told = _failure(ours)
    alone = _failure(ValueError(SECRET))

    assert [each.message for each in _causes(told)] == [
        "the disk is full",
        "ValueError; its text is in the worker's log",
    ]
    assert alone.message == "ValueError; its text is in the worker's log"
    assert alone.application_failure_info.type == "ValueError"


@pytest.mark.guarantee("errors-tell-no-secrets")
def test_what_was_being_handled_is_not_told_by_the_way() -> None:
    """An error that came up while another was handled does not carry the other's text along."""
    error = KeyError(SECRET)
    error.__context__ = ValueError(SECRET)

    assert SECRET not in str(_failure(error))


def _nested(depth: int) -> StorageError:
    error = StorageError("m" * 10_000)
    error.__cause__ = _nested(depth - 1) if depth else None
    return error


@pytest.mark.guarantee("sizes-own-error-first")
def test_a_failure_is_cut_in_every_direction() -> None:
    """Long messages, long traces and long chains of causes take a bounded room."""
    failure = _failure(_nested(40))

    assert len(_causes(failure)) == CAUSES_TOLD + 1
    assert failure.ByteSize() < (CAUSES_TOLD + 1) * (MESSAGE_LIMIT + TRACE_LIMIT + 100)
    assert {len(each.message) for each in _causes(failure)} == {MESSAGE_LIMIT}
