"""Talks to the gateway over REST; what comes back are our contracts, what fails are our errors."""

import ipaddress
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError

from services.errors import (
    CallerError,
    ConflictError,
    ErasedError,
    FlowError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    Problem,
    UnavailableError,
)

Reply = TypeVar("Reply", bound=BaseModel)

TIMEOUT: Final = httpx.Timeout(30, connect=5)
"""Seconds. A decision waits two for a worker, adding documents takes longest."""

STREAM_TIMEOUT: Final = httpx.Timeout(45, connect=5)
"""A stream says something at least every 15 seconds, if only that it is there."""

_RUN: Final = re.compile(r"[0-9A-Z]{26}(\.[a-z][a-z0-9_]*-[0-9]+(-[0-9a-f]{8})?){0,5}")
_JSON: Final[TypeAdapter[JsonValue]] = TypeAdapter(JsonValue)
_CODES: Final[Mapping[str, type[CallerError]]] = {
    kind.__name__: kind
    for kind in (NotFoundError, ErasedError, ConflictError, IdempotencyMismatchError)
}
_STATUSES: Final[Mapping[int, type[CallerError]]] = {404: NotFoundError, 409: ConflictError}


class _Place(BaseModel):
    pointer: str = ""
    message: str = ""


class _ProblemBody(BaseModel):
    """RFC 9457, as the gateway fills it."""

    status: int
    title: str = ""
    detail: str = ""
    code: str = ""
    errors: tuple[_Place, ...] = Field(default=())


class Gateway:
    """One gateway. Close it, or use it as a context."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: its address, without `/v1`.
            transport: what carries requests instead of the network, for tests.
        """
        self.url = url.rstrip("/")
        self._client = httpx.Client(
            base_url=f"{self.url}/v1",
            timeout=TIMEOUT,
            transport=transport,
            headers={"Accept": "application/json"},
            trust_env=not _is_loopback(self.url),
            verify=_certificates(self.url),
        )

    def __enter__(self) -> Self:
        """Do nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        self._client.close()

    def get(
        self, kind: type[Reply], path: str, query: Mapping[str, str | int | bool] | None = None
    ) -> Reply:
        """Fetch something.

        Raises:
            CallerError: there is no such thing, or the request is wrong.
            UnavailableError: the gateway, or a part behind it, does not answer.
        """
        return self._read(kind, self._send("GET", path, query=query))

    def get_json(self, path: str) -> JsonValue:
        """Fetch something whose form is not ours; raises as `get` does."""
        return self._plain(self._send("GET", path))

    def post(
        self,
        kind: type[Reply],
        path: str,
        body: JsonValue = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send something and read the answer; raises as `get` does."""
        return self._read(kind, self._send("POST", path, body=body, headers=headers))

    def put(
        self,
        kind: type[Reply],
        path: str,
        body: JsonValue,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send what shall stand under a name; raises as `get` does."""
        return self._read(kind, self._send("PUT", path, body=body, headers=headers))

    def delete(self, kind: type[Reply], path: str, query: Mapping[str, str]) -> Reply:
        """Ask for something to be removed; raises as `get` does."""
        return self._read(kind, self._send("DELETE", path, query=query))

    def text(self, path: str, query: Mapping[str, str]) -> str:
        """Fetch plain text; raises as `get` does."""
        return self._send("GET", path, query=query).text

    def patch(self, kind: type[Reply], path: str, body: JsonValue) -> Reply:
        """Send what is to be different; raises as `get` does."""
        return self._read(kind, self._send("PATCH", path, body=body))

    def remove(self, path: str) -> None:
        """Ask for something to be removed; raises as `get` does."""
        self._send("DELETE", path)

    def tell(self, path: str, body: JsonValue = None) -> None:
        """Ask for something to be done; raises as `get` does."""
        self._send("POST", path, body=body)

    @contextmanager
    def stream(self, path: str, last_event_id: str = "") -> Iterator[Iterator[str]]:
        """Open an event stream and give its lines.

        Raises:
            CallerError: there is no such stream.
            UnavailableError: it cannot be opened, or broke off.
        """
        headers = {"Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        try:
            with self._client.stream(
                "GET", path, headers=headers, timeout=STREAM_TIMEOUT
            ) as response:
                if not response.is_success:
                    response.read()
                    raise self._refusal(response)
                yield response.iter_lines()
        except httpx.HTTPError as error:
            raise self._silent(error) from error

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int | bool] | None = None,
        body: JsonValue = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        given = None if body is None else _JSON.dump_json(body)
        sent = {"Content-Type": "application/json", **(headers or {})}
        try:
            response = self._client.request(
                method, path, params=query, content=given, headers=sent if given else headers
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._silent(error) from error
        if not response.is_success:
            raise self._refusal(response)
        return response

    def _read(self, kind: type[Reply], response: httpx.Response) -> Reply:
        try:
            return kind.model_validate_json(response.content)
        except ValidationError as error:
            raise self._strange(response) from error

    def _plain(self, response: httpx.Response) -> JsonValue:
        try:
            return _JSON.validate_json(response.content)
        except ValidationError as error:
            raise self._strange(response) from error

    def _silent(self, error: httpx.HTTPError | httpx.InvalidURL) -> UnavailableError:
        return UnavailableError(
            f"the gateway at {self.url} does not answer ({str(error) or type(error).__name__});"
            " start the stack with `orchestra up`, or set ORCHESTRA_GATEWAY_URL"
        )

    def _strange(self, response: httpx.Response) -> UnavailableError:
        return UnavailableError(
            f"{self.url} does not speak this program's language at {response.url.path}: it is"
            " another service, or another version of the gateway; look at ORCHESTRA_GATEWAY_URL"
        )

    def _refusal(self, response: httpx.Response) -> FlowError:
        """Turn a problem document back into the error that the gateway met."""
        try:
            return error_of(response.content)
        except ValidationError:
            return self._strange(response)


def error_of(problem: str | bytes) -> FlowError:
    """Turn a problem document back into the error that the gateway met.

    Raises:
        pydantic.ValidationError: it is no such document.
    """
    body = _ProblemBody.model_validate_json(problem)
    message = body.detail or body.title or f"HTTP {body.status}"
    if body.status >= 500:
        return UnavailableError(message)
    if kind := _CODES.get(body.code) or _STATUSES.get(body.status):
        return kind(message)
    return InputInvalidError(message, [Problem(each.pointer, each.message) for each in body.errors])


def segment(name: str) -> str:
    """Write a name that a person gave as one part of a path."""
    return quote(name, safe="")


def run_path(run: str) -> str:
    """Name a run.

    Raises:
        NotFoundError: no run can have this id.
    """
    if not _RUN.fullmatch(run):
        raise NotFoundError(f"there is no run {run!r}; list them with `orchestra runs list`")
    return f"/runs/{run}"


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _certificates(url: str) -> ssl.SSLContext | bool:
    """Loading the system's certificates takes 40 ms, which plain HTTP does not need."""
    return True if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
