"""Many runs at once: which ones, and what became of each."""

from typing import Literal

from pydantic import Field

from contracts.base import Part
from contracts.run import RunStatus


class Selection(Part):
    """Which runs of a tenant are meant. Runs of sub-flows never are: their parents are."""

    status: RunStatus = Field(strict=False)
    flow: str = Field(default="", pattern=r"^([a-z][a-z0-9_]{0,47})?$")
    """Of this flow only; empty: of any."""

    since: str = Field(
        default="",
        pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))?$",
        examples=["2026-11-23T08:00:00Z"],
    )
    """Only those that ended since then, or began where they have not ended; RFC 3339."""

    limit: int = Field(default=100, ge=1, le=100)
    """How many at most, the newest first."""


class RerunRequest(Part):
    """Which runs are to be gone on with, from where, and by which flow."""

    runs: Selection
    at: str = Field(default="", pattern=r"^([a-z][a-z0-9_]{0,47})?$", examples=["review"])
    """Where each is forked, before the last visit; empty: where each failed."""

    flow_version: Literal["same", "current"] = "same"
    batch: str = Field(default="", pattern=r"^[ -~]{0,100}$")
    """The same batch goes on from one run once, however often it is asked for; made up if empty."""

    dry_run: bool = False
    """Only say what would be done."""


class Rerun(Part):
    """What became of one run that was to be gone on with."""

    run: str
    place: str = ""
    """Where the new run begins."""

    visit: int = 0
    started: str = ""
    """The new run; empty in a dry run, and where there is a problem."""

    replayed: bool = False
    """An earlier request with this batch had started it."""

    problem: str = ""
    """Why it cannot be gone on with."""


class RerunReport(Part):
    """What became of all of them, the newest run first."""

    batch: str
    dry_run: bool
    runs: tuple[Rerun, ...]


class CancelRequest(Part):
    """Which runs are to be stopped."""

    runs: Selection
    dry_run: bool = False
    """Only say which."""


class Cancelled(Part):
    """What became of one run that was to be stopped."""

    run: str
    problem: str = ""
    """Why it was not asked to stop."""


class CancelReport(Part):
    """What became of all of them, the newest run first."""

    dry_run: bool
    runs: tuple[Cancelled, ...]
