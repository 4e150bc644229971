"""What people see of a schedule, made of what Temporal tells of it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleDescription,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    WorkflowExecution,
)

from contracts.launch import LaunchStart
from contracts.run import RunStatus
from contracts.schedule import (
    DueTime,
    Firing,
    Overlap,
    ScheduleSummary,
    ScheduleView,
    Times,
)
from services.runs.listing import status_of
from services.schedules.spec import written
from workflows import names

TIMES = "times"
"""The memo of a schedule's launches that keeps its times as they were written: Temporal keeps cron
expressions as calendars."""


def policy(overlap: Overlap) -> ScheduleOverlapPolicy:
    """Name an overlap policy as Temporal does."""
    return ScheduleOverlapPolicy[overlap.name]


def due(times: Sequence[datetime], zone: str) -> tuple[DueTime, ...]:
    """Write times in UTC and in a zone; one that this machine does not know is told in UTC."""
    try:
        local: ZoneInfo = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return tuple(DueTime(at=rfc3339(each), local=rfc3339(each)) for each in times)
    return tuple(
        DueTime(at=rfc3339(each), local=each.astimezone(local).isoformat(timespec="seconds"))
        for each in times
    )


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def summary(
    listed: ScheduleListDescription, tenant: str, last: Firing | None, url: str
) -> ScheduleSummary:
    """Describe a schedule as lists do."""
    kept, told = listed.schedule, listed.info
    zone = (kept.spec.time_zone_name if kept else None) or "UTC"
    return ScheduleSummary(
        id=listed.id.removeprefix(f"{tenant}/"),
        flow=listed.typed_search_attributes.get(names.FLOW) or "",
        paused=bool(kept and kept.state.paused),
        note=(kept.state.note if kept else None) or "",
        time_zone=zone,
        next=due(told.next_action_times if told else (), zone),
        last=last,
        temporal_url=url,
    )


async def action_of(client: Client, found: ScheduleDescription) -> tuple[LaunchStart, Times]:
    """Read what a schedule starts, and when, as it was written."""
    action = found.schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow), "schedules of ours start workflows"
    converter = client.data_converter
    [start] = await converter.decode(action.args, [LaunchStart])
    [times] = await converter.decode([(action.memo or {})[TIMES]], [str])
    return start, Times.model_validate(json.loads(times), extra="ignore")


def full(
    found: ScheduleDescription,
    start: LaunchStart,
    times: Times,
    recent: Sequence[Firing],
    url: str,
) -> ScheduleView:
    """Describe one schedule, all but its input where that is kept elsewhere."""
    schedule, info = found.schedule, found.info
    catch_up = schedule.policy.catchup_window
    return ScheduleView(
        id=start.schedule,
        flow=start.flow,
        paused=schedule.state.paused,
        note=schedule.state.note or "",
        time_zone=times.time_zone,
        next=due(info.next_action_times, times.time_zone),
        last=recent[0] if recent else None,
        temporal_url=url,
        input=json.loads(start.given) if start.given else {},
        times=times,
        overlap=Overlap[schedule.policy.overlap.name],
        catch_up=written(catch_up) if catch_up else "",
        pause_on_failure=schedule.policy.pause_on_failure,
        remaining=schedule.state.remaining_actions if schedule.state.limited_actions else None,
        recent=tuple(recent),
        running=len(info.running_actions),
        fired=info.num_actions,
        missed=info.num_actions_missed_catchup_window,
        skipped=info.num_actions_skipped_overlap,
        created_at=rfc3339(info.created_at),
    )


async def firing(launch: WorkflowExecution, reason: str = "") -> Firing:
    """Describe one start that a schedule made."""
    memo = await launch.memo()
    moment = launch.typed_search_attributes.get(names.DUE) or launch.start_time
    run, status = str(memo.get(names.RUN, "")), status_of(launch)
    return Firing(
        due_at=rfc3339(moment),
        run=run,
        status=RunStatus.RUNNING if run and status is RunStatus.QUEUED else status,
        reason=reason,
    )
