"""Runs that go on from others, one or many, and how two runs differ."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from contracts.difference import RunDiff
from contracts.many_runs import CancelReport, RerunReport
from contracts.run import MoveReport
from services.gateway.parameters import IdempotencyKey, RunId
from services.gateway.problems import documented
from services.gateway.replies import CancelBody, ForkBody, MoveBody, RerunBody, RetryBody, RunForked
from services.gateway.state import Here, Services
from services.runs.differing import Versions, run_diff
from services.runs.runs import Started

router = APIRouter(prefix="/v1/runs", tags=["runs"])

_FORKED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "description": "The new run exists and will be worked on.",
        "headers": {
            "Location": {"description": "The new run.", "schema": {"type": "string"}},
            "Idempotency-Replayed": {
                "description": "`true` when an earlier request had started the run.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        },
    }
}


@router.post(
    "/rerun",
    summary="Go on from many runs",
    responses=documented(400, 413, 415, 422, 500, 503),
)
async def rerun_runs(body: RerunBody, here: Here) -> RerunReport:
    """Retry every run of a selection, or fork each at one step; `dry_run` only says what would be.

    A few at a time. What stands in one run's way is told with it. Sent again with the same `batch`,
    each run is gone on from once.
    """
    return await here.many_runs.rerun(body)


@router.post(
    "/cancel",
    summary="Ask many runs to stop",
    responses=documented(400, 413, 415, 422, 500, 503),
)
async def cancel_runs(body: CancelBody, here: Here) -> CancelReport:
    """Every run of a selection; `dry_run` only says which."""
    return await here.many_runs.cancel(body)


@router.post(
    "/{run}/retry",
    status_code=202,
    summary="Go on from where a run failed",
    responses=_FORKED | documented(400, 404, 409, 413, 415, 422, 500, 503, 507),
)
async def retry_run(
    run: RunId,
    here: Here,
    response: Response,
    body: RetryBody | None = None,
    idempotency_key: IdempotencyKey = None,
) -> RunForked:
    """A new run begins at the step that failed; what was made before is taken over, not made again.

    The items that a fan-out had finished are taken over too. The new run has the flow's whole
    budget.
    """
    started = await here.forking.retry(
        run, body or RetryBody(), idempotency_key=idempotency_key or ""
    )
    return await _told(here, response, started)


@router.post(
    "/{run}/fork",
    status_code=202,
    summary="Go on from a place on a run's way",
    responses=_FORKED | documented(400, 404, 409, 413, 415, 422, 500, 503, 507),
)
async def fork_run(
    run: RunId,
    body: ForkBody,
    here: Here,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> RunForked:
    """A new run begins there, with other inputs, values, prompts, models or a newer flow, or none.

    What was made before is taken over. Without `at` it begins where a change first matters; a place
    that comes too late for a change is refused, with what would be stale. The run itself may go on.
    """
    started = await here.forking.fork(run, body, idempotency_key=idempotency_key or "")
    return await _told(here, response, started)


@router.post(
    "/{run}/move",
    summary="Move a run to the newer version of its flow",
    responses=documented(400, 404, 409, 413, 415, 422, 500, 503, 507),
)
async def move_run(run: RunId, body: MoveBody, here: Here) -> MoveReport:
    """A new run goes on from where it stands, by the flow on offer now; it is cancelled itself.

    Only a run that waits at a gate, or is paused between two steps. `dry_run` says what would
    change. A flow that cannot go on from there is refused, with what is missing. Sent again, it
    finds the run that it had started.
    """
    return await here.moving.move(run, body)


@router.get(
    "/{run}/diff/{other}",
    summary="Compare two runs",
    responses=documented(404, 422, 500, 503),
)
async def diff_runs(
    run: RunId,
    other: RunId,
    here: Here,
    versions: Annotated[
        Versions,
        Query(description="`final`: the last value of each slot; `all`: every one by its number."),
    ] = "final",
) -> RunDiff:
    """Slot by slot, field by field and word by word; flows, models, prompts and costs as well."""
    return await run_diff(here.runs, run, other, versions)


async def _told(here: Services, response: Response, started: Started) -> RunForked:
    summary = await here.runs.summary(started.run)
    response.headers["Location"] = f"/v1/runs/{started.run}"
    if started.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return RunForked(
        id=started.run,
        flow=summary.flow,
        url=f"{here.url}/v1/runs/{started.run}",
        temporal_url=here.runs.temporal_url(started.run),
        replayed=started.replayed,
        of=summary.of,
    )
