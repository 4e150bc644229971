"""Who is let in to one model, and in which order: breaker, pause, places and minutes together.

Pure: a gate is opened on a stored state at a time, asked once or more, and its state kept again.
Tenants that wait are served in turn, so that one tenant's burst holds nobody else up.
"""

from collections import Counter
from typing import Final

from pydantic import Field

from contracts.base import Part
from contracts.failure import FailureKind
from services.health.base import (
    BreakerState,
    Call,
    Entry,
    Limits,
    Refusal,
    Result,
    Rules,
    Standing,
    Target,
)
from services.health.breaker import Breaker
from services.health.bucket import Bucket

SHORTEST_LOOK_MS: Final = 20
"""Nobody who waits looks again sooner than this without having been called."""

LONGEST_PAUSE_MS: Final = 3_600_000
"""A provider that asks for a longer wait is asked again after an hour."""


class Place(Part):
    """A call that was let in and has not left."""

    tenant: str
    entered_ms: int
    seen_ms: int
    """When it was let in or last renewed."""


class Waiter(Part):
    """A call in line."""

    ticket: str
    tenant: str
    tokens: int
    caller: str
    """Whom to call when its turn has come."""

    seen_ms: int
    """When it came or last looked."""


class GateState(Part):
    """All that is kept of one model."""

    breaker: Breaker = Field(default_factory=Breaker)
    paused_ms: int = 0
    paused_until_ms: int = 0
    requests: Bucket = Field(default_factory=Bucket)
    tokens: Bucket = Field(default_factory=Bucket)
    places: dict[str, Place] = Field(default_factory=dict)
    line: tuple[Waiter, ...] = ()
    served: dict[str, int] = Field(default_factory=dict)
    """By tenant, the number of its last turn."""


class Wait(Part):
    """Not yet: look again after so long, or when called."""

    look_ms: int


