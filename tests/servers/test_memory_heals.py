"""Memory and archive damaged under a run that waits: noticed, mended, nothing bought again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from contracts.base import digest
from contracts.event import EventKind
from contracts.run import DecisionRequest, RunStatus
from services.agents.base import Given
from services.cli.app import main
from services.errors import NotFoundError
from services.llm.in_process import ScriptedModel
from services.memory.redis import RedisStore
from services.memory.stream_order import OF_THE_WORK
from services.runs.following import Following, Happened, Item
from services.runs.losses import loss_report
from services.runs.scrub import Scrub, ScrubbedRun
from tests.harness import Harness, harness
from tests.toys import Note, ToyFlow, ToyWriter, toy, toy_flow
from tests.unit.memory.buckets import KEY, SECRET, Bucket, served

pytestmark = [pytest.mark.servers, pytest.mark.guarantee("loss-is-mended")]

GATED = """
slots: {first: Note@1, second: Note@1, large: Note@1, decision: Decision@1, last: Note@1}
start: write
steps:
  write: {agent: toy_writer, reads: [start], writes: first, next: pass_on}
  pass_on: {agent: pass_on, reads: [first], writes: second, next: grow}
  grow: {agent: grow, reads: [second], writes: large, next: approve}
  approve:
    gate: editor
    shows: [large]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next:
      - {when: "decision.verdict == 'reject'", to: failed}
      - {else: last}
  last: {agent: last, reads: [first, large, start], writes: last, next: done}
ends:
  done: {outcome: succeeded, output: last}
  failed: {outcome: failed}
"""
SIZE = 40_000
GIVEN = {"text": "x"}


def _pass_on(given: Given) -> Note:
    return Note(text=given.one("first", Note).text, score=1)


def _grow(given: Given) -> Note:
    return Note(text=given.one("second", Note).text.ljust(SIZE, "+"))


def _last(given: Given) -> Note:
    names = ("first", "large", "start")
    return Note(text=digest("".join(given.one(name, Note).text for name in names).encode()))


def _flow() -> ToyFlow:
    last = toy("last", _last, first="Note@1", large="Note@1", start="Note@1")
    pass_on, grow = toy("pass_on", _pass_on, first="Note@1"), toy("grow", _grow, second="Note@1")
    return toy_flow(GATED, ToyWriter(), pass_on, grow, last)


@dataclass
class _Scene:
    """A run on real servers that waits at its gate, and how to damage what it stands on."""

    bench: Harness
    model: ScriptedModel
    redis: Redis
    bucket: Bucket
    early: dict[bytes, bytes]
    """What memory held when the run had just begun."""

    async def run_to_gate(self, history_limit: int = 8000) -> str:
        """Start a run and wait until a person is asked."""
        started = await self.bench.runs.start("toy", GIVEN, history_limit=history_limit)
        self.early = {
            key: cast("bytes", await self.redis.dump(key)) async for key in self._keys("*")
        }
        for _ in range(400):
            if await self._is_waiting(started.run):
                return started.run
            await asyncio.sleep(0.05)
        raise TimeoutError("nobody was asked")

    async def _is_waiting(self, run: str) -> bool:
        """Whether the gate is open and that is told in the stream, too."""
        kept = await self.bench.memory.store.events(self.bench.runs.tenant, run)
        return any(each.event.kind is EventKind.GATE_OPENED for each in kept)

    async def approve(self, run: str) -> str:
        """Let the run go on to its end; the digest of what it made."""
        told, _ = await self.bench.runs.told(run)
        [opened] = [each for each in told.ordered() if each.kind is EventKind.GATE_OPENED]
        assert opened.digest
        request = DecisionRequest(shown=opened.digest, who="An editor", verdict="approve")
        await self.bench.gates.decide(run, "approve", request)
        ended = await self.bench.ended(run)
        assert (ended.status, ended.reason) == (RunStatus.SUCCEEDED, "")
        assert ended.output
        await self.bench.runs.result(run)
        return ended.output.digest

    async def delete(self) -> None:
        """Lose every value, and nothing else."""
        async for key in self._keys("value:*"):
            await self.redis.delete(key)

    async def flip(self) -> None:
        """Change one byte of each value."""
        async for key in self._keys("value:*"):
            await self.redis.setrange(key, 3, b"X")

    async def truncate(self) -> None:
        """Leave half of each value."""
        async for key in self._keys("value:*"):
            body = cast("bytes", await self.redis.get(key))
            await self.redis.set(key, body[: len(body) // 2])

    async def wipe(self) -> None:
        """Lose everything."""
        await self.redis.flushall()

    async def roll_back(self) -> None:
        """Bring memory back as it was when the run had just begun, its name included."""
        async for key in self._keys("*"):
            await self.redis.delete(key)
        for name, dumped in self.early.items():
            await self.redis.restore(name, 0, dumped)

    async def _keys(self, pattern: str) -> AsyncIterator[bytes]:
        async for key in self.redis.scan_iter(f"{self.bench.runs.tenant}:{pattern}"):
            yield cast("bytes", key)

    async def scrub(self, run: str, *, repair: bool = True) -> ScrubbedRun:
        return await Scrub(self.bench.runs, grace_seconds=0).run(run, repair=repair)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server."""
    with served(tmp_path_factory.mktemp("s3")) as served_at:
        yield served_at


