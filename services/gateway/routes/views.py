"""One run looked at: how it stands, its steps, context, values, hand-offs, rejected answers."""

from fastapi import APIRouter, Response
from pydantic import JsonValue

from contracts.run import RunView
from services.gateway.parameters import RunId, ValueDigest
from services.gateway.problems import documented
from services.gateway.replies import HandOffList, QuarantineList, RunContext, StepList
from services.gateway.state import Here
from services.runs.losses import LossReport, loss_report

router = APIRouter(prefix="/v1/runs/{run}", tags=["runs"])


@router.get("", summary="Show one run", responses=documented(404, 422, 500, 503))
async def show_run(run: RunId, here: Here) -> RunView:
    """Works with no worker up, and with memory wiped."""
    return await here.runs.get(run)


@router.get(
    "/result",
    summary="Fetch what a run has made",
    responses=documented(404, 409, 422, 500, 503, 507),
)
async def run_result(run: RunId, here: Here) -> JsonValue:
    """The value of the output slot, once the run has succeeded."""
    return await here.runs.result(run)


@router.get("/steps", summary="List a run's steps", responses=documented(404, 422, 500, 503))
async def run_steps(run: RunId, here: Here) -> StepList:
    """One entry for each visit of a step or gate, and for each item of a fan-out."""
    return StepList(steps=await here.runs.steps(run))


@router.get("/handoffs", summary="List a run's hand-offs", responses=documented(404, 422, 500, 503))
async def run_hand_offs(run: RunId, here: Here) -> HandOffList:
    """What went in at each border, what came out, and the rule that chose the way."""
    return HandOffList(hand_offs=await here.runs.hand_offs(run))


@router.get("/context", summary="Show a run's context", responses=documented(404, 422, 500, 503))
async def run_context(run: RunId, here: Here) -> RunContext:
    """Every slot with every value it has held, as references with their lineage."""
    return RunContext(slots=await here.runs.context(run))


@router.get(
    "/values/{digest}",
    summary="Fetch one value of a run's context",
    responses=documented(404, 422, 500, 503, 507),
)
async def run_value(run: RunId, digest: ValueDigest, here: Here, response: Response) -> JsonValue:
    """Verified against its digest, and restored where memory has lost it."""
    value = await here.runs.value(run, digest)
    response.headers["ETag"] = f'"{digest}"'
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return value


@router.get(
    "/quarantine",
    summary="List a run's rejected answers",
    responses=documented(404, 422, 500, 503, 507),
)
async def run_quarantine(run: RunId, here: Here) -> QuarantineList:
    """Answers that failed a check, with the reasons. Model text: not to be trusted."""
    return QuarantineList(rejected=await here.runs.quarantined(run))


@router.get(
    "/loss-report",
    summary="Say what a run has lost",
    responses=documented(404, 422, 500, 503, 507),
)
async def run_losses(run: RunId, here: Here) -> LossReport:
    """Values that neither memory nor archive nor history has, and what depends on them."""
    return await loss_report(here.runs, run)
