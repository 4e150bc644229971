"""What was asked of a scripted model, in order: how tests count the calls that were paid for."""

import time
from enum import StrEnum

from pydantic import Field

from contracts.base import Part
from services.llm.scripted.script import Fault


class Outcome(StrEnum):
    """How a call ended."""

    OPEN = "open"
    ANSWERED = "answered"
    DROPPED = "dropped"
    """The scripted model closed the connection, as its script says."""

    LEFT = "left"
    """The client closed the connection before the answer was whole."""

    CANCELLED = "cancelled"
    """The client cancelled the background response."""


class Call(Part):
    """One request that arrived."""

    work: str
    """`Work.label()`."""

    status: int
    """The HTTP status answered with; 0 when the connection says nothing."""

    fault: Fault | None = None
    at_ms: int = Field(ge=0)
    """Milliseconds since the scripted model started."""

    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)
    outcome: Outcome = Outcome.OPEN
    response: str = ""
    """The id of the background response that it began, or empty."""

    fetched: int = Field(default=0, ge=0)
    """How often that response was asked for again; which is not paid."""

    @property
    def is_paid(self) -> bool:
        """Whether a model was set to work, so that a provider would charge for it."""
        return bool(self.response) or (self.status == 200 and self.fault is not Fault.HTML)


class CallLog:
    """The calls so far; grows until it is cleared."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._calls: dict[int, Call] = {}
        self._next = 0

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls in the order of their arrival."""
        return tuple(self._calls.values())

    def open(
        self, work: str, status: int, fault: Fault | None, input_tokens: int, output_tokens: int
    ) -> int:
        """Note that a call arrived; returns the number to close it by."""
        number, self._next = self._next, self._next + 1
        self._calls[number] = Call(
            work=work,
            status=status,
            fault=fault,
            at_ms=round((time.monotonic() - self._started) * 1000),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )
        return number

    def close(self, number: int, outcome: Outcome) -> None:
        """Note how a call ended; what was cancelled stays so."""
        call = self._calls.get(number)
        if call and call.outcome is not Outcome.CANCELLED:
            self._note(number, outcome=outcome)

    def keep(self, number: int, response: str) -> None:
        """Note that a call began a background response."""
        self._note(number, response=response, status=200)

    def fetch(self, number: int) -> None:
        """Note that a background response was asked for again."""
        if number in self._calls:
            self._note(number, fetched=self._calls[number].fetched + 1)

    def _note(self, number: int, **changes: object) -> None:
        # A call that was cleared meanwhile stays forgotten.
        if number in self._calls:
            self._calls[number] = self._calls[number].model_copy(update=changes)

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()
