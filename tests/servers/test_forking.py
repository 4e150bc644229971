"""Runs that go on from where others were: what was made is taken over and never paid again."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from temporalio.client import WorkflowHistory

from contracts.failure import FailureKind
from contracts.many_runs import RerunRequest, Selection
from contracts.run import ForkRequest, RetryRequest, RunStatus
from services.agents.base import Given
from services.errors import (
    ConflictError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    StepError,
)
from services.llm.base import ModelReply, ModelRequest, OnText, Receipt
from services.llm.in_process import ScriptedModel
from services.memory.in_process import InProcessArchive, InProcessStore
from services.publishing.in_process import InProcessPublisher
from services.runs.differing import run_diff
from services.runs.forking import Forking
from services.runs.many import ManyRuns
from tests.articles import article, article_model, brief
from tests.harness import Harness, harness
from tests.retraced import borders_of
from tests.servers.gateway_caller import gateway
from tests.toys import HEAD, Note, NoteItem, ToyFlow, toy, toy_flow, toy_shelf

pytestmark = pytest.mark.servers

BODY = """
slots: {plan: Note@1, parts: [Note@1], whole: Note@1, verdict: Note@1}
start: plan
steps:
  plan: {agent: planner, reads: [start], writes: plan, next: write}
  write:
    each: part in plan.items
    agent: writer
    reads: [start]
    writes: parts
    parallel: 1
    next: join
  join: {agent: joiner, reads: [parts, "whole?", "verdict?"], writes: whole, next: judge}
  judge:
    agent: judge
    reads: [whole]
    writes: verdict
    next:
      - {when: "verdict.score < 50", to: join, at_most: 2}
      - {else: done}
ends:
  done: {outcome: succeeded, output: whole}
  failed: {outcome: failed}
"""


@dataclass
class Workshop:
    """Agents that note what they did; one item may fail, and judges are lenient in time."""

    broken: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)

    def flow(self, version: int = 1) -> ToyFlow:
        """The flow of these agents."""
        joiner = toy("joiner", self._join, parts="[Note@1]", whole="Note@1", verdict="Note@1")
        optional = joiner.declaration.model_copy(update={"optional": ("whole", "verdict")})
        joiner.__dict__["declaration"] = optional
        return toy_flow(
            BODY,
            toy("planner", self._plan),
            toy("writer", self._write, start="Note@1", part="Note@1.items[]"),
            joiner,
            toy("judge", self._judge, whole="Note@1"),
            head=HEAD.replace("version: 1", f"version: {version}"),
        )

    def _plan(self, given: Given) -> Note:
        self.done.append("plan")
        return Note(items=tuple(NoteItem(id=name) for name in "abc"))

    def _write(self, given: Given) -> Note:
        key = given.one("part", NoteItem).id
        if key in self.broken:
            raise StepError(FailureKind.RULE_BROKEN, "it does not fit")
        self.done.append(key)
        return Note(text=f"{given.one('start', Note).text}{key} ")

    def _join(self, given: Given) -> Note:
        self.done.append("join")
        before = given.maybe("whole", Note)
        text = "".join(part.text for part in given.many("parts", Note))
        return Note(text=text, score=(before.score if before else 0) + 30)

    def _judge(self, given: Given) -> Note:
        self.done.append("judge")
        return Note(score=given.one("whole", Note).score)


@dataclass
class Heard:
    """A model that notes by whom it was asked, and with what instructions."""

    model: ScriptedModel
    agents: list[str] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Ask the model behind this one."""
        self.agents.append(request.work.agent)
        self.instructions.append(request.messages[0].content)
        return await self.model.complete(request, on_text, receipt)


async def _whole(here: Harness, run: str) -> Note:
    return Note.model_validate_json(json.dumps(await here.runs.result(run)))


async def _forked(here: Harness, run: str, request: ForkRequest) -> str:
    """Fork a run and wait for the end of the new one."""
    new = (await Forking(here.runs).fork(run, request)).run
    assert (await here.ended(new)).status is RunStatus.SUCCEEDED
    return new


async def _history(here: Harness, run: str) -> WorkflowHistory:
    return await here.runs.handle(run).fetch_history()