class Gate:
    """One model's gate at one moment."""

    def __init__(self, state: GateState, now: int, rules: Rules) -> None:
        self.now = now
        self.called: list[Waiter] = []
        """Whose turn has come; they look again."""

        self._rules = rules
        self._breaker = state.breaker
        self._paused = (state.paused_ms, state.paused_until_ms)
        self._requests, self._tokens = state.requests, state.tokens
        self._places = {
            ticket: place for ticket, place in state.places.items() if self._lives(place.seen_ms)
        }
        # Who waits looks at least once in a lease, as who is in renews.
        self._line = [
            waiter for waiter in state.line if 0 <= now - waiter.seen_ms < 2 * rules.lease_ms
        ]
        self._served = dict(state.served)

    @property
    def state(self) -> GateState:
        """What to keep."""
        tenants = {place.tenant for place in self._places.values()}
        tenants |= {waiter.tenant for waiter in self._line}
        paused, until = self._paused if self._pause_ms() else (0, 0)
        return GateState(
            breaker=self._breaker,
            paused_ms=paused,
            paused_until_ms=until,
            requests=self._requests,
            tokens=self._tokens,
            places=self._places,
            line=tuple(self._line),
            served={each: turn for each, turn in self._served.items() if each in tenants},
        )

    def enter(self, call: Call, caller: str, limits: Limits) -> Entry | Refusal | Wait:
        """Ask to be let in, or look whether one's turn has come."""
        if call.ticket in self._places:
            return self._entry(call.ticket)
        refusal = self._refusal()
        if refusal:
            self._leave_line(call.ticket)
            self._advance(limits)
            return refusal
        if not limits.any:
            self._breaker = self._breaker.let(call.ticket, self.now)
            return Entry(at_ms=self.now, leased=self._breaker.probe == call.ticket)
        self._join(call, caller)
        self._advance(limits)
        self.called = [waiter for waiter in self.called if waiter.ticket != call.ticket]
        if call.ticket in self._places:
            return self._entry(call.ticket)
        return self._refusal() or Wait(look_ms=self._look_ms(call.ticket, limits))

    def give_up(self, call: Call, limits: Limits) -> Entry | Refusal:
        """Wait no longer; a place that has just been given is taken all the same."""
        if call.ticket in self._places:
            return self._entry(call.ticket)
        look = self._look_ms(call.ticket, limits)
        self._leave_line(call.ticket)
        self._advance(limits)
        refused = Refusal(kind=FailureKind.RATE_LIMITED, wait_ms=look, breaker_open=False)
        return self._refusal() or refused

    def renew(self, ticket: str) -> None:
        """Keep a call's place, and its probe."""
        self._breaker = self._breaker.renewed(ticket, self.now)
        if ticket in self._places:
            place = self._places[ticket]
            self._places[ticket] = place.model_copy(update={"seen_ms": self.now})

    def leave(self, call: Call, entry: Entry, result: Result, limits: Limits) -> None:
        """Free a call's place and learn from what became of it."""
        self._leave_line(call.ticket)
        self._places.pop(call.ticket, None)
        if result.tokens is not None:
            unused = call.tokens - result.tokens
            self._tokens = self._tokens.give_back(unused, limits.tokens_a_minute, self.now)
        was_paused = bool(self._pause_ms())
        if result.kind is FailureKind.RATE_LIMITED and result.retry_after_ms:
            self._pause(result.retry_after_ms)
        # Calls that were on their way when the endpoint asked to wait bring the same news again.
        if not (
            was_paused and result.kind is FailureKind.RATE_LIMITED and not self._is_probe(call)
        ):
            self._breaker = self._breaker.after(
                call.ticket, result, entered_ms=entry.at_ms, now=self.now, rules=self._rules
            )
        self._advance(limits)

    def standing(self, target: Target) -> Standing:
        """Tell how the model stands."""
        breaker, state = self._breaker, self._breaker.state(self.now)
        return Standing(
            target=target,
            state=state,
            open_since_ms=breaker.opened_ms,
            failures=breaker.seen(),
            next_probe_ms=breaker.until_ms if state is BreakerState.OPEN else 0,
            probing=bool(breaker.opened_ms) and breaker.is_probed(self.now, self._rules),
            paused_until_ms=self.now + self._pause_ms() if self._pause_ms() else 0,
            in_flight=len(self._places),
            waiting=len(self._line),
        )

    def _entry(self, ticket: str) -> Entry:
        return Entry(at_ms=self._places[ticket].entered_ms, leased=True)

    def _refusal(self) -> Refusal | None:
        closed_for = self._breaker.wait_ms(self.now, self._rules)
        if closed_for:
            return Refusal(
                kind=FailureKind.UNAVAILABLE,
                wait_ms=closed_for,
                breaker_open=True,
                seen=self._breaker.seen(),
            )
        pause = self._pause_ms()
        if pause and self._breaker.state(self.now) is BreakerState.CLOSED:
            return Refusal(kind=FailureKind.RATE_LIMITED, wait_ms=pause, breaker_open=False)
        return None

    def _pause(self, milliseconds: int) -> None:
        until = self.now + min(milliseconds, LONGEST_PAUSE_MS)
        self._paused = (self.now, max(until, self.now + self._pause_ms()))

    def _pause_ms(self) -> int:
        since, until = self._paused
        return max(0, until - self.now) if since <= self.now else 0

    def _is_probe(self, call: Call) -> bool:
        return self._breaker.probe == call.ticket

    def _lives(self, seen_ms: int) -> bool:
        return 0 <= self.now - seen_ms < self._rules.lease_ms

    def _join(self, call: Call, caller: str) -> None:
        """Stand at the end of the line, or show that one still stands there."""
        for index, waiter in enumerate(self._line):
            if waiter.ticket == call.ticket:
                self._line[index] = waiter.model_copy(update={"seen_ms": self.now})
                return
        self._line.append(
            Waiter(
                ticket=call.ticket,
                tenant=call.tenant,
                tokens=call.tokens,
                caller=caller,
                seen_ms=self.now,
            )
        )

    def _leave_line(self, ticket: str) -> None:
        self._line = [waiter for waiter in self._line if waiter.ticket != ticket]

    def _advance(self, limits: Limits) -> None:
        """Let in whoever can be; when nobody may go, everybody looks again and is told so."""
        while self._line:
            if self._refusal():
                self.called += self._line
                self._line = []
                return
            waiter = self._next()
            if not self._has_room(waiter, limits):
                return
            self._let(waiter, limits)
            self.called.append(waiter)

    def _next(self) -> Waiter:
        """Of the first of each tenant, choose that of whom has least and was served longest ago."""
        held = Counter(place.tenant for place in self._places.values())
        return min(
            self._line,
            key=lambda waiter: (held[waiter.tenant], self._served.get(waiter.tenant, 0)),
        )

    def _has_room(self, waiter: Waiter, limits: Limits) -> bool:
        if limits.concurrency and len(self._places) >= limits.concurrency:
            return False
        requests = self._requests.wait_ms(1, limits.requests_a_minute, self.now)
        return not (
            requests or self._tokens.wait_ms(waiter.tokens, limits.tokens_a_minute, self.now)
        )

    def _let(self, waiter: Waiter, limits: Limits) -> None:
        self._leave_line(waiter.ticket)
        self._breaker = self._breaker.let(waiter.ticket, self.now)
        self._requests = self._requests.take(1, limits.requests_a_minute, self.now)
        self._tokens = self._tokens.take(waiter.tokens, limits.tokens_a_minute, self.now)
        self._served[waiter.tenant] = 1 + max(self._served.values(), default=0)
        self._places[waiter.ticket] = Place(
            tenant=waiter.tenant, entered_ms=self.now, seen_ms=self.now
        )

    def _look_ms(self, ticket: str, limits: Limits) -> int:
        """Say when a place may come free that nobody calls for: by time, or by somebody's death."""
        ahead = next(
            (place for place, each in enumerate(self._line, start=1) if each.ticket == ticket), 1
        )
        tokens = sum(waiter.tokens for waiter in self._line[:ahead])
        minutes = max(
            self._requests.due_ms(ahead, limits.requests_a_minute, self.now),
            self._tokens.due_ms(tokens, limits.tokens_a_minute, self.now),
        )
        full = limits.concurrency and len(self._places) >= limits.concurrency
        leases = [
            place.seen_ms + self._rules.lease_ms - self.now for place in self._places.values()
        ]
        soonest = max(minutes, min(leases) if full and leases else 0)
        return min(max(soonest, SHORTEST_LOOK_MS), self._rules.lease_ms)
