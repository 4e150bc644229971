"""Runs a case on the shipped flow `article`: a real Temporal server, real memory, real agents."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

from redis.asyncio import Redis
from temporalio.worker import Worker

from contracts.event import EventKind
from contracts.failure import FailureKind
from contracts.registry import CONTRACTS
from contracts.run import RunStatus, RunView
from services import composition
from services.agents import catalogue
from services.errors import InputInvalidError
from services.flows.shelf import Shelf
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.runs.gates import Gates
from services.runs.history import RunHistory
from services.runs.runs import Runs
from services.settings import Settings
from services.temporal import connect, sandbox_runner
from services.worker.activities import Assembly, WorkerActivities
from tests.harness import Harness
from tests.modes.case import Case, Disturbance, Ending
from tests.modes.given import brief_of, library
from tests.modes.readers import Readers
from tests.modes.scripted import CaseModel, Disturb, Interruption
from workflows.run_flow import RunFlow

LONGEST_SECONDS: Final = 90
_ENVIRON: Final = {"ORCHESTRA_MODEL_SOURCE": "scripted", "ORCHESTRA_MODEL": "scripted"}
_TURNED_DOWN: Final = (EventKind.ANSWER_REJECTED, EventKind.ATTEMPT_FAILED)


class MeasurementError(Exception):
    """The product or this measurement broke: there is no outcome to count."""


@dataclass(frozen=True)
class Place:
    """Where runs take place: the servers, and a folder for the archive."""

    temporal: str
    redis: str
    archive: Path


@cache
def _shelf() -> Shelf:
    return composition.shelf(Settings.from_environ(_ENVIRON))


async def run_ours(case: Case, place: Place) -> Ending:
    """Run a case until it has ended or waits for a person."""
    name = f"m{uuid4().hex[:10]}"
    moment = Interruption()
    redis = Redis.from_url(place.redis)
    lost_late = case.disturbance is Disturbance.LOST_AFTER_PUBLISHING
    readers = Readers(moment if lost_late else None)
    model = CaseModel(case, _disturb(case, moment, redis, name))
    bench = await _bench(case, place, name, model, readers)
    try:
        return await _ending(case, bench, model, readers, moment)
    finally:
        await bench.memory.aclose()
        await redis.aclose()


def _disturb(case: Case, moment: Interruption, redis: Redis, tenant: str) -> Disturb | None:
    async def wipe() -> None:
        keys = [key async for key in redis.scan_iter(f"{tenant}:*")]
        await redis.delete(*keys)

    async def age() -> None:
        await _serve_old_draft(redis, tenant)

    disturbs: dict[Disturbance, Disturb] = {
        Disturbance.MEMORY_WIPED: wipe,
        Disturbance.MEMORY_STALE: age,
        Disturbance.WORKER_LOST: moment,
    }
    return disturbs.get(case.disturbance)


async def _serve_old_draft(redis: Redis, tenant: str) -> None:
    """Put the draft without answers under the key of every draft that has some."""
    bodies: dict[bytes, bytes] = {}
    async for key in redis.scan_iter(f"{tenant}:value:*"):
        body = await redis.get(key)
        assert isinstance(body, bytes), "a value just listed is there"
        bodies[key] = body
    drafts = {key: body for key, body in bodies.items() if "made_by" in json.loads(body)}
    old = next(body for body in drafts.values() if not json.loads(body)["answers"])
    for key, body in drafts.items():
        if body != old:
            await redis.set(key, old)


async def _bench(
    case: Case, place: Place, name: str, model: CaseModel, readers: Readers
) -> Harness:
    settings = Settings.from_environ(_ENVIRON).model_copy(
        update={"temporal_address": place.temporal, "tenant": name, "task_queue": name}
    )
    client = await connect(settings)
    memory = Memory(RedisStore(place.redis), FolderArchive(place.archive), RunHistory(client))
    agents = catalogue.build(
        retriever=library(case.documents), publisher=readers, writer_model="scripted"
    )
    runs = Runs(client, memory, _shelf(), CONTRACTS, settings)
    assembly = Assembly(memory, agents, model, CONTRACTS)
    return Harness(client, runs, Gates(runs), memory, assembly, name, sandbox_runner())


async def _ending(
    case: Case, bench: Harness, model: CaseModel, readers: Readers, moment: Interruption
) -> Ending:
    try:
        started = await bench.runs.start("article", brief_of(case))
    except InputInvalidError as error:
        return Ending(successful=False, why=f"the brief was refused: {error}", applied=True)
    if case.disturbance in (Disturbance.WORKER_LOST, Disturbance.LOST_AFTER_PUBLISHING):
        await _lose_a_worker(bench, moment)
    async with bench.worker():
        view = await _settled(bench, started.run)
        rejected = await _turned_down(bench, started.run)
        await _require_explained(case, bench, view)
        if not view.status.is_final:
            await bench.runs.cancel(started.run)
            await bench.ended(started.run)
    return Ending(
        successful=view.status is RunStatus.SUCCEEDED,
        published=readers.got,
        why=_why(view),
        rejected=rejected,
        calls=model.calls,
        applied=model.applied or model.has_failed or readers.disturbed,
    )


async def _require_explained(case: Case, bench: Harness, view: RunView) -> None:
    """Demand that a run which did not succeed stopped for a cause that its flow declares.

    A crash is no detection: counted as one, it would flatter every number of the matrix.

    Raises:
        MeasurementError: a step met a bug, or nothing that a step told explains the end.
    """
    steps = await bench.runs.steps(view.id)
    kinds = {step.failure.kind for step in steps if step.failure}
    stopped = view.status is not RunStatus.SUCCEEDED
    unexplained = stopped and not view.needs_person and not kinds
    if FailureKind.BUG in kinds or unexplained:
        raise MeasurementError(f"{case.id}: {view.status} at {view.place!r}: {view.reason}")


async def _lose_a_worker(bench: Harness, moment: Interruption) -> None:
    """Run a worker until its moment comes, and give it no time to finish anything."""
    activities = WorkerActivities(bench.assembly)
    worker = Worker(
        bench.client,
        task_queue=bench.queue,
        workflows=[RunFlow],
        activities=[
            activities.step,
            activities.pure_step,
            activities.flush,
            activities.flush_at_end,
            activities.seal,
        ],
        workflow_runner=bench.runner,
        graceful_shutdown_timeout=timedelta(0),
    )
    async with asyncio.timeout(LONGEST_SECONDS), worker:
        await moment.reached.wait()


async def _settled(bench: Harness, run: str) -> RunView:
    """Wait until a run has ended or waits for a person."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while True:
            view = await bench.runs.get(run)
            if view.status.is_final or view.needs_person:
                return view
            await asyncio.sleep(0.05)


async def _turned_down(bench: Harness, run: str) -> int:
    """Count rejected answers, failed attempts and revisions."""
    revised = sum(step.step == "revise" for step in await bench.runs.steps(run))
    told = await bench.memory.store.events(bench.runs.tenant, run)
    return revised + sum(each.event.kind in _TURNED_DOWN for each in told)


def _why(view: RunView) -> str:
    if view.status is RunStatus.SUCCEEDED:
        return ""
    waits = f"waits for a person at {view.place}" if view.needs_person else view.reason
    return f"{waits}: {view.failure.message}" if view.failure else waits