async def test_a_retry_goes_on_with_the_items_that_were_done(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fan-out broke at its third item: the retry makes that one, and what follows."""
    shop = Workshop(broken={"c"})
    here = await harness(temporal_address, shop.flow())
    forking = Forking(here.runs)
    async with here.worker():
        failed = await here.ended((await here.runs.start("toy", {"text": "x"})).run)
        before, shop.broken = list(shop.done), set()
        new = await forking.retry(failed.id, RetryRequest(), idempotency_key="k")
        again = await forking.retry(failed.id, RetryRequest(), idempotency_key="k")
        ended = await here.ended(new.run)
        with pytest.raises(IdempotencyMismatchError):
            await forking.fork(failed.id, ForkRequest(at="plan"), idempotency_key="k")
        with pytest.raises(ConflictError, match="succeeded"):
            await forking.retry(new.run, RetryRequest())
    listed = await here.runs.summary(new.run)
    known, retraced = await borders_of(await _history(here, failed.id), monkeypatch)

    assert (failed.status, before) == (RunStatus.FAILED, ["plan", "a", "b"])
    assert (again.run, again.replayed) == (new.run, True)
    assert ended.status is RunStatus.SUCCEEDED
    assert shop.done[len(before) :] == ["c", "join", "judge", "join", "judge"]
    assert (await _whole(here, new.run)).text == "xa xb xc "
    assert listed.of is not None
    assert (listed.of.run, listed.of.how, listed.of.place) == (failed.id, "retry", "write")
    assert retraced == known


async def test_a_fork_makes_anew_only_what_follows(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the second visit of a step, with counters as they were, and the old run's memory gone."""
    shop = Workshop()
    store, archive = InProcessStore(), InProcessArchive()
    here = await harness(temporal_address, shop.flow(), store=store, archive=archive)
    async with here.worker():
        run = (await here.ended((await here.runs.start("toy", {"text": "x"})).run)).id
        all_done = list(shop.done)
        first = await _forked(here, run, ForkRequest(at="judge", visit=2))
        at_second = shop.done[len(all_done) :]
        await _forked(here, first, ForkRequest(at="judge"))
        with pytest.raises(NotFoundError, match="came to judge 2 time"):
            await Forking(here.runs).fork(run, ForkRequest(at="judge", visit=3))
        with pytest.raises(NotFoundError, match="has no step 'judges'"):
            await Forking(here.runs).fork(run, ForkRequest(at="judges"))
    known, retraced = await borders_of(await _history(here, run), monkeypatch)
    kept = await archive.get(here.runs.tenant, await store.held(here.runs.tenant, first))

    assert all_done == ["plan", "a", "b", "c", "join", "judge", "join", "judge"]
    assert at_second == ["judge"]
    assert shop.done[len(all_done) + 1 :] == ["judge"]
    assert retraced == known
    # The flow, the input, the plan, three parts and the whole; the verdict came with history.
    assert len(kept) >= 7


async def test_a_changed_input_begins_where_it_is_read_first(temporal_address: str) -> None:
    """Everything made from it is made anew; who names a later step is told what would be stale."""
    shop = Workshop()
    here = await harness(temporal_address, shop.flow())
    change = ForkRequest(input={"start": {"text": "y"}})
    async with here.worker():
        run = (await here.ended((await here.runs.start("toy", {"text": "x"})).run)).id
        new = await _forked(here, run, change)
        late = change.model_copy(update={"at": "judge"})
        with pytest.raises(InputInvalidError) as refused:
            await Forking(here.runs).fork(run, late)
        plan = Note(items=(NoteItem(id="a"), NoteItem(id="d")))
        planned = await _forked(
            here, run, ForkRequest(values={"plan": plan.model_dump(mode="json")})
        )
    view = await here.runs.get(new)

    assert (await _whole(here, new)).text == "ya yb yc "
    assert (await _whole(here, planned)).text == "xa xd "
    assert "whole was made from what is changed, and judge uses it" in str(refused.value)
    assert view.of is not None
    assert (view.of.place, view.of.changed) == ("plan", ("input start",))


async def test_a_fork_goes_on_by_the_flow_on_offer(temporal_address: str) -> None:
    """A newer version is taken where all that the run holds fits it, and refused where not."""
    shop = Workshop()
    here = await harness(temporal_address, shop.flow())
    current = ForkRequest(at="join", flow_version="current")
    async with here.worker():
        run = (await here.ended((await here.runs.start("toy", {"text": "x"})).run)).id
        here.runs.shelf = toy_shelf(shop.flow(version=2).flow)
        new = await _forked(here, run, current)
        flow = shop.flow(version=3).flow
        slots = {**flow.slots, "plan": "Decision@1"}
        here.runs.shelf = toy_shelf(flow.model_copy(update={"slots": slots, "input": ("plan",)}))
        with pytest.raises(InputInvalidError, match="slot plan holds a Note@1, and there Decision"):
            await Forking(here.runs).fork(run, current)

    assert (await here.runs.get(new)).flow_version == 2


async def test_all_failed_runs_are_gone_on_from_once(temporal_address: str) -> None:
    """Told first, then done; a batch that is sent again starts nothing anew."""
    shop = Workshop(broken={"c"})
    here = await harness(temporal_address, shop.flow())
    many = ManyRuns(here.runs)
    selection = Selection(status=RunStatus.FAILED, flow="toy", since="2020-01-01T00:00:00Z")
    async with here.worker():
        runs = [(await here.runs.start("toy", {"text": text})).run for text in "xyz"]
        for run in runs:
            await here.ended(run)
        await _listed(many, selection, 3)
        dry = await many.rerun(RerunRequest(runs=selection, dry_run=True))
        shop.broken = set()
        first = await many.rerun(RerunRequest(runs=selection, batch="night"))
        again = await many.rerun(RerunRequest(runs=selection, batch="night"))
        ended = [await here.ended(each.started) for each in first.runs]

    assert {each.run for each in dry.runs} == set(runs)
    assert {(each.place, each.started) for each in dry.runs} == {("write", "")}
    assert {each.status for each in ended} == {RunStatus.SUCCEEDED}
    assert [each.started for each in again.runs] == [each.started for each in first.runs]
    assert all(each.replayed for each in again.runs)


async def _listed(many: ManyRuns, selection: Selection, count: int) -> None:
    """Wait until Temporal's lists know of runs that have ended."""
    for _ in range(100):
        if len(await many.selected(selection)) == count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the lists do not know them")


async def test_a_fork_of_an_article_pays_only_for_what_follows(temporal_address: str) -> None:
    """At its last step no model is asked; with another prompt for the reviewer only from there."""
    heard = Heard(article_model())
    here = await article(
        temporal_address,
        tenant=f"f{uuid4().hex[:8]}",
        store=InProcessStore(),
        archive=InProcessArchive(),
        publisher=InProcessPublisher(),
        model=heard,
    )
    async with here.worker():
        run = (await here.ended((await here.runs.start("article", brief("hot-heap"))).run)).id
        whole = _asked(heard, 0)
        at_publish = await _forked(here, run, ForkRequest(at="publish"))
        for_publish = _asked(heard, whole.total())
        other = ForkRequest(
            prompts={"reviewer.free": "Review it in $language, $most_comments comments."}
        )
        reviewed = await _forked(here, run, other)
        for_review = _asked(heard, whole.total())
    found = await run_diff(here.runs, run, reviewed)
    states = {(each.slot, each.state) for each in found.slots}

    assert whole["section_writer"] > 1
    assert for_publish.total() == 0
    assert set(for_review) == {"reviewer"}
    assert heard.instructions[-1].startswith("Review it in en, ")
    assert [each.path for each in found.flow] == ["agents.reviewer.prompts.free"]
    assert {("draft", "same"), ("publication", "same")} <= states
    assert (found.a.spent.calls, found.b.spent.calls) == (whole.total(), for_review.total())
    assert (await here.runs.get(at_publish)).spent.calls == 0
    assert (await here.runs.result(at_publish)) == (await here.runs.result(run))


def _asked(heard: Heard, after: int) -> Counter[str]:
    return Counter(heard.agents[after:])


async def test_a_fork_is_begun_and_shown_over_http(temporal_address: str) -> None:
    """The new run, its origin and its events are told as of any run; the key finds it again."""
    here = await harness(temporal_address, Workshop().flow())
    async with gateway(here) as caller, here.worker():
        run = (await here.ended((await here.runs.start("toy", {"text": "x"})).run)).id
        path, body, key = f"/v1/runs/{run}/fork", {"at": "judge"}, {"Idempotency-Key": "k"}
        forked = await caller.post(path, json=body, headers=key)
        again = await caller.post(path, json=body, headers=key)
        new = forked.json()["id"]
        await here.ended(new)
        view = (await caller.get(f"/v1/runs/{new}")).json()
        slots = (await caller.get(f"/v1/runs/{new}/context")).json()["slots"]
        diff = (await caller.get(f"/v1/runs/{run}/diff/{new}")).json()

    assert (forked.status_code, forked.headers["Location"]) == (202, f"/v1/runs/{new}")
    assert forked.json()["of"]["run"] == run
    assert (again.json()["id"], again.headers["Idempotency-Replayed"]) == (new, "true")
    assert (view["status"], view["of"]["place"], view["of"]["visit"]) == ("succeeded", "judge", 2)
    assert {each["slot"]: len(each["versions"]) for each in slots} == {
        "start": 1,
        "plan": 1,
        "parts": 3,
        "whole": 1,
        "verdict": 2,
    }
    assert {each["state"] for each in diff["slots"]} == {"same"}
