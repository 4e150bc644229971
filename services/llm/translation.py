"""What the errors of the OpenAI client mean to a flow: the one place where they are translated.

Messages name the host, the model, the status and the remedy. What an endpoint says in its errors
is read for its kind and never repeated, because endpoints quote prompts and keys.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx2
from openai import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    ContentFilterFinishReasonError,
    LengthFinishReasonError,
    OpenAIError,
    WebSocketConnectionClosedError,
    WebSocketQueueFullError,
)

from contracts.failure import REMEDY, FailureKind
from contracts.usage import Usage
from services.errors import StepError
from services.llm.bounds import OversizeError
from services.llm.waiting import retry_after

FOREIGN_ERRORS: Final = (OpenAIError, httpx2.HTTPError, ValueError)
"""What asking and reading may raise; the ValueErrors are JSON or UTF-8 that cannot be read."""

_QUOTA_CODES: Final = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
)
_SIZE_CODES: Final = frozenset(
    {
        "context_length_exceeded",
        "exceed_context_size_error",
        "request_too_large",
        "string_above_max_length",
    }
)
# Servers that give no code say it in words: vLLM, llama.cpp, Ollama and others.
_SIZE_WORDS: Final = re.compile(
    r"maximum context length|context (size|window|length)|prompt is too long|too many tokens"
)
_FILTER_CODES: Final = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})

_WAITING: Final = frozenset({FailureKind.RATE_LIMITED, FailureKind.UNAVAILABLE})

_BODY_CHARACTERS: Final = 4_096

_BY_CLASS: Final[tuple[tuple[type[Exception], FailureKind], ...]] = (
    (OversizeError, FailureKind.TOO_LARGE),
    (APITimeoutError, FailureKind.TIMED_OUT),
    (APIConnectionError, FailureKind.UNAVAILABLE),
    (httpx2.HTTPError, FailureKind.UNAVAILABLE),
    (APIResponseValidationError, FailureKind.MALFORMED),
    (LengthFinishReasonError, FailureKind.TRUNCATED),
    (ContentFilterFinishReasonError, FailureKind.REFUSED),
    (WebSocketConnectionClosedError, FailureKind.UNAVAILABLE),
    (WebSocketQueueFullError, FailureKind.UNAVAILABLE),
    (ValueError, FailureKind.MALFORMED),
)


@dataclass(frozen=True)
class Complaint:
    """What an endpoint's error says: its status, its codes and its words in lower case."""

    status: int
    """0 for an error that came inside a stream."""

    codes: frozenset[str]
    parameter: str
    words: str
    headers: Mapping[str, str]

    @property
    def is_content_filter(self) -> bool:
        """Whether the prompt itself was refused before a model saw it."""
        return bool(self.codes & _FILTER_CODES)


def complaint_of(error: APIError) -> Complaint:
    """Read what an endpoint says is wrong."""
    codes = {str(code).lower() for code in (error.code, error.type) if code}
    said = next((int(code) for code in codes if code.isdigit() and len(code) == 3), 0)
    answer = error.response if isinstance(error, APIStatusError) else None
    return Complaint(
        status=answer.status_code if answer else said,
        codes=frozenset(codes),
        parameter=str(error.param or ""),
        words=str(error.body or "")[:_BODY_CHARACTERS].lower(),
        headers=answer.headers if answer else {},
    )


def translate(error: Exception, host: str, model: str, usage: Usage | None = None) -> StepError:
    """Turn an error of the client library, or of its HTTP client, into ours.

    Args:
        error: what was raised while asking or reading.
        host: the endpoint's host, for the message.
        model: the model that was asked.
        usage: what the failed call probably cost.
    """
    if isinstance(error, APIError) and not isinstance(
        error, APIConnectionError | APIResponseValidationError
    ):
        return _of_complaint(complaint_of(error), host, model, usage)
    kind = _kind_of_class(error)
    happened = f"{host} failed while model {model!r} was asked ({type(error).__name__})"
    sent = isinstance(error, APIConnectionError | httpx2.HTTPError) and not _never_connected(error)
    return StepError(kind, f"{happened}: {REMEDY[kind]}", usage=usage, may_have_paid=sent)


def told(code: str, words: str, host: str, model: str, usage: Usage | None = None) -> StepError:
    """Turn what an endpoint says about a response that it gave up into an error of ours.

    Args:
        code: the endpoint's name for what went wrong.
        words: what it says about it; read and never repeated.
        host: the endpoint's host, for the message.
        model: the model that was asked.
        usage: what the failed call probably cost.
    """
    complaint = Complaint(0, frozenset({code.lower()}), "", words[:_BODY_CHARACTERS].lower(), {})
    return _of_complaint(complaint, host, model, usage)


def quieted(error: Exception) -> Exception:
    """Take the endpoint's words out of an error that is kept as a cause, and so gets logged."""
    if isinstance(error, APIError):
        error.args = (type(error).__name__,)
    return error


def _never_connected(error: Exception) -> bool:
    """Whether a request cannot have reached the endpoint; one that was cut off may have."""
    causes = (error, error.__cause__)
    return any(isinstance(each, httpx2.ConnectError | httpx2.ConnectTimeout) for each in causes)


def _kind_of_class(error: Exception) -> FailureKind:
    if isinstance(error.__cause__, httpx2.ConnectTimeout):
        return FailureKind.UNAVAILABLE
    kinds = (kind for known, kind in _BY_CLASS if isinstance(error, known))
    # What is left is the client library used wrongly.
    return next(kinds, FailureKind.BUG)


def _of_complaint(complaint: Complaint, host: str, model: str, usage: Usage | None) -> StepError:
    kind = _kind_of_complaint(complaint)
    answered = f"{host} answered {complaint.status or 'an error'} for model {model!r}"
    wait = retry_after(complaint.headers) if kind in _WAITING else None
    message = f"{answered}: {_remedy(kind, complaint)}"
    return StepError(kind, message, retry_after=wait, usage=usage)


def _kind_of_complaint(complaint: Complaint) -> FailureKind:
    if complaint.status == 402 or complaint.codes & _QUOTA_CODES:
        return FailureKind.QUOTA
    if complaint.is_content_filter:
        return FailureKind.REFUSED
    if _is_too_large(complaint):
        return FailureKind.TOO_LARGE
    advice = complaint.headers.get("x-should-retry", "")
    if complaint.status == 429 or "rate_limit_exceeded" in complaint.codes:
        return FailureKind.QUOTA if advice == "false" else FailureKind.RATE_LIMITED
    return _kind_of_status(complaint.status, advice)


def _is_too_large(complaint: Complaint) -> bool:
    if complaint.status == 413 or complaint.codes & _SIZE_CODES:
        return True
    return complaint.status in {0, 400, 422} and bool(_SIZE_WORDS.search(complaint.words))


def _kind_of_status(status: int, advice: str) -> FailureKind:
    passing = status in {0, 408, 409} or status >= 500
    if advice == "true" or (passing and advice != "false"):
        return FailureKind.UNAVAILABLE
    # An endpoint that says that asking again is of no use needs its operator.
    if passing or status in {401, 403, 404}:
        return FailureKind.DENIED
    return FailureKind.MALFORMED


def _remedy(kind: FailureKind, complaint: Complaint) -> str:
    if complaint.status == 404:
        return "there is no such model, or no model at this address; check both."
    if kind is FailureKind.MALFORMED:
        return "the endpoint cannot read this request; check that it speaks the OpenAI protocol."
    return REMEDY[kind]
