"""Runs: start one, list them, stop one."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from contracts.run import RunStatus
from services.errors import InputInvalidError, Problem
from services.gateway.parameters import Cursor, IdempotencyKey, PageLimit, RunId
from services.gateway.problems import documented
from services.gateway.replies import (
    CancelRequested,
    RunList,
    RunStarted,
    StartRun,
    SteerBody,
    SteerRequested,
)
from services.gateway.state import Here, Services
from services.runs.listing import Filters
from services.runs.runs import Started

router = APIRouter(prefix="/v1/runs", tags=["runs"])

_STARTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "description": "The run exists and will be worked on.",
        "headers": {
            "Location": {"description": "The run.", "schema": {"type": "string"}},
            "Idempotency-Replayed": {
                "description": "`true` when an earlier request had started the run.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        },
    }
}


@router.post(
    "",
    status_code=202,
    summary="Start a run",
    responses=_STARTED | documented(400, 404, 409, 413, 415, 422, 500, 503, 507),
)
async def start_run(
    body: StartRun, here: Here, response: Response, idempotency_key: IdempotencyKey = None
) -> RunStarted:
    """Check the input against the flow's contracts, keep it, and start.

    With an `Idempotency-Key` a repeated request finds the run that the first one started. A run
    that waits for its turn on a subject is `queued` until then.
    """
    started = await _start(here, body, idempotency_key or "")
    response.headers["Location"] = f"/v1/runs/{started.run}"
    if started.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return RunStarted(
        id=started.run,
        flow=body.flow,
        url=f"{here.url}/v1/runs/{started.run}",
        temporal_url=here.runs.temporal_url(started.run),
        replayed=started.replayed,
    )


async def _start(here: Services, body: StartRun, key: str) -> Started:
    try:
        return await here.runs.start(
            body.flow,
            body.input,
            idempotency_key=key,
            subject=body.subject,
            on_conflict=body.on_conflict,
            by=body.by,
        )
    except InputInvalidError as error:
        # The library speaks of the input; in the request the input stands under its own name.
        places = [Problem(_in_body(each.pointer), each.message) for each in error.problems]
        raise InputInvalidError(str(error), places) from error


def _in_body(pointer: str) -> str:
    return pointer if pointer == "/subject" else f"/input{pointer}"


@router.get("", summary="List runs", responses=documented(422, 500, 503))
async def list_runs(
    here: Here,
    flow: Annotated[
        str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,47}$", description="Of this flow only.")
    ] = None,
    status: Annotated[RunStatus | None, Query(description="In this state only.")] = None,
    needs_person: Annotated[bool, Query(description="Only those that wait for a person.")] = False,
    limit: PageLimit = 20,
    cursor: Cursor = "",
) -> RunList:
    """Newest first. A run shows up within about a second of its start."""
    filters = Filters(flow=flow or "", status=status, needs_person=needs_person)
    page = await here.runs.list(filters, limit=limit, cursor=cursor)
    return RunList(runs=page.runs, cursor=page.cursor)


@router.post(
    "/{run}/cancel",
    status_code=202,
    summary="Ask a run to stop",
    responses=documented(404, 409, 422, 500, 503),
)
async def cancel_run(run: RunId, here: Here) -> CancelRequested:
    """The run stops its steps, tells its end, and keeps what it has made so far."""
    status = (await here.runs.summary(run)).status
    await here.runs.cancel(run)
    return CancelRequested(id=run, status=status)


@router.post(
    "/{run}/pause",
    status_code=202,
    summary="Hold a run up",
    responses=documented(400, 404, 409, 413, 415, 422, 500, 503),
)
async def pause_run(run: RunId, body: SteerBody, here: Here) -> SteerRequested:
    """What is at work ends and is kept; nothing new begins. It works while no worker is up."""
    return SteerRequested(id=run, status=await here.steering.pause(run, body))


@router.post(
    "/{run}/resume",
    status_code=202,
    summary="Let a paused run go on",
    responses=documented(400, 404, 409, 413, 415, 422, 500, 503),
)
async def resume_run(run: RunId, body: SteerBody, here: Here) -> SteerRequested:
    """A run that is not paused is left alone."""
    return SteerRequested(id=run, status=await here.steering.resume(run, body))
