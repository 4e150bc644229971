"""A client of the gateway that gives up late: what may be passing is tried again."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

import httpx
from pydantic import JsonValue, TypeAdapter

PATIENCE_SECONDS: Final = 120.0
PAUSE_SECONDS: Final = 0.3
ANSWER_SECONDS: Final = 10.0
_JSON: Final[TypeAdapter[JsonValue]] = TypeAdapter(JsonValue)
BUG: Final = 500


class GaveUpError(Exception):
    """The gateway did not answer for as long as the client is patient."""


class GatewayClient:
    """Asks the gateway, as a careful caller does. Close it with `aclose`."""

    def __init__(self, url: str) -> None:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        self._http = httpx.AsyncClient(
            base_url=f"{url}/v1", timeout=ANSWER_SECONDS, limits=limits, trust_env=False
        )
        self.answers: Counter[int] = Counter()
        """By HTTP status; 0 counts what ended without an answer."""

        self.bugs: list[str] = []
        """What was answered with 500, which promises that somebody has to mend something."""

    async def post(
        self, path: str, body: Mapping[str, JsonValue], headers: Mapping[str, str] | None = None
    ) -> tuple[int, JsonValue]:
        """Send until there is an answer below 500; returns the status and the body.

        Raises:
            GaveUpError: there was none for two minutes.
        """
        return await self._ask("POST", path, body, headers)

    async def get(self, path: str) -> JsonValue:
        """Read until there is an answer below 500.

        Raises:
            GaveUpError: there was none for two minutes.
        """
        return (await self._ask("GET", path, None, None))[1]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, JsonValue] | None,
        headers: Mapping[str, str] | None,
    ) -> tuple[int, JsonValue]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        last = ""
        while time.monotonic() < deadline:
            try:
                answer = await self._http.request(method, path, json=body, headers=headers)
            except httpx.TransportError as error:
                last = type(error).__name__
                self.answers[0] += 1
            else:
                self.answers[answer.status_code] += 1
                if answer.status_code < BUG:
                    return answer.status_code, _JSON.validate_json(answer.content)
                last = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code == BUG:
                    self.bugs.append(f"{method} {path}: {answer.text[:300]}")
            await asyncio.sleep(PAUSE_SECONDS)
        raise GaveUpError(f"{method} {path}: {last}")
