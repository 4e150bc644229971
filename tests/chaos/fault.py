"""What can be done to a running stack: the kinds of fault, and the deck they are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """Every fault that the suite knows."""

    KILLED = "killed"
    """SIGKILL to the whole group; started again after a pause."""

    FROZEN = "frozen"
    """SIGSTOP, and SIGCONT after a while."""

    WIPED = "wiped"
    ROLLED_BACK = "rolled back"
    """Memory killed, its files replaced by older ones, started again."""

    READ_ONLY = "read-only"
    FULL = "full"
    DELETED = "values deleted"
    CORRUPTED = "values corrupted"
    SLOW_LINK = "slow link"
    RESET_LINK = "connections reset"
    SILENT_LINK = "half-open link"
    """Nothing passes for a while; then every connection of that time is found dead."""

    THROTTLED_LINK = "throttled link"
    CLOCK_FORWARD = "clock an hour ahead"
    CLOCK_BACK = "clock an hour behind"
    REPEATED = "starts repeated"
    """Requests that were answered are sent again, many at once."""

    DEPLOYED = "deployed"
    """Workers and gateway started anew, one by one, with changed prompts and a changed flow."""

    LIMITED = "rate limited"
    FAILING = "endpoint fails"


TEMPORAL: Final = "temporal"
MEMORY: Final = "memory"
MODEL: Final = "model"
GATEWAY: Final = "gateway"
WORKERS: Final = ("worker-1", "worker-2", "worker-3")
LINKS: Final = (TEMPORAL, MEMORY, MODEL)
PROCESSES: Final = (*WORKERS, GATEWAY, MEMORY, TEMPORAL, MODEL)

_ON_MEMORY: Final = (
    Kind.WIPED,
    Kind.ROLLED_BACK,
    Kind.READ_ONLY,
    Kind.FULL,
    Kind.DELETED,
    Kind.CORRUPTED,
)
_ON_LINKS: Final = (Kind.SLOW_LINK, Kind.RESET_LINK, Kind.SILENT_LINK, Kind.THROTTLED_LINK)
_ON_WORKERS: Final = (Kind.CLOCK_FORWARD, Kind.CLOCK_BACK)

DECK: Final[tuple[tuple[Kind, str], ...]] = (
    *((Kind.KILLED, each) for each in PROCESSES),
    *((Kind.FROZEN, each) for each in PROCESSES),
    *((kind, MEMORY) for kind in _ON_MEMORY),
    *((kind, link) for kind in _ON_LINKS for link in LINKS),
    *((kind, worker) for kind, worker in zip(_ON_WORKERS, WORKERS, strict=False)),
    (Kind.REPEATED, GATEWAY),
    (Kind.DEPLOYED, "all"),
    (Kind.LIMITED, MODEL),
    (Kind.FAILING, MODEL),
)
"""Every fault once. Schedules draw without putting back, so that none is left out for long."""

SECONDS: Final[Mapping[Kind, tuple[float, float]]] = {
    Kind.KILLED: (0.1, 2.0),
    Kind.FROZEN: (1.0, 6.0),
    Kind.ROLLED_BACK: (1.0, 5.0),
    Kind.READ_ONLY: (1.0, 5.0),
    Kind.FULL: (1.0, 5.0),
    Kind.SLOW_LINK: (2.0, 6.0),
    Kind.SILENT_LINK: (1.0, 6.0),
    Kind.THROTTLED_LINK: (2.0, 6.0),
    Kind.CLOCK_FORWARD: (3.0, 8.0),
    Kind.CLOCK_BACK: (3.0, 8.0),
}
"""How long a fault lasts, from and to; the others are over at once. All are shorter than the six
tries that the flow has for what is unavailable, about a minute."""


@dataclass(frozen=True)
class Fault:
    """One fault of a schedule."""

    number: int
    at: float
    """Seconds after the load begins."""

    kind: Kind
    target: str
    """A process, a link or `all`."""

    seconds: float
    seed: int
    """For what the fault itself chooses, such as which values are deleted."""

    def title(self) -> str:
        """Say it in a few words: `worker-1 killed`."""
        return f"{self.target} {self.kind}"
