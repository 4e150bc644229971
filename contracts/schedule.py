"""Schedules: when a flow is to be started by itself, and what people see of it."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)

from contracts.base import Part
from contracts.duration import seconds
from contracts.notation import WrittenDuration
from contracts.run import RunStatus


def _readable(written: str) -> str:
    seconds(written)
    return written


Span = Annotated[WrittenDuration, AfterValidator(_readable)]
"""A length of time as it was written: `30m`."""

ScheduleName = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", examples=["newsletter-weekly"])
]
Range = Annotated[str, Field(max_length=200, examples=["9", "mon-fri", "0-30/10", "9,17"])]
"""Numbers, names of days and months, ranges `1-5`, steps `0-30/10`, several by commas, `*`."""


class Overlap(StrEnum):
    """What happens when a start is due while an earlier one is still at work."""

    SKIP = "skip"
    """The new one is left out."""

    BUFFER_ONE = "buffer_one"
    """One new one waits for the end of the earlier; any further ones are left out."""

    BUFFER_ALL = "buffer_all"
    """All wait, and run one after the other."""

    CANCEL_OTHER = "cancel_other"
    """The earlier one is cancelled, and the new one starts when it has ended."""

    TERMINATE_OTHER = "terminate_other"
    """The earlier one is asked to stop, and the new one starts at once."""

    ALLOW_ALL = "allow_all"
    """They run beside each other."""


class Calendar(Part):
    """Times that match all of these fields."""

    model_config = ConfigDict(extra="forbid")

    second: Range = "0"
    minute: Range = "0"
    hour: Range = "0"
    day_of_month: Range = "*"
    month: Range = "*"
    year: Range = "*"
    day_of_week: Range = "*"
    """`mon` to `sun`, or 0 to 6 where 0 is Sunday."""


class Times(Part):
    """When starts are due: all times of `cron`, `every` and `calendar` together, without `skip`."""

    model_config = ConfigDict(extra="forbid")

    cron: tuple[str, ...] = Field(default=(), max_length=20, strict=False)
    """Five fields each, `0 9 * * mon-fri`; six with a year; seven with seconds before them."""

    every: Span | None = None
    """An interval, `1h`, counted from the beginning of Unix time."""

    offset: Span | None = None
    """By how much each time of `every` is later."""

    calendar: tuple[Calendar, ...] = Field(default=(), max_length=20, strict=False)
    skip: tuple[Calendar, ...] = Field(default=(), max_length=20, strict=False)
    """Times that are left out."""

    time_zone: str = Field(default="UTC", max_length=100, examples=["Europe/Berlin"])
    """Of `cron`, `calendar` and `skip`; a name of the IANA time zone database."""

    jitter: Span | None = None
    """Each start is later by chance, by this much at most."""

    start_at: AwareDatetime | None = Field(default=None, strict=False)
    """Nothing is due before; RFC 3339 with its offset from UTC."""

    end_at: AwareDatetime | None = Field(default=None, strict=False)
    """Nothing is due after."""


class ScheduleContent(Part):
    """What is started, when, and how strictly."""

    model_config = ConfigDict(extra="forbid")

    flow: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$", examples=["newsletter"])]
    input: dict[str, JsonValue]
    """As for a run. Texts may hold `{{scheduled.date}}`, `{{scheduled.time}}`, `{{scheduled.week}}`
    and others of `scheduled`, which each start fills with the time at which it was due, and fields
    of long-term memory's entries, `{{memory.brand.voice.summary}}`."""

    times: Times
    overlap: Overlap = Field(default=Overlap.SKIP, strict=False)
    catch_up: Span = "1d"
    """Starts that were missed while the server was away are made up for if not older than this."""

    pause_on_failure: bool = False
    """Pause the schedule when a run fails or expires, with the reason as its note."""

    at_most: int | None = Field(default=None, ge=1, le=1_000_000)
    """Fire no more after so many starts; without it there is no such limit."""

    @model_validator(mode="after")
    def _refuse_what_would_do_nothing(self) -> Self:
        """Temporal loses sight of runs that may overlap, and would never pause for them."""
        if self.pause_on_failure and self.overlap is Overlap.ALLOW_ALL:
            raise ValueError(
                "pause_on_failure does nothing with overlap allow_all; choose another overlap,"
                " buffer_all for instance"
            )
        return self


class DueTime(Part):
    """One time at which a start is due; RFC 3339 both, the jitter included."""

    at: str
    """In UTC."""

    local: str
    """In the schedule's own zone."""


class Firing(Part):
    """One start that a schedule has made."""

    due_at: str
    """RFC 3339, UTC."""

    run: str
    """The run that it started; there is none of that name when its input could not be prepared."""

    status: RunStatus
    reason: str = ""
    """Why it failed, where it did."""


class ScheduleSummary(Part):
    """One schedule as a list shows it."""

    id: str
    flow: str
    paused: bool
    note: str = ""
    """Why it is paused, or what was said when it was last resumed."""

    time_zone: str
    next: tuple[DueTime, ...] = ()
    """The next times, at most ten in a view and fewer in a list; told of a paused one as well."""

    last: Firing | None = None
    """The newest start; it is told about a second after it was made."""

    temporal_url: str = ""
    """The schedule's page in the Temporal web UI, empty when no UI is configured."""


class ScheduleView(ScheduleSummary):
    """One schedule."""

    input: dict[str, JsonValue]
    times: Times
    overlap: Overlap
    catch_up: str
    pause_on_failure: bool
    remaining: int | None = None
    """How many starts are left; null when they are not limited."""

    recent: tuple[Firing, ...] = ()
    """The last ten, newest first."""

    running: int = 0
    """Starts at work; those of `allow_all` are not counted."""

    fired: int = 0
    """Starts so far, those by hand and backfilled ones included."""

    missed: int = 0
    """Starts that were due while the server was away for longer than `catch_up`."""

    skipped: int = 0
    """Starts that were left out because an earlier one was at work."""

    created_at: str


class SchedulePreview(Part):
    """When a schedule would fire; nothing is saved."""

    time_zone: str
    next: tuple[DueTime, ...]
    """The next ten times, fewer when it ends before."""

    input: dict[str, JsonValue]
    """The input of the first of them, with its placeholders filled."""
