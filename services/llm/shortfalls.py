"""What an endpoint fails to do without an error of its own, and what that means to a flow."""

from typing import Final

from contracts.failure import REMEDY, FailureKind
from contracts.usage import Usage
from services.errors import StepError
from services.llm.base import ModelRequest

_STREAM_TYPE: Final = "text/event-stream"


def check_is_stream(content_type: str, host: str, request: ModelRequest) -> None:
    """Refuse an answer that is no stream of events; one that does not say what it is may be.

    Raises:
        StepError: `malformed`.
    """
    if not (content_type or _STREAM_TYPE).startswith(_STREAM_TYPE):
        raise StepError(
            FailureKind.MALFORMED,
            f"{host} answered for model {request.model!r} with something other"
            " than a stream of events: check that OPENAI_BASE_URL leads to a model",
        )


def broken_off(host: str, request: ModelRequest, spent: Usage | None) -> StepError:
    """Say that a stream ended before its answer did."""
    return StepError(
        FailureKind.UNAVAILABLE,
        f"{host} ended the stream of model {request.model!r} before its"
        f" answer: {REMEDY[FailureKind.UNAVAILABLE]}",
        usage=spent,
        may_have_paid=True,
    )


def late(host: str, request: ModelRequest, spent: Usage) -> StepError:
    """Say that an answer was not whole when its time was up."""
    return StepError(
        FailureKind.TIMED_OUT,
        f"{host} did not finish the answer of model {request.model!r} in"
        f" {request.timeout_seconds} s: {REMEDY[FailureKind.TIMED_OUT]}",
        usage=spent,
        may_have_paid=True,
    )
