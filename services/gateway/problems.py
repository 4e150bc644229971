"""Errors as HTTP answers them: RFC 9457 problem documents, and the one mapping from our tree."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from contracts.failure import FailureKind
from contracts.registry import MissingMigrationError, UnknownContractError
from services.errors import (
    AuthorError,
    CallerError,
    ConflictError,
    ErasedError,
    FlowError,
    FlowInvalidError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    OperatorError,
    Problem,
    StepError,
    StorageError,
    UnavailableError,
)

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:flow-orchestra:problem:"
RETRY_AFTER_SECONDS: Final = 5
"""Longer than a part of the local stack takes to be started again."""


class Place(BaseModel):
    """One place in a request and what is wrong there."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    pointer: str
    """A JSON pointer into the body, `/input/words/min`; outside of it `query:limit` and alike."""

    message: str


class ProblemDocument(BaseModel):
    """Why a request was not answered as asked (RFC 9457)."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    type: str
    """A URI that names the kind of problem; stable."""

    title: str
    """The kind of problem in words; the same for all of one type."""

    status: int
    detail: str
    """What happened to which thing, and the remedy."""

    instance: str = ""
    """The path that was asked for."""

    code: str
    """The kind of problem as a word, the end of `type`."""

    errors: tuple[Place, ...] = ()
    retryable: bool = False
    """Whether the same request may succeed later."""


class _Kind(NamedTuple):
    status: int
    title: str
    retryable: bool = False


_KINDS: Final[Mapping[type[Exception], _Kind]] = {
    InputInvalidError: _Kind(422, "The input does not fit"),
    IdempotencyMismatchError: _Kind(422, "The idempotency key belongs to another request"),
    ErasedError: _Kind(410, "It was erased"),
    NotFoundError: _Kind(404, "There is no such thing"),
    ConflictError: _Kind(409, "The thing has moved on"),
    CallerError: _Kind(400, "The request cannot be served"),
    FlowInvalidError: _Kind(422, "The flow cannot be run"),
    AuthorError: _Kind(500, "A file of this installation has to change"),
    UnavailableError: _Kind(503, "A part of the system does not answer", retryable=True),
    StorageError: _Kind(507, "A store cannot be read or written"),
    OperatorError: _Kind(503, "The environment has to change"),
    StepError: _Kind(500, "The work behind the request failed"),
    UnknownContractError: _Kind(500, "A stored value cannot be read by this version"),
    MissingMigrationError: _Kind(500, "A stored value cannot be read by this version"),
}
_STEP_STATUSES: Final[Mapping[FailureKind, int]] = {
    FailureKind.UNAVAILABLE: 503,
    FailureKind.RATE_LIMITED: 503,
    FailureKind.TIMED_OUT: 504,
    FailureKind.DENIED: 502,
    FailureKind.QUOTA: 502,
}
_HTTP_CODES: Final[Mapping[int, str]] = {
    400: "MalformedBodyError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    406: "NotAcceptableError",
    413: "BodyTooLargeError",
    415: "MediaTypeError",
    421: "HostError",
    500: "InternalError",
}


def install(app: FastAPI) -> None:
    """Answer every error of an application with a problem document."""
    for kind in (FlowError, UnknownContractError, MissingMigrationError):
        app.add_exception_handler(kind, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_unexpected)


def describe(error: Exception, instance: str = "") -> ProblemDocument:
    """Write an error of ours as a problem; what nobody foresaw is told without its text."""
    found = next((cls for cls in type(error).__mro__ if cls in _KINDS), None)
    if found is None:
        return _document(500, "InternalError", _UNEXPECTED, instance)
    kind = _KINDS[found]
    status, retryable = kind.status, kind.retryable
    if isinstance(error, StepError):
        status = _STEP_STATUSES.get(error.kind, kind.status)
        retryable = status in (503, 504)
    problems = error.problems if isinstance(error, InputInvalidError) else ()
    return ProblemDocument(
        type=TYPE_PREFIX + found.__name__,
        title=kind.title,
        status=status,
        detail=str(error) or kind.title,
        instance=instance,
        code=found.__name__,
        errors=tuple(Place(pointer=each.pointer, message=each.message) for each in problems),
        retryable=retryable,
    )


_UNEXPECTED: Final = "something failed that should not; the gateway's log says what"


def respond(problem: ProblemDocument, headers: Mapping[str, str] | None = None) -> Response:
    """Send a problem."""
    added = {"Retry-After": str(RETRY_AFTER_SECONDS)} if problem.retryable else {}
    return Response(
        problem.model_dump_json(),
        problem.status,
        headers={**added, **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def http_problem(error: HTTPException, method: str, path: str) -> Response:
    """Send what the framework refuses: unknown paths and methods, bodies that are none."""
    details = {
        404: f"there is no {method} {path}; /openapi.json lists what there is",
        405: f"{path} does not take {method}",
    }
    detail = details.get(error.status_code, error.detail)
    code = _HTTP_CODES.get(error.status_code, "RequestError")
    return respond(_document(error.status_code, code, detail, path), error.headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a route may answer with, for the OpenAPI description."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {
            "description": _WHEN[status],
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        | (_RETRY_AFTER if status in (503, 504) else {})
        for status in statuses
    }


_RETRY_AFTER: Final[dict[str, Any]] = {
    "headers": {
        "Retry-After": {
            "description": "Seconds to wait where asking again may help.",
            "schema": {"type": "integer"},
        }
    }
}
_WHEN: Final[Mapping[int, str]] = {
    400: "The body is not JSON.",
    404: "There is no such thing.",
    406: "There is no form of it that `Accept` allows; the detail names those there are.",
    409: "The thing is not in the state that the request assumes.",
    410: "It was erased; the detail says when and by whom.",
    413: "The body is over 1 MiB.",
    415: "The body is not sent as `application/json`.",
    422: "The request does not fit; `errors` lists each place.",
    500: "The gateway failed; its log says why.",
    502: "The model's endpoint refuses to work for us.",
    503: "Temporal, memory or another part does not answer; try again later.",
    504: "The model's endpoint does not answer in time.",
    507: "A disk or store is full or cannot be written.",
}


def _document(status: int, code: str, detail: str, instance: str) -> ProblemDocument:
    return ProblemDocument(
        type=TYPE_PREFIX + code,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=instance,
        code=code,
    )


async def _answer_error(request: Request, error: Exception) -> Response:
    return respond(describe(error, request.url.path))


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [Problem(_pointer(each["loc"]), str(each["msg"])) for each in error.errors()]
    lines = "; ".join(f"{each.pointer or 'body'}: {each.message}" for each in problems)
    invalid = InputInvalidError(f"the request does not fit: {lines}", problems)
    return respond(describe(invalid, request.url.path))


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return http_problem(error, request.method, request.url.path)


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    return respond(_document(500, "InternalError", _UNEXPECTED, request.url.path))


def _pointer(location: Sequence[str | int]) -> str:
    where, *path = location
    if where == "body":
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    return f"{where}:{'.'.join(str(part) for part in path)}"
