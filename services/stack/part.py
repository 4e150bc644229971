"""What one part of the stack is, as data. Which parts there are stands in `parts.py`."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.stack.probes import Probe


@dataclass(frozen=True)
class Part:
    """A program that runs as a child process, and how to tell that it works."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    """The whole environment of the process; nothing else is passed on."""

    probe: Probe
    address: str
    """Where people and other parts find it; empty when they need not."""

    needs: tuple[str, ...] = ()
    """Parts that must work before this one is started."""

    ready_seconds: float = 30
    """How long it may take from its start until its probe is content."""

    grace_seconds: float = 10
    """How long it may take to stop when asked; then it is killed."""


@dataclass(frozen=True)
class RestartPolicy:
    """How often a part that ends is started again before that counts as a failure."""

    deaths: int = 5
    """This many within the window, and the part is given up."""

    window_seconds: float = 60
    first_delay_seconds: float = 0.2
    """Before the first restart; doubled for each further death in the window."""

    longest_delay_seconds: float = 5

    def delay_seconds(self, deaths: int) -> float:
        """Tell how long to wait after so many deaths in the window, the first being 1."""
        return min(self.first_delay_seconds * 2.0 ** (deaths - 1), self.longest_delay_seconds)
