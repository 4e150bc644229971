"""A run's events: followed as a stream, or read page by page."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response
from fastapi.sse import EventSourceResponse
from starlette.responses import JSONResponse

from services.gateway import sse
from services.gateway.parameters import Cursor, RunId
from services.gateway.problems import documented
from services.gateway.state import Here
from services.runs.following import ENDED, EventPage, Following, page

router = APIRouter(prefix="/v1/runs/{run}", tags=["runs"])

_DESCRIPTION: Final = """
Answers with an event stream unless `Accept` asks for `application/json` alone.

The stream begins with `snapshot` (schema `Snapshot`), then tells each event under its kind
(`step_started`, `text`, `gate_opened`, ...; schema `Event`, fields at their default left out) and
closes with `end` (`status`). `problem` says that a part does not answer; the stream goes on and
sends another `snapshot` where events were missed. Ids are `{epoch}.{position}.{numbers}`: with
`Last-Event-ID` a stream is taken up without gap or repeat, also where memory was wiped or rolled
back meanwhile, for it is rebuilt from the run's history with the same numbers. With an id that is
none of the run's it begins with a snapshot. Every 15 seconds without an event there is a comment.
Whoever has seen `end` is answered 204, which tells browsers to stop.
"""
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A stream of events, or a page of them.",
        "content": {
            "text/event-stream": {
                "itemSchema": {
                    "type": "object",
                    "properties": {
                        "data": {"type": "string"},
                        "event": {"type": "string"},
                        "id": {"type": "string"},
                        "retry": {"type": "integer"},
                    },
                },
                "example": "event: step_started\n"
                'data: {"seq":2,"kind":"step_started","at_ms":1795392000000,"step":"research"}\n'
                "id: 5f0c1e2a.1795392000000-0.2\n\n",
            },
        },
        "model": EventPage,
    },
    204: {"description": "The run has ended, and the caller has been told."},
}


@router.get(
    "/events",
    summary="Follow a run",
    description=_DESCRIPTION,
    response_model=None,
    responses=_STREAM | documented(404, 422, 500, 503, 507),
)
async def run_events(
    run: RunId,
    here: Here,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    last_event_id: Annotated[
        str,
        Header(alias="Last-Event-ID", max_length=200, description="The last event the caller has."),
    ] = "",
    after: Cursor = "",
    limit: Annotated[
        int, Query(ge=1, le=1000, description="Of a page: how many events at most.")
    ] = 200,
) -> Response:
    """Follow a run or read a page of its events."""
    begin = last_event_id or after
    if "application/json" in accept and "text/event-stream" not in accept:
        found = await page(here.runs, run, begin, limit)
        return Response(found.model_dump_json(), media_type=JSONResponse.media_type)
    summary = await here.runs.summary(run)
    if summary.status.is_final and begin.endswith(f".{ENDED}"):
        return Response(status_code=204)
    following = Following(here.runs, run, begin)
    return EventSourceResponse(sse.stream(following, here.stopping), headers=sse.HEADERS)
