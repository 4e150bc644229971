"""A token bucket: how much may be asked a minute. Pure; times in milliseconds.

It fills as fast as the limit says and holds less than a minute's worth, so that a burst after a
quiet time passes no more in any minute than the limit and that little on top.
"""

import math
from typing import Final

from contracts.base import Part

MINUTE_MS: Final = 60_000
SHARE: Final = 10
"""A bucket holds a minute's worth divided by this, and at least one request."""


class Bucket(Part):
    """What has been taken and not yet filled up again."""

    missing: float = 0.0
    at_ms: int = 0

    def wait_ms(self, cost: int, a_minute: int, now: int) -> int:
        """Say when so much can be taken; 0 for now, and for no limit.

        What is larger than a full bucket goes when it is full, and leaves a debt.
        """
        if not a_minute:
            return 0
        return self.due_ms(min(cost, max(1, a_minute // SHARE)), a_minute, now)

    def due_ms(self, cost: int, a_minute: int, now: int) -> int:
        """Say when so much will have been filled up, be it more than a bucket holds."""
        if not a_minute:
            return 0
        over = self._missing(a_minute, now) + cost - max(1, a_minute // SHARE)
        return max(0, math.ceil(over * MINUTE_MS / a_minute))

    def take(self, cost: int, a_minute: int, now: int) -> "Bucket":
        """Take so much."""
        if not a_minute:
            return self
        return Bucket(missing=self._missing(a_minute, now) + cost, at_ms=now)

    def give_back(self, cost: int, a_minute: int, now: int) -> "Bucket":
        """Return what was not needed; less than nothing takes more."""
        if not (a_minute and cost):
            return self
        return Bucket(missing=max(0.0, self._missing(a_minute, now) - cost), at_ms=now)

    def _missing(self, a_minute: int, now: int) -> float:
        filled = max(0, now - self.at_ms) * a_minute / MINUTE_MS
        return max(0.0, self.missing - filled)
