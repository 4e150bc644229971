"""Calls with one thing changed, and a clock that tests set."""

from itertools import count
from typing import Any

from contracts.failure import FailureKind
from services.health.base import Call, Entry, Limits, Refusal, Result, Rules, Target
from services.health.gate import Gate, GateState, Wait

TARGET = Target(endpoint="models.example:443", model="m1")
ANSWERED = Result(tokens=10)
ABANDONED = Result(unknown=True)
UNLIMITED = Limits()
_numbers = count(1)


def failed(kind: FailureKind = FailureKind.UNAVAILABLE, retry_after_ms: int = 0) -> Result:
    """A call that failed."""
    return Result(kind=kind, retry_after_ms=retry_after_ms)


def a_call(**changes: Any) -> Call:
    """A call with a ticket of its own."""
    return Call.model_validate(
        {"ticket": f"c{next(_numbers)}", "target": TARGET, "tenant": "t", "tokens": 10, **changes}
    )


class Clock:
    """Unix milliseconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


class OneGate:
    """One gate's state from question to question."""

    def __init__(self, limits: Limits = UNLIMITED, rules: Rules | None = None) -> None:
        self.clock = Clock()
        self.limits = limits
        self.called: list[str] = []
        self._rules = rules or Rules()
        self._state = GateState()

    def enter(self, call: Call) -> Entry | Refusal | Wait:
        """Ask to be let in, or look again."""
        gate = self._opened()
        answer = gate.enter(call, "here", self.limits)
        self._keep(gate)
        return answer

    def leave(self, call: Call, entry: Entry, result: Result = ANSWERED) -> None:
        """Leave."""
        gate = self._opened()
        gate.leave(call, entry, result, self.limits)
        self._keep(gate)

    def renew(self, call: Call) -> None:
        """Renew."""
        gate = self._opened()
        gate.renew(call.ticket)
        self._keep(gate)

    def state(self) -> GateState:
        """What is kept."""
        return self._state

    def _opened(self) -> Gate:
        return Gate(self._state, self.clock.now, self._rules)

    def _keep(self, gate: Gate) -> None:
        self._state = GateState.model_validate_json(gate.state.model_dump_json())
        self.called += [waiter.ticket for waiter in gate.called]
