"""Falls back to a worker's own view of its models while the shared one cannot be reached."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from services.errors import UnavailableError
from services.health.base import Call, Entry, Limits, ModelHealth, Refusal, Result, Standing

Answer = TypeVar("Answer")

AGAIN_AFTER_SECONDS: Final = 5.0
"""How long the shared one is left alone after it did not answer, so that no call waits for it."""

log = logging.getLogger(__name__)


class DegradingHealth:
    """Implements `ModelHealth`: never blocks a call because the shared health is away.

    Meanwhile limits hold for each worker by itself, which the log says once.
    """

    def __init__(
        self,
        shared: ModelHealth,
        own: ModelHealth,
        *,
        again_after_seconds: float = AGAIN_AFTER_SECONDS,
    ) -> None:
        self._shared = shared
        self._own = own
        self._again_after = again_after_seconds
        self._away_until = 0.0
        self._is_degraded = False
        self._on_own: set[str] = set()

    async def enter(self, call: Call, limits: Limits, patience_seconds: float) -> Entry | Refusal:
        """See `ModelHealth.enter`; never raises."""

        async def alone() -> Entry | Refusal:
            found = await self._own.enter(call, limits, patience_seconds)
            if isinstance(found, Entry):
                self._on_own.add(call.ticket)
            return found

        return await self._or_else(
            lambda: self._shared.enter(call, limits, patience_seconds), alone
        )

    async def renew(self, call: Call) -> None:
        """See `ModelHealth.renew`; never raises."""
        if call.ticket in self._on_own:
            await self._own.renew(call)
        else:
            await self._or_else(lambda: self._shared.renew(call), _nothing)

    async def leave(self, call: Call, entry: Entry, result: Result, limits: Limits) -> None:
        """See `ModelHealth.leave`; never raises."""

        async def alone() -> None:
            # Its own clock says when: what it learns here is of now.
            learnt = Entry(at_ms=int(time.time() * 1000), leased=False)
            await self._own.leave(call, learnt, result, limits)

        if call.ticket in self._on_own:
            self._on_own.discard(call.ticket)
            await self._own.leave(call, entry, result, limits)
        else:
            await self._or_else(lambda: self._shared.leave(call, entry, result, limits), alone)

    async def standings(self) -> Sequence[Standing]:
        """See `ModelHealth.standings`; its own view while the shared one is away."""
        return await self._or_else(self._shared.standings, self._own.standings)

    async def aclose(self) -> None:
        """See `ModelHealth.aclose`."""
        await self._shared.aclose()
        await self._own.aclose()

    async def _or_else(
        self, shared: Callable[[], Awaitable[Answer]], own: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        if time.monotonic() < self._away_until:
            return await own()
        try:
            answer = await shared()
        except UnavailableError as error:
            self._lose(error)
            return await own()
        self._regain()
        return answer

    def _lose(self, error: UnavailableError) -> None:
        self._away_until = time.monotonic() + self._again_after
        if not self._is_degraded:
            self._is_degraded = True
            log.warning(
                "models' breakers and limits hold for this worker alone",
                extra={"reason": str(error)},
            )

    def _regain(self) -> None:
        if self._is_degraded:
            self._is_degraded = False
            log.info("models' breakers and limits are shared again")


async def _nothing() -> None:
    """Do nothing: what is shared forgets a call by itself when its lease is over."""
