"""Schedules: keep them, see when they fire, fire them by hand."""

from typing import Any, Final

from fastapi import APIRouter, Response

from contracts.schedule import ScheduleContent, SchedulePreview, ScheduleView
from services.gateway.parameters import Cursor, IdempotencyKey, PageLimit, SchedulePath
from services.gateway.problems import documented
from services.gateway.schedule_replies import (
    AddSchedule,
    BackfillBody,
    BackfillRequested,
    NextTimes,
    NoteBody,
    ScheduleAdded,
    ScheduleList,
    ScheduleRemoved,
    TriggerBody,
    TriggerRequested,
)
from services.gateway.state import Here

router = APIRouter(prefix="/v1/schedules", tags=["schedules"])

_ADDED: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "description": "The schedule is kept and fires.",
        "headers": {
            "Location": {"description": "The schedule.", "schema": {"type": "string"}},
            "Idempotency-Replayed": {
                "description": "`true` when an earlier request had made the schedule.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    summary="Add a schedule",
    responses=_ADDED | documented(400, 404, 409, 413, 415, 422, 500, 503, 507),
)
async def add_schedule(
    body: AddSchedule, here: Here, response: Response, idempotency_key: IdempotencyKey = None
) -> ScheduleAdded:
    """Check times and input as the preview does, keep the schedule, and let it fire.

    With an `Idempotency-Key` a repeated request finds the schedule that the first one made.
    """
    created = await here.schedules.create(body.id, body, idempotency_key=idempotency_key or "")
    response.headers["Location"] = f"/v1/schedules/{body.id}"
    if created.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return ScheduleAdded(**dict(created.schedule), replayed=created.replayed)


@router.post(
    "/preview",
    summary="See when a schedule would fire",
    responses=documented(400, 404, 413, 415, 422, 500, 503, 507),
)
async def preview_schedule(body: ScheduleContent, here: Here) -> SchedulePreview:
    """The next ten times and the input of the first of them; nothing is saved."""
    return await here.schedules.preview(body)


@router.get("", summary="List schedules", responses=documented(422, 500, 503))
async def list_schedules(here: Here, limit: PageLimit = 20, cursor: Cursor = "") -> ScheduleList:
    """With next time, newest start and its outcome. A new one shows up within about a second."""
    page = await here.schedules.list(limit=limit, cursor=cursor)
    return ScheduleList(schedules=page.schedules, cursor=page.cursor)


@router.get("/{schedule}", summary="Show a schedule", responses=documented(404, 422, 500, 503, 507))
async def show_schedule(schedule: SchedulePath, here: Here) -> ScheduleView:
    """What it starts, when, its next ten times and its last ten starts with their outcomes."""
    return await here.schedules.get(schedule)


@router.put(
    "/{schedule}",
    summary="Change a schedule",
    responses=documented(400, 404, 413, 415, 422, 500, 503, 507),
)
async def change_schedule(
    schedule: SchedulePath, body: ScheduleContent, here: Here
) -> ScheduleView:
    """Put a whole new content in place of the old. One that is paused stays so."""
    return await here.schedules.update(schedule, body)


@router.delete(
    "/{schedule}",
    summary="Remove a schedule",
    responses=documented(404, 422, 500, 503),
)
async def remove_schedule(schedule: SchedulePath, here: Here) -> ScheduleRemoved:
    """It fires no more. Runs that it has started go on."""
    await here.schedules.delete(schedule)
    return ScheduleRemoved(id=schedule)


@router.get(
    "/{schedule}/next", summary="See when it fires next", responses=documented(404, 422, 500, 503)
)
async def next_times(schedule: SchedulePath, here: Here) -> NextTimes:
    """The next ten times, in UTC and in the schedule's own zone, of a paused one as well."""
    found = await here.schedules.get(schedule)
    return NextTimes(paused=found.paused, time_zone=found.time_zone, next=found.next)


@router.post(
    "/{schedule}/pause",
    summary="Pause a schedule",
    responses=documented(400, 404, 413, 415, 422, 500, 503, 507),
)
async def pause_schedule(schedule: SchedulePath, body: NoteBody, here: Here) -> ScheduleView:
    """It fires no more until it is resumed. Runs that it has started go on."""
    await here.schedules.pause(schedule, body.note)
    return await here.schedules.get(schedule)


@router.post(
    "/{schedule}/unpause",
    summary="Resume a schedule",
    responses=documented(400, 404, 413, 415, 422, 500, 503, 507),
)
async def unpause_schedule(schedule: SchedulePath, body: NoteBody, here: Here) -> ScheduleView:
    """It fires again. What was due while it was paused is not made up for: backfill does that."""
    await here.schedules.unpause(schedule, body.note)
    return await here.schedules.get(schedule)


@router.post(
    "/{schedule}/trigger",
    status_code=202,
    summary="Fire a schedule now",
    responses=documented(400, 404, 413, 415, 422, 500, 503),
)
async def trigger_schedule(
    schedule: SchedulePath, body: TriggerBody, here: Here
) -> TriggerRequested:
    """Also a paused one. Twice within one second is once."""
    await here.schedules.trigger(schedule, body.overlap)
    return TriggerRequested(id=schedule)


@router.post(
    "/{schedule}/backfill",
    status_code=202,
    summary="Fire for past times",
    responses=documented(400, 404, 413, 415, 422, 500, 503),
)
async def backfill_schedule(
    schedule: SchedulePath, body: BackfillBody, here: Here
) -> BackfillRequested:
    """Fire for every time that was due in a period, at most a thousand.

    A time that has a run is not run again as long as flow and input of the schedule are the same.
    """
    count = await here.schedules.backfill(schedule, body.start, body.end, body.overlap)
    return BackfillRequested(id=schedule, times=count)
