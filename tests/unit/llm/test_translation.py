"""Every error class of the OpenAI client has a kind of failure."""

import httpx2
import openai
import openai.lib.azure
import openai.lib.beta.agents
import pytest
from openai import _exceptions

from contracts.failure import FailureKind
from services.llm.bounds import OversizeError
from services.llm.translation import translate

REQUEST = httpx2.Request("POST", "http://model.example/v1/chat/completions")

KINDS = {
    "APIError": FailureKind.UNAVAILABLE,
    "APIStatusError": FailureKind.MALFORMED,
    "APIConnectionError": FailureKind.UNAVAILABLE,
    "APITimeoutError": FailureKind.TIMED_OUT,
    "APIResponseValidationError": FailureKind.MALFORMED,
    "BadRequestError": FailureKind.MALFORMED,
    "AuthenticationError": FailureKind.DENIED,
    "OAuthError": FailureKind.DENIED,
    "PermissionDeniedError": FailureKind.DENIED,
    "NotFoundError": FailureKind.DENIED,
    "ConflictError": FailureKind.UNAVAILABLE,
    "UnprocessableEntityError": FailureKind.MALFORMED,
    "RateLimitError": FailureKind.RATE_LIMITED,
    "InternalServerError": FailureKind.UNAVAILABLE,
    "LengthFinishReasonError": FailureKind.TRUNCATED,
    "ContentFilterFinishReasonError": FailureKind.REFUSED,
    "WebSocketConnectionClosedError": FailureKind.UNAVAILABLE,
    "WebSocketQueueFullError": FailureKind.UNAVAILABLE,
    # Ways of using the client that this project has none of.
    "APIRemovedInV1": FailureKind.BUG,
    "AgentFilePreparationError": FailureKind.BUG,
    "AgentFileStagingError": FailureKind.BUG,
    "AgentOutputParseError": FailureKind.BUG,
    "AgentTurnResultError": FailureKind.BUG,
    "MissingDependencyError": FailureKind.BUG,
    "MutuallyExclusiveAuthError": FailureKind.BUG,
    "StreamAlreadyConsumed": FailureKind.BUG,
    "SubjectTokenProviderError": FailureKind.BUG,
    "_AmbiguousModuleClientUsageError": FailureKind.BUG,
}

STATUSES = {
    _exceptions.APIStatusError: 418,
    _exceptions.OAuthError: 401,
    _exceptions.AuthenticationError: 401,
    _exceptions.PermissionDeniedError: 403,
    _exceptions.NotFoundError: 404,
    _exceptions.ConflictError: 409,
    _exceptions.UnprocessableEntityError: 422,
    _exceptions.RateLimitError: 429,
    _exceptions.InternalServerError: 500,
    _exceptions.BadRequestError: 400,
}


def defined() -> list[type[openai.OpenAIError]]:
    """All error classes of the client library that are loaded, in a stable order."""
    found: set[type[openai.OpenAIError]] = set()
    open_classes = [openai.OpenAIError]
    while open_classes:
        below = open_classes.pop().__subclasses__()
        found.update(below)
        open_classes += below
    return sorted(found, key=lambda kind: kind.__name__)


def an_error(kind: type[openai.OpenAIError]) -> openai.OpenAIError:
    """Make an error as the library would, as far as translation looks at it."""
    error = kind.__new__(kind)
    response = httpx2.Response(STATUSES.get(kind, 200), request=REQUEST)
    vars(error).update(
        response=response, status_code=response.status_code, body=None, code=None, type=None
    )
    return error


def test_every_class_is_known() -> None:
    """A new error class of the client library fails here until somebody says what it means."""
    assert {kind.__name__ for kind in defined()} - set(KINDS) == set()


@pytest.mark.parametrize("kind", defined(), ids=lambda kind: kind.__name__)
def test_every_class_has_a_kind(kind: type[openai.OpenAIError]) -> None:
    """Each error of the client library is translated to the kind that says who acts next."""
    error = translate(an_error(kind), "model.example", "some-model")

    assert error.kind is KINDS[kind.__name__]
    assert "model.example" in str(error)
    assert "'some-model'" in str(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ReadError("gone"), FailureKind.UNAVAILABLE),
        (httpx2.RemoteProtocolError("gone"), FailureKind.UNAVAILABLE),
        (ValueError("no JSON"), FailureKind.MALFORMED),
        (OversizeError("much"), FailureKind.TOO_LARGE),
    ],
)
def test_errors_below_the_library_are_known(error: Exception, kind: FailureKind) -> None:
    """What the library lets through from below it has a kind as well."""
    assert translate(error, "model.example", "some-model").kind is kind


def test_connection_that_is_not_accepted_is_unavailable() -> None:
    """An endpoint that does not take the connection in time is away, not slow."""
    error = openai.APITimeoutError(REQUEST)
    error.__cause__ = httpx2.ConnectTimeout("10 s")

    assert translate(error, "model.example", "some-model").kind is FailureKind.UNAVAILABLE
