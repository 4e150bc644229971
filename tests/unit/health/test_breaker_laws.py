"""The breaker's laws, over random lives of calls that fail, die, come late and meet odd clocks."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.failure import FailureKind
from services.health.base import COUNTED, BreakerState, Result, Rules
from services.health.breaker import Breaker
from tests.unit.health.clock import ABANDONED

RULES = Rules(failures=3, window_ms=60_000, cooldown_ms=1_000, longest_ms=8_000, lease_ms=2_000)
RESULTS = st.one_of(
    st.just(Result()),
    st.just(ABANDONED),
    st.sampled_from(sorted(COUNTED)).map(lambda kind: Result(kind=kind)),
    st.sampled_from([FailureKind.DENIED, FailureKind.MALFORMED]).map(lambda k: Result(kind=k)),
    st.integers(1, 10**7).map(lambda ms: Result(kind=FailureKind.UNAVAILABLE, retry_after_ms=ms)),
)


class Lives(RuleBasedStateMachine):
    """Calls come and go; what was let in while the breaker is not closed is a probe."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.now = 10**12
        self.entered: dict[str, int] = {}
        self.probes: dict[str, int] = {}
        self.in_a_row = 0
        self.number = 0

    @rule()
    def come(self) -> None:
        """A call asks, and goes when it need not wait."""
        if self.breaker.wait_ms(self.now, RULES):
            return
        self.number += 1
        ticket = f"c{self.number}"
        is_probe = self.breaker.state(self.now) is not BreakerState.CLOSED
        self.breaker = self.breaker.let(ticket, self.now)
        self.entered[ticket] = self.now
        if is_probe:
            self.probes[ticket] = self.now

    @rule()
    def storm(self) -> None:
        """Calls come at once, and all but two fail."""
        for _ in range(RULES.failures + 2):
            self.come()
        for ticket in sorted(self.entered)[: RULES.failures]:
            self._end(ticket, Result(kind=FailureKind.UNAVAILABLE))

    @precondition(lambda self: self.entered)
    @rule(data=st.data(), result=RESULTS)
    def go(self, data: Any, result: Result) -> None:
        """A call ends, be it long after it was given up for dead."""
        self._end(data.draw(st.sampled_from(sorted(self.entered))), result)

    def _end(self, ticket: str, result: Result) -> None:
        entered = self.entered.pop(ticket)
        self.probes.pop(ticket, None)
        before = self.breaker
        self.breaker = before.after(ticket, result, entered_ms=entered, now=self.now, rules=RULES)
        self._check_change(before, ticket, result)
        self._count(before, result, entered)

    @precondition(lambda self: self.probes)
    @rule(data=st.data())
    def renew(self, data: Any) -> None:
        """A probe says that it goes on."""
        ticket = data.draw(st.sampled_from(sorted(self.probes)))
        self.breaker = self.breaker.renewed(ticket, self.now)
        if self.breaker.probe == ticket:
            self.probes[ticket] = self.now

    @rule(milliseconds=st.sampled_from([1, 500, 1_000, 2_000, 8_000, 30_000]))
    def pass_time(self, milliseconds: int) -> None:
        """Time passes."""
        self.now += milliseconds

    @rule(milliseconds=st.sampled_from([1, 5_000, 3_600_000]))
    def set_back(self, milliseconds: int) -> None:
        """The server's clock is set back; who was let in has to be counted anew."""
        self.now -= milliseconds
        self.in_a_row = 0
        self.probes.clear()

    @invariant()
    def one_probe(self) -> None:
        """Of the probes that have a lease there is never more than one."""
        alive = [at for at in self.probes.values() if 0 <= self.now - at < RULES.lease_ms]
        assert len(alive) <= 1 or self.breaker.state(self.now) is BreakerState.CLOSED

    @invariant()
    def opens(self) -> None:
        """After so many failures in a row it is never closed."""
        closed = self.breaker.state(self.now) is BreakerState.CLOSED
        assert not (closed and self.in_a_row >= RULES.failures)

    @invariant()
    def not_for_ever(self) -> None:
        """When nobody renews, whoever asks again when told to is let in within a bounded time."""
        at = self.now
        while wait := self.breaker.wait_ms(at, RULES):
            assert 0 < wait <= RULES.longest_ms
            at += wait
        assert at - self.now <= RULES.longest_ms + RULES.lease_ms

    def _check_change(self, before: Breaker, ticket: str, result: Result) -> None:
        """Only the present probe's answer closes it."""
        if before.opened_ms and not self.breaker.opened_ms:
            assert ticket == before.probe
            assert not result.unknown
            assert result.kind not in COUNTED

    def _count(self, before: Breaker, result: Result, entered: int) -> None:
        if before.opened_ms or self.breaker.opened_ms:
            self.in_a_row = 0
        elif result.unknown or entered < before.closed_ms <= self.now:
            pass
        elif result.kind not in COUNTED:
            self.in_a_row = 0
        else:
            fresh = [each for each in before.failures if self._is_fresh(each.at_ms)]
            self.in_a_row = min(self.in_a_row, len(fresh)) + 1

    def _is_fresh(self, at: int) -> bool:
        return 0 <= self.now - at < RULES.window_ms


Lives.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
test_breaker_keeps_its_laws = Lives.TestCase
