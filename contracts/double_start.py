"""Double starts: what happens when a run is to start on a subject on which one goes on."""

from enum import StrEnum

from pydantic import Field

from contracts.base import Part


class DoubleStart(StrEnum):
    """What becomes of the second of two runs of one flow on one subject."""

    REFUSE = "refuse"
    """It is not started; the caller is told which run goes on."""

    QUEUE = "queue"
    """It exists at once, and begins when those before it have ended."""

    REPLACE = "replace"
    """Those before it are cancelled, and it begins when they have ended."""

    ALLOW = "allow"
    """Both run; what runs so is not seen by others that refuse, queue or replace."""

    @property
    def waits(self) -> bool:
        """Whether the run begins only when it is called."""
        return self in (DoubleStart.QUEUE, DoubleStart.REPLACE)


class Claim(Part):
    """A run that wants its turn on a subject."""

    run: str
    replaces: bool = False
    """Whether those before it are cancelled."""


class SubjectStart(Part):
    """The argument of the workflow that gives turns on one subject."""

    tenant: str
    subject: str
    """A digest of flow and subject; nobody's words."""

    holder: str = ""
    """The run whose turn it is."""

    line: tuple[Claim, ...] = ()
    leaving: tuple[str, ...] = ()
    """Runs that are still to be asked to stop."""

    history_limit: int = Field(default=4_000, ge=20)
    """Events after which it continues as new."""


class ClaimTask(Part):
    """A run that a worker starts and that wants its turn first."""

    tenant: str
    run: str
    subject: str
    double_start: DoubleStart


class RunToFind(Part):
    """A run of which somebody asks whether it goes on."""

    tenant: str
    run: str
