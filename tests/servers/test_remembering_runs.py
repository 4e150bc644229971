"""Runs that read and write long-term memory, on a real Temporal server."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from contracts.failure import FailureKind
from contracts.long_term import Act, Provenance
from contracts.reference import Trust
from contracts.run import RunStatus
from services.agents.base import Given
from services.errors import NotFoundError, UnavailableError
from services.long_term.erasing import erase
from services.long_term.folder_records import FolderRecords
from services.long_term.in_process import InProcessRecords
from services.long_term.redis_heads import RedisHeads
from services.long_term.writing import Writing
from services.memory.folder_archive import FolderArchive
from services.memory.redis import RedisStore
from tests.harness import Harness, harness
from tests.toys import Note, NoteItem, Toy, ToyFlow, Work, toy, toy_flow

pytestmark = pytest.mark.servers

ENTRY = "news.covered"
ANNA = Provenance(who="anna")

FLOW = """
memory:
  voice: {entry: brand.voice, contract: Note@1}
  covered: {entry: news.covered, contract: Note@1, optional: true}
slots: {covered_next: Note@1, kept: Remembered@1}
start: pick
steps:
  pick: {agent: pick, reads: [start, voice, covered?], writes: covered_next, next: keep}
  keep: {remember: covered, reads: [covered_next], writes: kept, MERGE next: done}
ends:
  done: {outcome: succeeded, output: kept}
  failed: {outcome: failed}
"""


def _flow(work: Work, merge: str = "merge: union,") -> ToyFlow:
    agent = toy("pick", work, start="Note@1", voice="Note@1", covered="Note@1")
    spared = agent.declaration.model_copy(update={"optional": ("covered",)})
    return toy_flow(FLOW.replace("MERGE", merge), Toy(spared, work))


def _add(given: Given) -> Note:
    """Add what the run was started with to what is there."""
    held = given.maybe("covered", Note) or Note()
    return Note(items=(*held.items, NoteItem(id=given.one("start", Note).text)))


async def _say(running: Harness, text: str) -> None:
    """Write the entry that the flow cannot do without."""
    voice = Writing("brand.voice", Note(text=text), ANNA)
    await running.runs.entries.put(running.runs.tenant, voice)


async def _ids(running: Harness) -> list[str]:
    found = await running.runs.entries.get(running.runs.tenant, ENTRY)
    return [each.id for each in Note.decode(found.body).items]


async def test_a_run_reads_and_writes_entries(temporal_address: str) -> None:
    """What one run remembers the next one reads; each says which version it worked with."""
    running = await harness(temporal_address, _flow(_add))
    await _say(running, "warm")

    first = await running.finish({"start": {"text": "one"}})
    second = await running.finish({"start": {"text": "two"}})

    assert (first.status, second.status) == (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED)
    assert await _ids(running) == ["a", "one", "two"]
    slots = {each.slot: each for each in await running.runs.context(second.id)}
    assert (slots["covered"].entry, slots["covered"].entry_version) == (ENTRY, 1)
    assert slots["covered"].versions[0].trust is Trust.MODEL
    assert await running.runs.result(second.id) == {
        "entry": ENTRY,
        "version": 2,
        "digest": slots["covered_next"].versions[0].digest,
        "contract": "Note@1",
        "merged": False,
        "follows": 2,
    }
    record = (await running.runs.entries.get(running.runs.tenant, ENTRY)).record
    assert (record.provenance.run, record.provenance.step) == (second.id, "keep")
    assert record.provenance.made_from[0].name == "covered_next:1"


async def test_a_missing_entry_refuses_the_start(temporal_address: str) -> None:
    """Who starts such a run learns which entry to write, and how."""
    running = await harness(temporal_address, _flow(_add))

    with pytest.raises(NotFoundError, match=r"orchestra memory put brand\.voice"):
        await running.runs.start("toy", {"start": {"text": "one"}})


async def _both(running: Harness) -> list[RunStatus]:
    async with running.worker():
        ids = [
            (await running.runs.start("toy", {"start": {"text": text}})).run
            for text in ("one", "two")
        ]
        return [(await running.ended(each)).status for each in ids]


class _Together:
    """Lets no run write before both have read and made their value."""

    def __init__(self) -> None:
        self._waiting = asyncio.Barrier(2)

    async def add(self, given: Given) -> Note:
        await self._waiting.wait()
        return _add(given)


@pytest.mark.guarantee("no-update-lost")
async def test_two_runs_at_once_lose_nothing(temporal_address: str) -> None:
    """Both start from the same version, and the union has what each added."""
    running = await harness(temporal_address, _flow(_Together().add))
    await _say(running, "warm")

    assert await _both(running) == [RunStatus.SUCCEEDED] * 2

    history = await running.runs.entries.history(running.runs.tenant, ENTRY)
    assert sorted(await _ids(running)) == ["a", "one", "two"]
    assert [each.act for each in history] == [Act.WRITTEN, Act.MERGED]


@pytest.mark.guarantee("no-update-lost")
async def test_without_a_merge_the_second_is_a_conflict(temporal_address: str) -> None:
    """The run that came too late fails by that kind, and the first one's value stays."""
    running = await harness(temporal_address, _flow(_Together().add, merge=""))
    await _say(running, "warm")

    statuses = await _both(running)

    assert sorted(statuses) == [RunStatus.FAILED, RunStatus.SUCCEEDED]
    assert len(await _ids(running)) == 2


