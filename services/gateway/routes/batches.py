"""Batches: start a flow over a list, see how far it is, stop it and go on."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response

from contracts.batch import BatchCheck, BatchReport, BatchRequest, BatchView
from services.batches.sheet import sheet
from services.gateway.batch_replies import (
    BatchList,
    BatchRetried,
    BatchStarted,
    BatchTold,
    PauseBatch,
)
from services.gateway.parameters import BatchId, Cursor, IdempotencyKey, PageLimit
from services.gateway.problems import documented
from services.gateway.state import Here

router = APIRouter(prefix="/v1/batches", tags=["batches"])
CSV: Final = "text/csv"

_STARTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "description": "The batch exists and will be worked through.",
        "headers": {
            "Location": {"description": "The batch.", "schema": {"type": "string"}},
            "Idempotency-Replayed": {
                "description": "`true` when an earlier request had started the batch.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        },
    }
}
_REPORT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "What came of every row.",
        "content": {CSV: {"schema": {"type": "string"}}},
    }
}


@router.post(
    "",
    status_code=202,
    summary="Start a batch",
    responses=_STARTED | documented(400, 404, 413, 415, 422, 500, 503, 507),
)
async def start_batch(
    body: BatchRequest, here: Here, response: Response, idempotency_key: IdempotencyKey = None
) -> BatchStarted:
    """Hold every row against the flow's contracts, keep the list, and run the flow for each.

    Nothing starts while a row does not fit, unless `skip_invalid` leaves such rows out. The list is
    part of the body and may be as large as a body may be, 1 MiB.
    """
    begun = await here.batches.start(body, idempotency_key=idempotency_key or "")
    response.headers["Location"] = f"/v1/batches/{begun.batch}"
    if begun.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    url = f"{here.url}/v1/batches/{begun.batch}"
    return BatchStarted(id=begun.batch, flow=body.flow, url=url, replayed=begun.replayed)


@router.post(
    "/check",
    summary="Hold a list against a flow",
    responses=documented(400, 404, 413, 415, 422, 500, 503),
)
async def check_batch(body: BatchRequest, here: Here) -> BatchCheck:
    """Every row that does not fit with its line; nothing is started."""
    return await asyncio.to_thread(here.batches.check, body)


@router.get("", summary="List batches", responses=documented(422, 500, 503))
async def list_batches(here: Here, limit: PageLimit = 20, cursor: Cursor = "") -> BatchList:
    """Newest first. A new one shows up within about a second."""
    page = await here.batches.views.list(limit=limit, cursor=cursor)
    return BatchList(batches=page.batches, cursor=page.cursor)


@router.get("/{batch}", summary="Show a batch", responses=documented(404, 422, 500, 503))
async def show_batch(batch: BatchId, here: Here) -> BatchView:
    """How many rows have ended how, which are at work, what it has cost."""
    return await here.batches.views.get(batch)


@router.get(
    "/{batch}/report",
    summary="Report on every row of a batch",
    responses=_REPORT | documented(404, 422, 500, 503, 507),
    response_model=BatchReport,
)
async def report_on_batch(
    batch: BatchId,
    here: Here,
    accept: Annotated[
        str, Header(description="`text/csv` for a sheet, else JSON.", max_length=1000)
    ] = "",
) -> BatchReport | Response:
    """Row, run, outcome, the digest of what it has made, and cost; in the order of the list."""
    report = await here.batches.views.report(batch)
    return Response(sheet(report), media_type=CSV) if CSV in accept else report


@router.post(
    "/{batch}/pause",
    status_code=202,
    summary="Pause a batch",
    responses=documented(400, 404, 409, 413, 415, 422, 500, 503),
)
async def pause_batch(batch: BatchId, body: PauseBatch, here: Here) -> BatchTold:
    """No further row begins; those at work go on."""
    await here.batches.pause(batch, body.note)
    return BatchTold(id=batch)


@router.post(
    "/{batch}/resume",
    status_code=202,
    summary="Resume a batch",
    responses=documented(404, 409, 422, 500, 503),
)
async def resume_batch(batch: BatchId, here: Here) -> BatchTold:
    """Rows begin again."""
    await here.batches.resume(batch)
    return BatchTold(id=batch)


@router.post(
    "/{batch}/cancel",
    status_code=202,
    summary="Stop a batch",
    responses=documented(404, 409, 422, 500, 503),
)
async def cancel_batch(batch: BatchId, here: Here) -> BatchTold:
    """No further row begins, and those at work are cancelled; a retry goes on from there."""
    await here.batches.cancel(batch)
    return BatchTold(id=batch)


@router.post(
    "/{batch}/retry",
    status_code=202,
    summary="Try rows without a result again",
    responses=documented(404, 409, 422, 500, 503),
)
async def retry_batch(batch: BatchId, here: Here) -> BatchRetried:
    """Rows that failed, expired, were cancelled or never began, when the batch has ended."""
    return BatchRetried(id=batch, rows=await here.batches.retry(batch))
