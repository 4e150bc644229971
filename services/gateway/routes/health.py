"""Whether the process runs, whether it can serve, and how the models stand that workers ask."""

from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Response

from services.gateway.problems import documented
from services.gateway.readiness import readiness
from services.gateway.replies import Health, ModelStanding, ModelStandings, Readiness
from services.gateway.state import Here
from services.health.base import Standing

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


@router.get(
    "/v1/health/models",
    summary="Say how the models stand",
    responses=documented(500, 503),
)
async def models(here: Here) -> ModelStandings:
    """What all workers know: open since when and why, and when it is tried again.

    A model that is not listed has no limits, and nothing speaks against it.
    """
    return ModelStandings(models=tuple(map(_standing, await here.health.standings())))


def _standing(found: Standing) -> ModelStanding:
    return ModelStanding(
        endpoint=found.target.endpoint,
        model=found.target.model,
        state=found.state,
        open_since=_moment(found.open_since_ms),
        failures=found.failures,
        next_probe=_moment(found.next_probe_ms),
        probing=found.probing,
        paused_until=_moment(found.paused_until_ms),
        in_flight=found.in_flight,
        waiting=found.waiting,
    )


def _moment(milliseconds: int) -> str | None:
    if not milliseconds:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
