"""What requests about schedules carry and what routes answer."""

from pydantic import AwareDatetime, Field

from contracts.base import Part
from contracts.schedule import (
    DueTime,
    Overlap,
    ScheduleContent,
    ScheduleName,
    ScheduleSummary,
    ScheduleView,
)
from services.gateway.replies import Body


class AddSchedule(ScheduleContent):
    """A new schedule."""

    id: ScheduleName
    """Chosen by the caller; a start is found by it."""


class NoteBody(Body):
    """Why a schedule is paused or resumed."""

    note: str = Field(default="", max_length=500)


class TriggerBody(Body):
    """How to fire now."""

    overlap: Overlap | None = Field(default=None, strict=False)
    """What happens while an earlier start is at work; the schedule's own policy if not given."""


class BackfillBody(Body):
    """Which past times to fire for."""

    start: AwareDatetime = Field(strict=False)
    """The first moment, included; RFC 3339."""

    end: AwareDatetime = Field(strict=False)
    """The last moment, included."""

    overlap: Overlap = Field(default=Overlap.BUFFER_ALL, strict=False)
    """All are due at once: one after the other unless this says otherwise."""


class ScheduleAdded(ScheduleView):
    """The schedule that a request made, now or earlier under the same key."""

    replayed: bool
    """An earlier request with the same key had made it."""


class ScheduleList(Part):
    """One page of schedules."""

    schedules: tuple[ScheduleSummary, ...]
    cursor: str
    """Of the next page; empty on the last."""


class NextTimes(Part):
    """When a schedule fires next."""

    paused: bool
    """Whether it is paused, and fires at none of them unless it is resumed."""

    time_zone: str
    next: tuple[DueTime, ...]


class BackfillRequested(Part):
    """The schedule was asked to fire for past times."""

    id: str
    times: int
    """How many there are."""


class TriggerRequested(Part):
    """The schedule was asked to fire now; its newest start names the run."""

    id: str


class ScheduleRemoved(Part):
    """The schedule is gone."""

    id: str
