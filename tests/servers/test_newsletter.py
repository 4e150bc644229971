"""The shipped flow `newsletter` on real Temporal and real memory, with a scripted model."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import JsonValue
from redis.asyncio import Redis

from contracts.content.covered_topics import CoveredTopics
from contracts.run import DecisionRequest, RunStatus, RunView
from services.memory.folder_archive import FolderArchive
from services.memory.redis import RedisStore
from services.publishing.in_process import InProcessPublisher
from tests.articles import article, article_model
from tests.harness import Harness
from workflows import names

pytestmark = pytest.mark.servers

REQUEST: Mapping[str, JsonValue] = {
    "title": "The heap letter",
    "goal": "Know what to do in the garden.",
    "audience": "people with a compost heap",
    "corpora": ["composting"],
    "issue_date": "2026-11-23",
    "stories": 2,
}


@pytest.fixture
async def bench(temporal_address: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Harness]:
    """A newsroom with a real store and archive, and a tenant of its own."""
    store = RedisStore(redis_url)
    yield await article(
        temporal_address,
        tenant=f"n{uuid4().hex[:8]}",
        store=store,
        archive=FolderArchive(tmp_path),
        publisher=InProcessPublisher(),
        model=article_model(),
    )
    await store.aclose()


async def _issue(bench: Harness, **change: JsonValue) -> RunView:
    started = await bench.runs.start("newsletter", {**REQUEST, **change})
    return await bench.ended(started.run)


async def _covered(bench: Harness) -> CoveredTopics:
    held = await bench.runs.entries.get(bench.runs.tenant, "newsletter.covered")
    return CoveredTopics.decode(held.body)


async def test_no_issue_tells_what_an_earlier_one_has_told(bench: Harness, redis_url: str) -> None:
    """Two issues, with all of memory wiped between them: four topics, and none of them twice."""
    async with bench.worker(), Redis.from_url(redis_url) as redis:
        first = await _issue(bench)
        await redis.flushall()
        second = await _issue(bench, issue_date="2026-11-24")
        lead = await bench.runs.get(names.child_run(first.id, "lead", 1, ""))
    covered = await _covered(bench)

    assert (first.status, second.status) == (RunStatus.SUCCEEDED, RunStatus.SUCCEEDED), first
    assert len({topic.id for topic in covered.topics}) == 4
    assert [topic.when for topic in covered.topics] == ["2026-11-23"] * 2 + ["2026-11-24"] * 2
    assert (lead.flow, lead.status) == ("article", RunStatus.SUCCEEDED)


async def test_a_person_is_asked_where_the_subject_is_sensitive(bench: Harness) -> None:
    """An issue about medicines waits for an editor, in its lead article and as a whole."""
    async with bench.worker():
        run = (await bench.runs.start("newsletter", {**REQUEST, "corpora": ["medication"]})).run
        for asking in (names.child_run(run, "lead", 1, ""), run):
            waiting = await bench.waiting(asking)
            decision = DecisionRequest(shown=waiting.shown, who="ann", verdict="approve")
            await bench.gates.decide(asking, waiting.gate, decision)
        ended = await bench.ended(run)

    assert ended.status is RunStatus.SUCCEEDED, ended.reason


async def test_when_all_has_been_told_an_issue_ends_quietly(bench: Harness) -> None:
    """Nothing new is no failure: the run succeeds, publishes nothing and asks no model."""
    async with bench.worker():
        await _issue(bench, corpora=["home-energy"], stories=6)
        again = await _issue(bench, corpora=["home-energy"], stories=6)

    assert again.status is RunStatus.SUCCEEDED, again.reason
    assert (again.place, again.spent.calls) == ("nothing_new", 0)
