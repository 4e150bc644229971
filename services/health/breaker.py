"""The circuit breaker's law, as pure functions of a state and the time. Times in milliseconds.

Closed: calls go through, and failures in a row are counted. Open: none goes. Half-open, when the
cooldown is over: one call at a time goes as a probe, and what becomes of it decides.
"""

from collections import Counter

from contracts.base import Part
from contracts.failure import FailureKind
from services.health.base import COUNTED, BreakerState, Result, Rules


class Failed(Part):
    """One failure that counts."""

    kind: FailureKind
    at_ms: int


class Breaker(Part):
    """What is known of one model at one endpoint."""

    failures: tuple[Failed, ...] = ()
    opened_ms: int = 0
    """When it first opened without closing since; 0 while it is closed."""

    shut_ms: int = 0
    """When it last opened."""

    until_ms: int = 0
    """When the next probe may go."""

    openings: int = 0
    """How often it opened without closing in between."""

    closed_ms: int = 0
    """When a probe last succeeded: failures of calls from before that are old news."""

    probe: str = ""
    probe_at_ms: int = 0
    """When the probe went or was last renewed."""

    def state(self, now: int) -> BreakerState:
        """Say how it stands at a time."""
        if not self.opened_ms:
            return BreakerState.CLOSED
        # A clock that was set back must not keep it open until it has caught up.
        is_due = now >= self.until_ms or now < self.shut_ms
        return BreakerState.HALF_OPEN if is_due else BreakerState.OPEN

    def seen(self) -> dict[str, int]:
        """Count the failures by kind."""
        return dict(Counter(failed.kind.value for failed in self.failures))

    def wait_ms(self, now: int, rules: Rules) -> int:
        """Say how long a call should wait before it asks again; 0 lets it go now."""
        match self.state(now):
            case BreakerState.CLOSED:
                return 0
            case BreakerState.OPEN:
                return self.until_ms - now
            case BreakerState.HALF_OPEN:
                if not self.is_probed(now, rules):
                    return 0
                return min(rules.cooldown_ms, self.probe_at_ms + rules.lease_ms - now)

    def is_probed(self, now: int, rules: Rules) -> bool:
        """Whether a probe is under way; one that was not renewed in time is dead."""
        return bool(self.probe) and 0 <= now - self.probe_at_ms < rules.lease_ms

    def let(self, ticket: str, now: int) -> "Breaker":
        """Let a call go that need not wait."""
        if self.state(now) is BreakerState.CLOSED:
            return self
        return self.model_copy(update={"probe": ticket, "probe_at_ms": now})

    def renewed(self, ticket: str, now: int) -> "Breaker":
        """Keep a probe alive."""
        if ticket != self.probe:
            return self
        return self.model_copy(update={"probe_at_ms": now})

    def after(
        self, ticket: str, result: Result, *, entered_ms: int, now: int, rules: Rules
    ) -> "Breaker":
        """Take into account what became of a call.

        While it is not closed, the present probe alone decides: a call from before, or a probe that
        was taken for dead, says nothing of now.
        """
        if self.opened_ms:
            return self._after_probe(result, now, rules) if ticket == self.probe else self
        if result.unknown or entered_ms < self.closed_ms <= now:
            return self
        if result.kind not in COUNTED:
            return self.model_copy(update={"failures": ()}) if self.failures else self
        fresh = [each for each in self.failures if 0 <= now - each.at_ms < rules.window_ms]
        failures = (*fresh, Failed(kind=result.kind, at_ms=now))
        grown = self.model_copy(update={"failures": failures})
        return grown._opened(result, now, rules) if len(failures) >= rules.failures else grown

    def _after_probe(self, result: Result, now: int, rules: Rules) -> "Breaker":
        if result.unknown:
            return self.model_copy(update={"probe": ""})
        if result.kind not in COUNTED:
            return Breaker(closed_ms=now)
        failures = (*self.failures, Failed(kind=result.kind, at_ms=now))[-rules.failures :]
        return self.model_copy(update={"failures": failures})._opened(result, now, rules)

    def _opened(self, result: Result, now: int, rules: Rules) -> "Breaker":
        cooldown = rules.cooldown_ms << min(self.openings, 20)
        wait = min(max(cooldown, result.retry_after_ms), rules.longest_ms)
        return self.model_copy(
            update={
                "opened_ms": self.opened_ms or now,
                "shut_ms": now,
                "until_ms": now + wait,
                "openings": self.openings + 1,
                "probe": "",
            }
        )
