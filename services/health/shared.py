"""Model health over a place where gates are kept; the place may be shared by many processes."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from services.errors import UnavailableError
from services.health.base import Call, Entry, Limits, Refusal, Result, Standing, Target
from services.health.gate import Gate, Wait
from services.health.waiting import Calls

Answer = TypeVar("Answer")


class Gates(Protocol):
    """Where the gates of all models are kept, under one clock."""

    @property
    def caller(self) -> str:
        """The name under which this process is called when a turn of its own has come."""
        ...

    @property
    def calls(self) -> Calls:
        """Who in this process waits to be called."""
        ...

    async def ask(self, target: Target, question: Callable[[Gate], Answer]) -> Answer:
        """Open a gate, ask it, keep its state, and call whoever's turn has come; all or nothing.

        The question may be asked again on a newer state when somebody else was quicker.

        Raises:
            UnavailableError: the place cannot be reached.
        """
        ...

    async def called(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for a call that sets this event, at most so long."""
        ...

    async def targets(self) -> Sequence[Target]:
        """List the models of which something is kept.

        Raises:
            UnavailableError: the place cannot be reached.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class SharedHealth:
    """Implements `ModelHealth`: whoever has to wait sleeps until called or until time may help."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates

    async def enter(self, call: Call, limits: Limits, patience_seconds: float) -> Entry | Refusal:
        """See `ModelHealth.enter`."""
        try:
            # Expected before it is asked for, or a call in between would be missed.
            with self._gates.calls.expected(call.ticket) as event:
                return await self._let_in(call, limits, time.monotonic() + patience_seconds, event)
        except asyncio.CancelledError:
            with suppress(UnavailableError):  # then the place comes free with its lease
                await self._abandon(call, limits)
            raise

    async def _let_in(
        self, call: Call, limits: Limits, deadline: float, event: asyncio.Event
    ) -> Entry | Refusal:
        caller = self._gates.caller
        while True:
            event.clear()
            found = await self._ask(call, lambda gate: gate.enter(call, caller, limits))
            if not isinstance(found, Wait):
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                return await self._ask(call, lambda gate: gate.give_up(call, limits))
            await self._gates.called(event, min(left, found.look_ms / 1000))

    async def renew(self, call: Call) -> None:
        """See `ModelHealth.renew`."""
        await self._ask(call, lambda gate: gate.renew(call.ticket))

    async def leave(self, call: Call, entry: Entry, result: Result, limits: Limits) -> None:
        """See `ModelHealth.leave`."""
        await self._ask(call, lambda gate: gate.leave(call, entry, result, limits))

    async def standings(self) -> Sequence[Standing]:
        """See `ModelHealth.standings`."""
        return [await self._standing(target) for target in await self._gates.targets()]

    async def aclose(self) -> None:
        """See `ModelHealth.aclose`."""
        await self._gates.aclose()

    async def _standing(self, target: Target) -> Standing:
        return await self._gates.ask(target, lambda gate: gate.standing(target))

    async def _abandon(self, call: Call, limits: Limits) -> None:
        entry, nothing = Entry(at_ms=0, leased=False), Result(unknown=True, tokens=0)
        await self._ask(call, lambda gate: gate.leave(call, entry, nothing, limits))

    async def _ask(self, call: Call, question: Callable[[Gate], Answer]) -> Answer:
        return await self._gates.ask(call.target, question)