@pytest.fixture
async def scene(temporal_address: str, redis_url: str, endpoint: str) -> AsyncIterator[_Scene]:
    """Real Temporal, Valkey and S3 with a worker up; the model's log counts what was bought."""
    store, model = RedisStore(redis_url), ScriptedModel()
    bucket = Bucket(endpoint, f"p{uuid4().hex[:10]}")
    bench = await harness(
        temporal_address, _flow(), model=model, store=store, archive=bucket.archive()
    )
    redis = Redis.from_url(redis_url)
    async with bench.worker():
        yield _Scene(bench, model, redis, bucket, {})
    await redis.aclose()
    await store.aclose()


Damage = Callable[[_Scene], Awaitable[None]]
DAMAGES = [_Scene.delete, _Scene.flip, _Scene.truncate, _Scene.roll_back, _Scene.wipe]


@pytest.mark.parametrize(
    ("damage", "history_limit"), list(zip(DAMAGES, [8000, 20, 8000, 20, 20], strict=True))
)
async def test_damaged_memory_heals_by_itself(
    scene: _Scene, damage: Damage, history_limit: int
) -> None:
    """Whatever happens to memory under a waiting run, it makes the same and buys nothing again."""
    undisturbed = await scene.approve(await scene.run_to_gate())
    run = await scene.run_to_gate(history_limit)

    await damage(scene)

    assert await scene.approve(run) == undisturbed
    assert len(scene.model.calls) == 2


@pytest.mark.parametrize("damage", [_Scene.truncate, _Scene.roll_back, _Scene.wipe])
async def test_the_scrubber_mends_what_a_live_run_depends_on(scene: _Scene, damage: Damage) -> None:
    """Found without a change, mended with `repair`, and nothing is left to be found."""
    run = await scene.run_to_gate(history_limit=20)
    before = await scene.bench.memory.store.events(scene.bench.runs.tenant, run)
    assert (await scene.scrub(run, repair=False)).is_sound
    assert (await scene.bench.runs.told(run))[0].executions > 1
    await damage(scene)

    found = await scene.scrub(run, repair=False)
    mended = await scene.scrub(run)
    again = await scene.scrub(run, repair=False)

    assert (found.is_sound, found.repaired, found.missing + found.wrong > 0) == (False, 0, True)
    assert (mended.is_sound, mended.lost) == (True, ())
    assert (again.is_sound, again.missing, again.wrong, again.unlisted) == (True, 0, 0, 0)
    after = await scene.bench.memory.store.events(scene.bench.runs.tenant, run)
    numbered = [
        [each.event for each in stream if each.event.kind not in OF_THE_WORK]
        for stream in (before, after)
    ]
    assert numbered[0] == numbered[1]
    await scene.approve(run)
    assert len(scene.model.calls) == 1


@pytest.mark.parametrize("body", [b"", b"half of i"])
async def test_a_damaged_archive_is_mended_before_memory_is_lost(
    scene: _Scene, body: bytes
) -> None:
    """Two copies are promised; the second is put back from the first, and serves when that goes."""
    run = await scene.run_to_gate()
    [large] = scene.bucket.objects()
    scene.bucket.damage(large, body)

    found = await scene.scrub(run, repair=False)
    mended = await scene.scrub(run)
    await scene.wipe()

    assert (found.wrong, found.is_sound) == (1, False)
    assert (mended.repaired, mended.is_sound) == (1, True)
    await scene.approve(run)
    assert len(scene.model.calls) == 1


async def test_what_is_gone_for_good_is_reported(scene: _Scene) -> None:
    """With memory and archive gone the report names the value, its maker, its readers, who acts."""
    run = await scene.run_to_gate()
    [large] = scene.bucket.objects()
    scene.bucket.delete(large)
    await scene.wipe()

    mended = await scene.scrub(run)
    report = await loss_report(scene.bench.runs, run)

    assert (mended.lost, mended.is_sound) == (("large:1",), False)
    [lost] = report.lost
    assert (lost.name, lost.made_by, lost.needed_by) == ("large:1", "grow", ("approve", "last"))
    assert report.next.startswith("the operator: restore the archive from a backup, then call")


