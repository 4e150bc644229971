"""The shipped flow `article` on real Temporal and real memory, with a scripted model."""

import asyncio
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from contracts.failure import FailureKind
from contracts.run import DecisionRequest, RunStatus, RunView
from services.llm.in_process import ScriptedModel
from services.llm.scripted.script import Fault, Line, Script
from services.memory.folder_archive import FolderArchive
from services.memory.redis import RedisStore
from services.publishing.in_process import InProcessPublisher
from tests.articles import LOW_RISK, article, article_model, brief
from tests.harness import Harness
from tests.replay.scenarios import gate_of

pytestmark = pytest.mark.servers


async def _bench(
    address: str,
    redis_url: str,
    folders: pytest.TempPathFactory,
    script: Script | None = None,
) -> tuple[Harness, ScriptedModel]:
    model = article_model(script)
    bench = await article(
        address,
        tenant=f"a{uuid4().hex[:8]}",
        store=RedisStore(redis_url),
        archive=FolderArchive(folders.mktemp("archive")),
        publisher=InProcessPublisher(),
        model=model,
    )
    return bench, model


async def _run_all(
    bench: Harness, names: tuple[str, ...], redis: Redis | None = None
) -> tuple[list[str], list[dict[str, str]]]:
    """Run briefs side by side; wipe the memory in the middle if asked. One continues as new.

    Returns the runs, and the digest of every value that each of them held.
    """
    async with bench.worker():
        started = [
            await bench.runs.start(
                "article", brief(name), history_limit=30 if number == 0 else 8000
            )
            for number, name in enumerate(names)
        ]
        if redis:
            await _some_are_done(bench, started[0].run)
            await redis.flushall()
        ended = await asyncio.gather(*(bench.ended(each.run) for each in started))
    assert {each.status for each in ended} == {RunStatus.SUCCEEDED}
    return [each.id for each in ended], [await _digests(bench, each.id) for each in ended]


async def _some_are_done(bench: Harness, run: str) -> None:
    async with asyncio.timeout(60):
        while len(await bench.runs.hand_offs(run)) < 3:  # noqa: ASYNC110  another process's doing
            await asyncio.sleep(0.02)


async def _digests(bench: Harness, run: str) -> dict[str, str]:
    slots = await bench.runs.context(run)
    return {
        f"{version.slot}:{version.ordinal}:{version.item}": version.digest
        for slot in slots
        for version in slot.versions
    }


@pytest.mark.timeout(300)
@pytest.mark.guarantee("loss-is-mended")
async def test_twenty_runs_survive_the_loss_of_all_memory(
    temporal_address: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Memory is wiped in mid-run: all finish, every digest is the same, no answer is paid twice."""
    names = LOW_RISK * 5
    calm, calm_model = await _bench(temporal_address, redis_url, tmp_path_factory)
    wiped, wiped_model = await _bench(temporal_address, redis_url, tmp_path_factory)
    redis = Redis.from_url(redis_url)

    _, undisturbed = await _run_all(calm, names)
    runs, disturbed = await _run_all(wiped, names, redis)

    assert disturbed == undisturbed
    # A reply in flight at the moment of the wipe may be bought again; an accepted one never is.
    assert len(wiped_model.calls) <= len(calm_model.calls) + len(names)
    told = await wiped.runs.history.tell(wiped.runs.tenant, runs[0])
    assert told.executions > 1
    await redis.aclose()
    await calm.memory.aclose()
    await wiped.memory.aclose()


async def test_a_high_risk_brief_waits_for_an_editor(
    temporal_address: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A brief about medicines is never published before a person has approved that very draft."""
    bench, _ = await _bench(temporal_address, redis_url, tmp_path_factory)
    async with bench.worker():
        run = (await bench.runs.start("article", brief("medicines-at-home"))).run
        gate = await gate_of(bench, run)
        waiting = await bench.runs.get(run)
        request = DecisionRequest(shown=gate.shown, who="eva", verdict="approve")
        await bench.gates.decide(run, "approve", request)
        ended = await bench.ended(run)

    assert (waiting.status, gate.role) == (RunStatus.INPUT_REQUIRED, "editor")
    assert ended.status is RunStatus.SUCCEEDED
    await bench.memory.aclose()


@pytest.mark.guarantee("the-plan-is-followed")
async def test_a_missing_corpus_ends_the_run_with_its_name(
    temporal_address: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A brief that names no corpus there is fails with a sentence that says what to do."""
    bench, _ = await _bench(temporal_address, redis_url, tmp_path_factory)
    async with bench.worker():
        given = {**brief("hot-heap"), "corpus": "nowhere"}
        run = (await bench.runs.start("article", given)).run
        ended = await bench.ended(run)

    assert ended.status is RunStatus.FAILED
    assert "nowhere" in ended.reason
    assert "orchestra corpus add" in ended.reason
    await bench.memory.aclose()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.HTTP_401, FailureKind.DENIED),
        (Fault.HTTP_429_QUOTA, FailureKind.QUOTA),
        (Fault.NOT_JSON, FailureKind.MALFORMED),
        (Fault.EMPTY, FailureKind.EMPTY),
        (Fault.TRUNCATED, FailureKind.TRUNCATED),
        (Fault.REFUSAL, FailureKind.REFUSED),
        (Fault.OVERSIZE, FailureKind.TOO_LARGE),
    ],
)
@pytest.mark.guarantee("nothing-bad-crosses")
async def test_a_misbehaving_model_ends_in_a_person_or_a_declared_end(
    temporal_address: str,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    fault: Fault,
    kind: FailureKind,
) -> None:
    """Whatever the planner's model does wrong has its own kind, and nothing bad goes onward."""
    script = Script(lines=(Line(agent="planner", times=None, fault=fault),))
    bench, _ = await _bench(temporal_address, redis_url, tmp_path_factory, script)
    async with bench.worker():
        run = (await bench.runs.start("article", brief("hot-heap"))).run
        view = await _settled(bench, run)
        told = {step.failure.kind for step in await bench.runs.steps(run) if step.failure}
        if not view.status.is_final:
            await bench.runs.cancel(run)
            await bench.ended(run)

    assert told == {kind}
    assert view.status in (RunStatus.FAILED, RunStatus.INPUT_REQUIRED)
    await bench.memory.aclose()


async def _settled(bench: Harness, run: str) -> RunView:
    """Wait until a run has ended or waits for a person."""
    while True:
        view = await bench.runs.get(run)
        if view.status.is_final or view.needs_person:
            return view
        await asyncio.sleep(0.05)
