"""Gates: what waits for a person, and what the person decides."""

from typing import Any, Final

from fastapi import APIRouter, Response

from contracts.run import DecisionReply, GateLook
from services.gateway.parameters import (
    Cursor,
    FlowFilter,
    GateName,
    PageLimit,
    RoleFilter,
    RunId,
    UnseenBy,
    Who,
)
from services.gateway.problems import documented
from services.gateway.replies import DecisionBody, GateList
from services.gateway.state import Here
from services.runs.inbox import Asked

router = APIRouter(prefix="/v1", tags=["gates"])

_DECIDED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The run has taken the decision."},
    202: {
        "description": "No worker is up; the decision is kept and will be taken when one is.",
        "model": DecisionReply,
    },
}


@router.get("/gates", summary="List what waits for a person", responses=documented(422, 500, 503))
async def list_gates(
    here: Here,
    role: RoleFilter = "",
    flow: FlowFilter = "",
    unseen_by: UnseenBy = "",
    limit: PageLimit = 50,
    cursor: Cursor = "",
) -> GateList:
    """The open gates of all runs, the earliest deadline first."""
    asked = Asked(role=role, flow=flow, unseen_by=unseen_by)
    page = await here.gates.inbox.page(asked, limit=limit, cursor=cursor)
    return GateList(gates=page.gates, cursor=page.cursor, waiting=page.waiting)


@router.get(
    "/runs/{run}/gates",
    summary="Show the gate that a run waits at",
    responses=documented(404, 422, 500, 503),
)
async def run_gates(run: RunId, here: Here) -> GateList:
    """None or one: a flow goes one way at a time."""
    found = await here.gates.open(run)
    return GateList(gates=found, waiting=len(found))


@router.get(
    "/runs/{run}/gates/{gate}",
    summary="Show what a gate asks about, and what changed since a person looked last",
    responses=documented(404, 409, 422, 500, 503),
)
async def look(run: RunId, gate: GateName, here: Here, who: Who = "") -> GateLook:
    """The values that are shown. With `who`, the look is kept for the next time."""
    return await here.gates.looking.look(run, gate, who)


@router.post(
    "/runs/{run}/gates/{gate}",
    summary="Decide at a gate",
    responses=_DECIDED | documented(400, 404, 409, 413, 415, 422, 500, 503, 507),
)
async def decide(
    run: RunId, gate: GateName, body: DecisionBody, here: Here, response: Response
) -> DecisionReply:
    """Decide on exactly what the gate shows: `shown` names its digest.

    Where several have to approve, `role` says as whom; the gate waits until enough have.
    """
    reply = await here.gates.decide(run, gate, body)
    response.status_code = 200 if reply.delivered else 202
    return reply
