"""Keeps pages of foreign hosts out of a gateway that asks nobody who they are."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.problems import http_problem


class OwnHosts:
    """Middleware that answers only under the names it was given.

    A page of a foreign host whose name is made to point at this machine (DNS rebinding) is of the
    same origin as the gateway to a browser; the name it asks for gives it away.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or self._name(Headers(scope=scope)) in self._hosts:
            await self._app(scope, receive, send)
            return
        error = HTTPException(
            421, "this gateway is not served under that name; set ORCHESTRA_GATEWAY_URL to it"
        )
        await http_problem(error, scope["method"], scope["path"])(scope, receive, send)

    def _name(self, headers: Headers) -> str:
        host = headers.get("host", "").lower()
        return host.partition("]")[0].strip("[") if host[:1] == "[" else host.partition(":")[0]