class _Losing(InProcessRecords):
    """Loses the answer to the first record that a run creates, once it is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._lost = False

    async def create(self, tenant: str, entry: str, version: int, body: bytes) -> bool:
        made = await super().create(tenant, entry, version, body)
        if entry == ENTRY and not self._lost:
            self._lost = True
            raise UnavailableError("the archive does not answer")
        return made


async def test_a_repeated_attempt_writes_once(temporal_address: str) -> None:
    """A step whose answer was lost finds its own version when it is tried again."""
    running = await harness(temporal_address, _flow(_add), records=_Losing())
    await _say(running, "warm")

    ended = await running.finish({"start": {"text": "one"}})

    assert ended.status is RunStatus.SUCCEEDED
    assert len(await running.runs.entries.history(running.runs.tenant, ENTRY)) == 1


class _Meanwhile:
    """Does something to memory after the run has started and before it reads."""

    def __init__(self) -> None:
        self.running: Harness | None = None
        self.erased = ""
        self.wipe: Redis | None = None

    async def add(self, given: Given) -> Note:
        assert self.running
        entries, tenant = self.running.runs.entries, self.running.runs.tenant
        store = self.running.memory.store
        if self.erased:
            await erase(entries, store, tenant, self.erased, ANNA)
        if self.wipe:
            await self.wipe.flushall()
        return _add(given)


TWICE = """
memory:
  voice: {entry: brand.voice, contract: Note@1}
  covered: {entry: news.covered, contract: Note@1, optional: true}
slots: {covered_next: Note@1, second: Note@1, kept: Remembered@1}
start: pick
steps:
  pick: {agent: pick, reads: [start, voice, covered?], writes: covered_next, next: again}
  again:
    agent: again
    reads: [voice, covered_next]
    writes: second
    next: [{when: "second.score == 0", to: again, at_most: 3}, {else: keep}]
  keep: {remember: covered, reads: [covered_next], writes: kept, merge: union, next: done}
ends:
  done: {outcome: succeeded, output: kept}
  failed: {outcome: failed}
"""


def _twice(work: Work) -> ToyFlow:
    agent = toy("pick", work, start="Note@1", voice="Note@1", covered="Note@1")
    spared = agent.declaration.model_copy(update={"optional": ("covered",)})
    again = toy("again", lambda given: Note(), voice="Note@1", covered_next="Note@1")
    return toy_flow(TWICE, Toy(spared, work), again)


async def test_an_erased_entry_fails_the_runs_that_pinned_it(temporal_address: str) -> None:
    """The failure says what was erased, when and by whom, and what to do."""
    meanwhile = _Meanwhile()
    running = await harness(temporal_address, _twice(meanwhile.add))
    meanwhile.running, meanwhile.erased = running, "brand.voice"
    await _say(running, "warm")

    ended = await running.finish({"start": {"text": "one"}})

    assert ended.failure
    assert ended.failure.kind is FailureKind.MEMORY_LOST
    assert "brand.voice was erased on" in ended.failure.message
    assert "by anna" in ended.failure.message
    assert "start a new run" in ended.failure.message


async def test_a_wiped_valkey_takes_nothing_from_a_run(
    temporal_address: str, redis_url: str, tmp_path: Path
) -> None:
    """What was pinned comes back from the archive, and what is written follows what was read."""
    meanwhile, redis = _Meanwhile(), Redis.from_url(redis_url)
    store, heads = RedisStore(redis_url), RedisHeads(redis_url)
    running = await harness(
        temporal_address,
        _twice(meanwhile.add),
        store=store,
        archive=FolderArchive(tmp_path),
        records=FolderRecords(tmp_path),
        heads=heads,
    )
    meanwhile.running, meanwhile.wipe = running, redis
    await _say(running, "warm")

    first = await running.finish({"start": {"text": "one"}})
    second = await running.finish({"start": {"text": "two"}})

    assert (first.status, second.status) == (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED)
    assert await _ids(running) == ["a", "one", "two"]
    assert await running.runs.entries.verify(running.runs.tenant, ENTRY) == ()
    for each in (store, heads, redis):
        await each.aclose()


async def test_a_run_that_continues_keeps_what_it_pinned(temporal_address: str) -> None:
    """A version that is written after the start is not what a later execution reads."""
    running = await harness(temporal_address, _twice(_add))
    await _say(running, "warm")
    async with running.worker():
        started = await running.runs.start("toy", {"start": {"text": "one"}}, history_limit=20)
        voice = Writing("brand.voice", Note(text="cold"), ANNA, expected=1)
        await running.runs.entries.put(running.runs.tenant, voice)
        ended = await running.ended(started.run)

    slots = {each.slot: each for each in await running.runs.context(started.run)}
    told, _ = await running.runs.told(started.run)
    assert (ended.status, told.executions > 1) == (RunStatus.SUCCEEDED, True)
    assert slots["voice"].entry_version == 1
