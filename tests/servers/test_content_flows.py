"""The shipped flows `repurpose` and `localise` on real Temporal, with a scripted model."""

import asyncio
from typing import Literal, cast
from uuid import uuid4

import pytest
from pydantic import JsonValue

from contracts.content.localised import LocalisedSet, Translation
from contracts.content.post import PostSet
from contracts.content.post_report import PostReport
from contracts.content.translation_report import TranslationReport
from contracts.run import DecisionRequest, GateView, RunStatus
from services.llm.scripted.script import Line, Script
from services.memory.in_process import InProcessArchive, InProcessStore
from services.publishing.in_process import InProcessPublisher
from tests.articles import article, article_model, request
from tests.harness import Harness
from workflows import names

pytestmark = pytest.mark.servers
Verdict = Literal["approve", "edited", "reject"]


async def _bench(address: str, *lines: Line) -> tuple[Harness, InProcessPublisher]:
    publisher = InProcessPublisher()
    bench = await article(
        address,
        tenant=f"c{uuid4().hex[:8]}",
        store=InProcessStore(),
        archive=InProcessArchive(),
        publisher=publisher,
        model=article_model(Script(lines=lines)),
    )
    return bench, publisher


async def _shown(bench: Harness, waiting: GateView, slot: str) -> JsonValue:
    reference = next(each for each in waiting.references if each.slot == slot)
    return await bench.runs.value(waiting.run, reference.digest)


async def _decide(
    bench: Harness, waiting: GateView, verdict: Verdict, edited: JsonValue = None
) -> None:
    decision = DecisionRequest(
        shown=waiting.shown,
        who="eva",
        verdict=verdict,
        edited=cast(dict[str, JsonValue] | None, edited),
    )
    await bench.gates.decide(waiting.run, waiting.gate, decision)


async def _next(bench: Harness, waiting: GateView) -> GateView:
    """Wait until the gate is open for another visit."""
    async with asyncio.timeout(30):
        while (again := await bench.waiting(waiting.run)).visit == waiting.visit:  # noqa: ASYNC110  another process's doing
            await asyncio.sleep(0.05)
    return again


def _in(locales: list[JsonValue]) -> dict[str, JsonValue]:
    """Ask for the sample article in these languages."""
    return {**request("localise-lindenau"), "locales": locales}


async def test_posts_are_approved_together_and_published_once(temporal_address: str) -> None:
    """An editor's slip is measured before it can be approved; one page goes out for all."""
    bench, publisher = await _bench(temporal_address)
    async with bench.worker():
        run = (await bench.runs.start("repurpose", request("repurpose-lindenau"))).run
        first = await bench.waiting(run)
        posts = PostSet.model_validate(await _shown(bench, first, "posts"), strict=False)
        slipped = posts.encode().decode().replace("48 shared", "84 shared", 1)
        await _decide(bench, first, "edited", PostSet.decode(slipped).model_dump(mode="json"))
        second = await _next(bench, first)
        report = PostReport.model_validate(await _shown(bench, second, "report"), strict=False)
        await _decide(bench, second, "edited", posts.model_dump(mode="json"))
        third = await _next(bench, second)
        await _decide(bench, third, "approve")
        ended = await bench.ended(run)

    assert [each.channel for each in posts.posts] == [
        "linkedin", "x", "mastodon", "bluesky", "newsletter_blurb",
    ]  # fmt: skip
    assert [(each.channel, "84" in each.text) for each in report.faults] == [("linkedin", True)]
    assert ended.status is RunStatus.SUCCEEDED, ended.reason
    [page] = publisher.published.values()
    assert b"48 shared" in page
    assert b"utm_source=bluesky" in page
    await bench.memory.aclose()


async def test_what_is_not_translated_is_not_done(temporal_address: str) -> None:
    """A model that gets nothing right leaves all to the reviewer; approving that is no success."""
    never = Line(agent="translator", rung="free", times=None, reply={"pieces": {}, "notes": []})
    bench, publisher = await _bench(temporal_address, never)
    given = _in(["de"])
    async with bench.worker():
        run = (await bench.runs.start("localise", given)).run
        child = names.child_run(run, "translate", 1, "de")
        waiting = await bench.waiting(child)
        await _decide(bench, waiting, "approve")
        inner = await bench.ended(child)
        ended = await bench.ended(run)

    assert (inner.status, inner.reason) == (
        RunStatus.FAILED,
        "Parts of the approved text are not translated.",
    )
    assert ended.status is RunStatus.FAILED
    assert publisher.published == {}
    await bench.memory.aclose()


async def test_some_languages_may_be_missing(temporal_address: str) -> None:
    """Each language waits for its own reviewer; one says no, and an editor sees what is missing."""
    bench, publisher = await _bench(temporal_address)
    given = _in(["de", "fr", "pl"])
    verdicts: dict[str, Verdict] = {"de": "approve", "fr": "reject", "pl": "approve"}
    async with bench.worker():
        run = (await bench.runs.start("localise", given)).run
        for locale, verdict in verdicts.items():
            waiting = await bench.waiting(names.child_run(run, "translate", 1, locale))
            await _decide(bench, waiting, verdict)
        editor = await bench.waiting(run)
        localised = LocalisedSet.model_validate(
            await _shown(bench, editor, "localised"), strict=False
        )
        await _decide(bench, editor, "approve")
        ended = await bench.ended(run)

    assert [each.locale for each in localised.translations] == ["de", "pl"]
    assert localised.missing == ("fr",)
    assert ended.status is RunStatus.SUCCEEDED, ended.reason
    *pages, listed = publisher.published.values()
    assert len(pages) == 2
    assert b"- fr: not translated" in listed
    await bench.memory.aclose()


async def test_a_reviewer_s_edit_is_measured_again(temporal_address: str) -> None:
    """A number that a native reviewer changes by mistake is found before it can be approved."""
    bench, _ = await _bench(temporal_address)
    given = _in(["de"])
    async with bench.worker():
        run = (await bench.runs.start("localise", given)).run
        child = names.child_run(run, "translate", 1, "de")
        first = await bench.waiting(child)
        translation = Translation.model_validate(
            await _shown(bench, first, "translation"), strict=False
        )
        slipped = translation.encode().decode().replace("11.400", "11,400")
        await _decide(bench, first, "edited", Translation.decode(slipped).model_dump(mode="json"))
        second = await _next(bench, first)
        report = TranslationReport.model_validate(
            await _shown(bench, second, "report"), strict=False
        )
        await _decide(bench, second, "reject")
        ended = await bench.ended(run)

    assert [each.kind for each in report.faults] == ["number", "number"]
    assert ended.status is RunStatus.FAILED
    await bench.memory.aclose()
