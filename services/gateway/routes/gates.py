"""Gates: what waits for a person, and what the person decides."""

from typing import Any, Final

from fastapi import APIRouter, Response

from contracts.run import DecisionReply
from services.gateway.parameters import GateName, RunId
from services.gateway.problems import documented
from services.gateway.replies import DecisionBody, GateList
from services.gateway.state import Here

router = APIRouter(prefix="/v1", tags=["gates"])

_DECIDED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The run has taken the decision."},
    202: {
        "description": "No worker is up; the decision is kept and will be taken when one is.",
        "model": DecisionReply,
    },
}


@router.get("/gates", summary="List what waits for a person", responses=documented(500, 503))
async def list_gates(here: Here) -> GateList:
    """The open gates of all runs, at most a hundred."""
    return GateList(gates=await here.gates.open())


@router.get(
    "/runs/{run}/gates",
    summary="Show the gate that a run waits at",
    responses=documented(404, 422, 500, 503),
)
async def run_gates(run: RunId, here: Here) -> GateList:
    """None or one: a flow goes one way at a time."""
    return GateList(gates=await here.gates.open(run))


@router.post(
    "/runs/{run}/gates/{gate}",
    summary="Decide at a gate",
    responses=_DECIDED | documented(400, 404, 409, 413, 415, 422, 500, 503, 507),
)
async def decide(
    run: RunId, gate: GateName, body: DecisionBody, here: Here, response: Response
) -> DecisionReply:
    """Decide on exactly what the gate shows: `shown` names its digest."""
    reply = await here.gates.decide(run, gate, body)
    response.status_code = 200 if reply.delivered else 202
    return reply
