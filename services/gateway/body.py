"""What a request body has to be before any route sees it: small enough, declared JSON, JSON."""

from typing import Final

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.problems import http_problem

LIMIT_BYTES: Final = 1024 * 1024
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class JsonBodies:
    """Middleware that reads bodies whole, refuses unfit ones, and hands the others on.

    A browser cannot be made to send `application/json` to us by a page of somebody else's, so
    asking for it also keeps such pages out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(scope, receive)
            if body:
                _check(Headers(scope=scope), body)
        except ClientDisconnect:
            return
        except HTTPException as error:
            await http_problem(error, scope["method"], scope["path"])(scope, receive, send)
            return
        await self._app(scope, _replaying(body, receive), send)


async def _read(scope: Scope, receive: Receive) -> bytes:
    declared = Headers(scope=scope).get("content-length", "0")
    if declared.isdecimal() and int(declared) > LIMIT_BYTES:
        raise _too_large()
    chunks = bytearray()
    is_more = True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks += message.get("body", b"")
        if len(chunks) > LIMIT_BYTES:
            raise _too_large()
        is_more = message.get("more_body", False)
    return bytes(chunks)


def _too_large() -> HTTPException:
    return HTTPException(413, "the body is over 1 MiB; send less at a time")


def _check(headers: Headers, body: bytes) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"the body is {kind[:80] or 'of no type'!r}; send JSON")
    try:
        # Stricter than the framework's own parser: no NaN, no lone surrogates, bounded nesting.
        from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from error


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Give the body in one piece, then whatever the server has to tell."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
