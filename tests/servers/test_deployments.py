"""Builds change while runs are going, on a real server: who goes on where, and what would break."""

import asyncio
from dataclasses import replace

import pytest
from temporalio import workflow
from temporalio.common import RawValue

from contracts.agent import AgentDeclaration
from contracts.run import DecisionRequest, RunStatus
from services.deployment.builds import Builds, Standing
from services.deployment.compatibility import Build, Compatibility, replayed
from services.deployment.pinning import refuse_orphans
from services.errors import ConflictError, NotFoundError, OrphanedRunsError
from services.settings import Settings
from tests.harness import Harness, harness
from tests.toys import HEAD, REGISTRY, Note, ToyFlow, toy, toy_flow
from workflows.names import WORKFLOW_TYPE

pytestmark = [pytest.mark.servers, pytest.mark.guarantee("running-runs-keep-their-flow")]

BODY = """
slots: {first: Note@1, decision: Decision@1, second: Note@1}
start: write
steps:
  write: {agent: writer, reads: [start], writes: first, next: approve}
  approve:
    gate: editor
    shows: [first]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next: copy
  copy: {agent: copier, reads: [{start: first}], writes: second, next: done}
ends:
  done: {outcome: succeeded, output: second}
  failed: {outcome: failed}
"""


def _flow() -> ToyFlow:
    return toy_flow(
        BODY,
        toy("writer", lambda given: Note(text="written")),
        toy("copier", lambda given: Note(text="copied")),
        head=HEAD,
    )


def _build(here: Harness, **versions: int) -> Build:
    """What a program has whose agents are those of the toy flow, some in another version."""
    agents: dict[str, AgentDeclaration] = {
        name: agent.declaration.model_copy(
            update={"version": versions.get(name, agent.declaration.version)}
        )
        for name, agent in here.assembly.agents.items()
    }
    return Build(agents, REGISTRY)


@workflow.defn(name=WORKFLOW_TYPE)
class Sleeper:
    """Another program under the name of ours."""

    @workflow.run
    async def run(self, start: RawValue) -> None:
        """Do what no run ever did."""
        await workflow.sleep(1)


async def _pins(here: Harness, runs: int) -> dict[str, str]:
    """Which build each open run is pinned to, once lists of workflows tell it of so many."""
    for _ in range(100):
        found = {each.run: each.build for each in await _open(here, _build(here)) if each.build}
        if len(found) == runs:
            break
        await asyncio.sleep(0.1)
    return found


async def _open(here: Harness, build: Build) -> list[Compatibility]:
    return [each async for each in replayed(here.client, here.queue, build)]


async def _promoted(builds: Builds, build: str) -> None:
    """Promote a build as soon as Temporal knows its worker."""
    for _ in range(100):
        try:
            return await builds.promote(build)
        except (NotFoundError, ConflictError):
            await asyncio.sleep(0.1)
    raise AssertionError(f"Temporal does not learn of build {build}")


async def _decided(here: Harness, run: str) -> None:
    waiting = await here.waiting(run)
    request = DecisionRequest(shown=waiting.shown, who="ann", verdict="approve")
    await here.gates.decide(run, waiting.gate, request)


async def test_a_run_stays_with_the_build_that_began_it(temporal_address: str) -> None:
    """After a new build is promoted, open runs end on the old one and new runs start on the new."""
    here = await harness(temporal_address, _flow())
    old, new = (
        Settings(deployment=here.queue, build_id=build, task_queue=here.queue)
        for build in ("old", "new")
    )
    builds = Builds(here.client, here.queue)
    async with here.worker(old):
        await _promoted(builds, "old")
        began = (await here.runs.start("toy", {"text": "x"})).run
        await here.waiting(began)
        async with here.worker(new):
            await _promoted(builds, "new")
            later = (await here.runs.start("toy", {"text": "x"})).run
            await here.waiting(later)
            pinned = await _pins(here, 2)
            standings = {each.build: each.standing for each in await builds.list()}
            await _decided(here, began)
            ended = await here.ended(began)
            await here.runs.handle(later).terminate()

    assert pinned == {began: "old", later: "new"}
    assert standings == {"new": Standing.CURRENT, "old": Standing.DRAINING}
    assert ended.status is RunStatus.SUCCEEDED


async def test_a_check_says_which_open_runs_a_build_would_break(temporal_address: str) -> None:
    """A build without the agents that a waiting run pins is told of that run."""
    here = await harness(temporal_address, _flow())
    settings = Settings(tenant=here.queue)
    async with here.worker():
        run = (await here.runs.start("toy", {"text": "x"})).run
        await here.waiting(run)
    [fits] = await _open(here, _build(here))
    [other] = await _open(here, replace(_build(here), workflows=(Sleeper,)))
    [breaks] = await _open(here, _build(here, copier=2))
    with pytest.raises(OrphanedRunsError) as refused:
        await refuse_orphans(here.client, settings, _build(here, copier=2))
    await refuse_orphans(here.client, settings, _build(here))
    await here.runs.handle(run).terminate()

    assert (fits.run, fits.problems) == (run, ())
    assert [each.partition(":")[0] for each in other.problems] == ["its history does not replay"]
    assert breaks.problems == ("needs agent copier version 1; here is version 2",)
    assert run in str(refused.value)


async def test_a_deployment_that_nobody_knows_is_named(temporal_address: str) -> None:
    """Asking for builds before any worker has come up says what to start."""
    here = await harness(temporal_address, _flow())

    with pytest.raises(NotFoundError, match="ORCHESTRA_BUILD_ID"):
        await Builds(here.client, here.queue).list()
