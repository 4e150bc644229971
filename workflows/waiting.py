"""How long a run has waited instead of worked: at gates, while paused, while sub-flows are at work.

What overlaps counts once: a run that is paused while a gate is open waits for both at a time.
"""


class Waiting:
    """Counts the time in which at least one thing holds the run up. Times in Unix milliseconds."""

    def __init__(self, counted_ms: int = 0) -> None:
        self.counted_ms = counted_ms
        """What is over; all of it while nothing holds the run up."""

        self._holds = 0
        self._since = 0

    def begin(self, now_ms: int) -> None:
        """Something more holds the run up."""
        if not self._holds:
            self._since = now_ms
        self._holds += 1

    def end(self, now_ms: int) -> None:
        """One of those that held it up does so no more."""
        self._holds -= 1
        if not self._holds:
            self.counted_ms += now_ms - self._since

    def in_all(self, now_ms: int) -> int:
        """Count the waiting until now, what still goes on included."""
        return self.counted_ms + (now_ms - self._since if self._holds else 0)
