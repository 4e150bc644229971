"""Whether the process runs, and whether it can serve."""

from typing import Any, Final

from fastapi import APIRouter, Response

from services.gateway.problems import documented
from services.gateway.readiness import readiness
from services.gateway.replies import Health, Readiness
from services.gateway.state import Here

router = APIRouter(tags=["health"])

_NOT_READY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Readiness, "description": "It cannot; `checks` says why."}
}


@router.get("/healthz", summary="Say that the process runs", responses=documented(500))
async def healthz() -> Health:
    """Asks nobody."""
    return Health(status="ok")


@router.get(
    "/readyz",
    summary="Say whether the gateway can serve",
    responses=_NOT_READY | documented(500),
)
async def readyz(here: Here, response: Response) -> Readiness:
    """Asks Temporal and memory. That no worker is up is told and keeps nobody from starting."""
    found = await readiness(here)
    response.status_code = 200 if found.ready else 503
    return found
