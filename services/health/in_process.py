"""Gates of one process: the fake of the shared ones, and what a worker falls back to."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from services.health.base import Rules, Target
from services.health.gate import Gate, GateState
from services.health.waiting import Calls, sleep_until

Answer = TypeVar("Answer")


def wall_clock_ms() -> int:
    """Read this machine's clock, in Unix milliseconds."""
    return int(time.time() * 1000)


class InProcessGates:
    """Implements `Gates` with a dictionary; passes the same contract tests as the shared ones."""

    caller: str = "here"

    def __init__(
        self, rules: Rules | None = None, clock: Callable[[], int] = wall_clock_ms
    ) -> None:
        self.calls = Calls()
        self._rules = rules or Rules()
        self._clock = clock
        self._states: dict[Target, GateState] = {}

    async def ask(self, target: Target, question: Callable[[Gate], Answer]) -> Answer:
        """See `Gates.ask`."""
        gate = Gate(self._states.get(target, GateState()), self._clock(), self._rules)
        answer = question(gate)
        self._states[target] = gate.state
        for waiter in gate.called:
            self.calls.call(waiter.ticket)
        return answer

    async def called(self, event: asyncio.Event, seconds: float) -> None:
        """See `Gates.called`."""
        await sleep_until(event, seconds)

    async def targets(self) -> Sequence[Target]:
        """See `Gates.targets`."""
        kept = [target for target, state in self._states.items() if state != GateState()]
        return sorted(kept, key=lambda target: (target.endpoint, target.model))

    async def aclose(self) -> None:
        """See `Gates.aclose`; there is nothing to close."""