@pytest.mark.parametrize("damage", [_Scene.wipe, _Scene.roll_back])
async def test_readers_go_on_across_a_loss(scene: _Scene, damage: Damage) -> None:
    """One reader stays, one comes back with its last id: each gets every transition once."""
    run = await scene.run_to_gate()
    staying = asyncio.create_task(_all(Following(scene.bench.runs, run, "", look_seconds=0.2)))
    told, _ = await scene.bench.runs.told(run)
    known = max(told.events)
    await asyncio.sleep(0.3)
    await damage(scene)
    epoch = await scene.bench.memory.store.epoch(scene.bench.runs.tenant)
    back = asyncio.create_task(_all(Following(scene.bench.runs, run, f"{epoch}x.9-0.3")))
    await asyncio.sleep(0.5)

    await scene.approve(run)

    last = max(each.seq for each in (await scene.bench.runs.told(run))[0].ordered())
    assert _numbers(await staying) == list(range(known + 1, last + 1))
    assert _numbers(await back) == list(range(4, last + 1))


async def test_a_run_whose_memory_was_down_at_its_end_gets_its_day(scene: _Scene) -> None:
    """Memory that would be kept for ever goes when the flow's retention says."""
    run = await scene.run_to_gate()
    await scene.approve(run)
    store, tenant = scene.bench.memory.store, scene.bench.runs.tenant
    meant = (await store.kept_runs(tenant))[run]
    await scene.redis.zadd(f"{tenant}:runs", {run: float("inf")})

    found = [each async for each in Scrub(scene.bench.runs).all(repair=False)]
    mended = [each async for each in Scrub(scene.bench.runs).all(repair=True)]

    assert [(each.run, each.is_sound) for each in found] == [(run, False)]
    assert [(each.expires, each.is_sound) for each in mended] == [(True, True)]
    assert (await store.kept_runs(tenant))[run] == pytest.approx(meant, abs=2)


async def test_a_finished_run_whose_memory_was_wiped_is_found_and_mended(scene: _Scene) -> None:
    """Memory cannot tell that it has lost a run; the flow's retention says what has to be there."""
    run = await scene.run_to_gate()
    await scene.approve(run)
    store, tenant = scene.bench.memory.store, scene.bench.runs.tenant
    meant = await store.kept_until(tenant, run)
    await scene.wipe()

    found = [each async for each in Scrub(scene.bench.runs, grace_seconds=0).all(repair=False)]
    mended = await scene.scrub(run)
    after = await scene.scrub(run, repair=False)

    assert [(each.run, each.is_sound) for each in found] == [(run, False)]
    assert found[0].missing > 0
    assert mended.repaired == found[0].missing
    assert (after.is_sound, after.missing, after.events_missing) == (True, 0, 0)
    assert await store.kept_until(tenant, run) == pytest.approx(meant, abs=2)


async def test_a_run_that_nobody_knows_is_no_run(scene: _Scene) -> None:
    """A mistyped id is told as such, and not as something to be mended."""
    with pytest.raises(NotFoundError, match="there is no run"):
        await scene.scrub("01K0000000000000000000000X")


async def test_the_command_finds_and_mends(
    scene: _Scene,
    temporal_address: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`orchestra memory verify` ends with 3 while something is wrong, and with 0 once mended."""
    run = await scene.run_to_gate()
    await scene.flip()
    environment = {
        "ORCHESTRA_DATA_DIR": str(tmp_path),
        "ORCHESTRA_TENANT": scene.bench.runs.tenant,
        "ORCHESTRA_TEMPORAL_ADDRESS": temporal_address,
        "ORCHESTRA_REDIS_URL": redis_url,
        "ORCHESTRA_ARCHIVE_URL": scene.bucket.url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    for name, setting in environment.items():
        monkeypatch.setenv(name, setting)
    command = ["memory", "verify"]

    ends = [
        await asyncio.to_thread(_ended, [*command, *options])
        for options in ([], ["--repair", "--json"], [run])
    ]

    assert ends == [3, 0, 0]
    table, _, report = capsys.readouterr().out.partition("{")
    assert [line.split()[:2] for line in table.splitlines()] == [
        ["RUN", "STATUS"],
        [run, "input_required"],
    ]
    assert '"ok": true' in report


def _ended(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


async def _all(following: Following) -> list[Item]:
    async with asyncio.timeout(20):
        return [item async for item in following.items()]


def _numbers(items: list[Item]) -> list[int]:
    events = [item.event for item in items if isinstance(item, Happened)]
    return [each.seq for each in events if each.kind not in OF_THE_WORK]
