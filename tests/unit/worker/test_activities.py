"""One attempt at a piece of work: what goes in, what comes out, what is told and kept."""

import asyncio
import dataclasses
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contracts.base import Contract, digest
from contracts.event import EventKind
from contracts.failure import Failure, FailureKind
from contracts.reference import Reference, Trust
from contracts.usage import Usage
from contracts.work import (
    INLINE_LIMIT_BYTES,
    Element,
    FlushTask,
    SealTask,
    StepResult,
    StepTask,
)
from services.agents.base import Given
from services.errors import NotFoundError, StepError, UnavailableError
from services.llm.in_process import ScriptedModel
from services.memory.base import JournalEntry, JournalState, Swept, WorkKey
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory
from services.payloads import PayloadConverter
from services.worker.activities import Assembly, WorkerActivities
from tests.toys import REGISTRY, Note, NoteItem, ToyFlow, ToyWriter, Work, toy, toy_flow
from tests.unit.memory.kept import an_event
from workflows.failures import NEEDS_HISTORY

BODY = """
slots: {first: Note@1, parts: [Note@1], whole: Note@1}
start: one
steps:
  one:
    agent: one
    reads: [start]
    writes: first
    next:
      - {when: "first.score > 50 or first.text == 'x'", to: failed}
      - {else: each}
  each:
    each: part in first.items
    agent: one_part
    reads: [start]
    writes: parts
    next: join
  join: {agent: join, reads: [parts, "first?"], writes: whole, next: done}
ends:
  done: {outcome: succeeded, output: whole}
  failed: {outcome: failed}
"""


def _flow(work: Work) -> ToyFlow:
    join = toy("join", work, parts="[Note@1]", first="Note@1")
    join.__dict__["declaration"] = join.declaration.model_copy(update={"optional": ("first",)})
    each = toy("one_part", work, start="Note@1", part="Note@1.items[]")
    return toy_flow(BODY, toy("one", work), each, join)


class Bench:
    """A worker's activities over memory in this process."""

    def __init__(self, work: Work = lambda given: Note(text="made", score=7)) -> None:
        self.store, self.archive = InProcessStore(), InProcessArchive()
        self.memory = Memory(self.store, self.archive, None)
        self.toy = _flow(work)
        self.agents: dict[str, Any] = dict(self.toy.agents)
        self.environment = ActivityEnvironment()
        self.environment.payload_converter = PayloadConverter()

    def activities(self) -> WorkerActivities:
        """Build the activities."""
        return WorkerActivities(Assembly(self.memory, self.agents, ScriptedModel(), REGISTRY))

    async def keep(self, value: Contract, slot: str = "start", **changes: Any) -> Reference:
        """Store a value and point at it."""
        body = value.encode()
        await self.store.turn("t", "r1", write={digest(body): body})
        given = {
            "slot": slot,
            "ordinal": 1,
            "contract": value.key(),
            "digest": digest(body),
            "size": len(body),
            "trust": Trust.OPERATOR,
            "produced_by": "input",
        }
        return Reference.model_validate({**given, **changes})

    async def task(self, step: str = "one", **changes: Any) -> StepTask:
        """Name a piece of work; its flow is in memory, and its input unless changed."""
        body = self.toy.flow.encode()
        await self.store.turn("t", "r1", write={digest(body): body})
        given = {
            "tenant": "t",
            "run": "r1",
            "flow": digest(body),
            "step": step,
            "visit": 1,
            "seq": 2,
        }
        inputs = changes.pop("inputs", None) or {"start": (await self.keep(Note(text="in")),)}
        return StepTask.model_validate({**given, "inputs": inputs, **changes})

    async def step(self, task: StepTask, *, attempt: int = 1, waited: int = 0) -> StepResult:
        """Run one attempt as Temporal would."""
        self.environment.info = dataclasses.replace(
            self.environment.info,
            attempt=attempt,
            scheduled_time=datetime.now(UTC) - timedelta(seconds=waited),
        )
        result: StepResult = await self.environment.run(self.activities().step, task)
        return result

    async def pure_step(self, task: StepTask) -> StepResult:
        """Run a pure step as the worker that holds the run would."""
        argument = RawValue(self.environment.payload_converter.to_payload(task))
        result: StepResult = await self.environment.run(self.activities().pure_step, [argument])
        return result

    async def failure(
        self, task: StepTask, *, attempt: int = 1
    ) -> tuple[ApplicationError, Failure]:
        """Run one attempt that fails; return the error and what it tells."""
        with pytest.raises(ApplicationError) as failed:
            await self.step(task, attempt=attempt)
        failure: Failure = failed.value.details[0]
        return failed.value, failure

    async def told(self) -> list[EventKind]:
        """List what the run's stream tells."""
        return [each.event.kind for each in await self.store.events("t", "r1")]


async def test_a_product_is_kept_and_pointed_at() -> None:
    """The product is stored under its digest and returned with facts and, being small, itself."""
    bench = Bench()

    result = await bench.step(await bench.task())

    body = Note(text="made", score=7).encode()
    assert result.value.digest == digest(body)
    assert result.value.body == body.decode()
    assert result.value.facts == {"score": 7, "text": "made", "keys(items.id)": ("a",)}
    assert await bench.store.turn("t", "r1", read=[digest(body)]) == (body,)


@pytest.mark.guarantee("sizes-own-error-first")
async def test_a_large_product_stays_out_of_history() -> None:
    """Over the inline limit only the reference travels, and the archive has the second copy."""
    long = "x" * INLINE_LIMIT_BYTES
    bench = Bench(lambda given: Note(items=(NoteItem(id="a", text=long),)))

    result = await bench.step(await bench.task())

    assert result.value.body is None
    assert list(bench.archive.values) == [("t", result.value.digest)]


async def test_an_agent_gets_what_it_declared_and_nothing_else() -> None:
    """Inputs arrive decoded, under the agent's names; an absent optional one is None."""
    seen: list[Mapping[str, object]] = []

    def look(given: Given) -> Note:
        seen.append(given.values)
        return Note()

    bench = Bench(look)
    parts = tuple(
        [await bench.keep(Note(text=each), "parts", item=each, ordinal=1) for each in "ba"]
    )

    await bench.step(await bench.task("join", inputs={"parts": parts, "first": ()}))

    assert seen == [{"parts": (Note(text="b"), Note(text="a")), "first": None}]


async def test_an_instance_of_a_fan_out_gets_its_element() -> None:
    """One instance receives the element that its key names, not the whole list."""
    seen: list[object] = []

    def look(given: Given) -> Note:
        seen.append(given.one("part", NoteItem))
        return Note()

    bench = Bench(look)
    items = (NoteItem(id="a", text="A"), NoteItem(id="b", text="B"))
    container = await bench.keep(Note(items=items), "first")
    element = Element(reference=container, path="items", key="id", value="b")

    await bench.step(await bench.task("each", item="b", element=element, each_input="part"))

    assert seen == [NoteItem(id="b", text="B")]


async def test_what_is_pending_is_told_before_the_product() -> None:
    """A step writes the transitions that nobody wrote yet, then its own product."""
    bench = Bench()
    pending = (an_event(1, "written"), an_event(2, "not yet"))

    await bench.step(await bench.task(pending=pending, write_from=2))

    assert await bench.told() == [EventKind.TEXT, EventKind.PRODUCED]
    first, produced = [each.event for each in await bench.store.events("t", "r1")]
    assert (first.text, produced.seq) == ("not yet", 2)


@pytest.mark.guarantee("work-is-redone")
async def test_a_second_attempt_says_so() -> None:
    """Readers of the stream learn that a step is being tried again, and for which time."""
    bench = Bench()

    await bench.step(await bench.task(), attempt=2)

    started, _ = [each.event for each in await bench.store.events("t", "r1")]
    assert (started.kind, started.attempt) == (EventKind.ATTEMPT_STARTED, 2)


async def test_a_restored_input_is_told() -> None:
    """When memory had lost an input, the run's stream says that it came back, and which."""
    bench = Bench()
    task = await bench.task()
    [[reference]] = task.inputs.values()
    await bench.archive.put("t", {reference.digest: Note(text="in").encode()})
    await bench.store.turn("t", "r1", write={reference.digest: b"damaged"})

    await bench.step(task)

    restored, _ = [each.event for each in await bench.store.events("t", "r1")]
    assert (restored.kind, restored.text) == (EventKind.MEMORY_RESTORED, reference.digest[:12])


async def _lose(bench: Bench) -> StepTask:
    task = await bench.task()
    [[reference]] = task.inputs.values()
    await bench.store.turn("t", "r1", write={reference.digest: b"damaged"})
    return task


async def test_a_lost_input_fails_the_step() -> None:
    """A step never goes on with less than it declared."""
    bench = Bench()

    error, failure = await bench.failure(await _lose(bench))

    assert failure.kind is FailureKind.MEMORY_LOST
    assert error.non_retryable


async def test_a_pure_step_that_needs_history_asks_for_it() -> None:
    """A local step cannot read its own history, so it asks to be run where that works."""
    bench = Bench()
    task = await _lose(bench)

    with pytest.raises(ApplicationError) as failed:
        await bench.pure_step(task)

    assert failed.value.type == NEEDS_HISTORY


async def test_a_pure_step_makes_what_a_step_makes() -> None:
    """Run locally or not, the product and its address are the same."""
    bench = Bench()
    task = await bench.task()

    local = await bench.pure_step(task)

    assert local == await bench.step(task)


@pytest.mark.parametrize(("version", "have"), [(2, "version 1"), (None, "none")])
@pytest.mark.guarantee("no-stranger-does-the-work")
async def test_an_agent_of_another_version_is_not_run(version: int | None, have: str) -> None:
    """A worker that lacks the pinned agent says which one the run needs and which it has."""
    bench = Bench()
    pinned = bench.toy.flow.agents["one"].model_copy(update={"version": version or 1})
    agents = {**bench.toy.flow.agents, "one": pinned}
    bench.toy = dataclasses.replace(
        bench.toy, flow=bench.toy.flow.model_copy(update={"agents": agents})
    )
    if version is None:
        del bench.agents["one"]

    _, failure = await bench.failure(await bench.task())

    assert failure.kind is FailureKind.UNAVAILABLE
    assert f"and this worker has {have}; start a worker that has it" in failure.message


class Impostor(Contract, version=1):
    """Not what was declared."""


@pytest.mark.guarantee("nothing-bad-crosses")
async def test_a_product_of_another_kind_crosses_no_border() -> None:
    """An agent that makes something else than it declared is a bug, and nothing is kept."""
    bench = Bench(_impostor)

    error, failure = await bench.failure(await bench.task())

    assert (failure.kind, failure.message) == (FailureKind.BUG, "one made Impostor@1, not Note@1")
    assert error.non_retryable


async def _impostor(given: Given) -> Impostor:
    return Impostor()


@pytest.mark.guarantee("sizes-own-error-first")
async def test_facts_stay_small() -> None:
    """A field that rules look at cannot smuggle a whole text into the interpreter."""
    bench = Bench(lambda given: Note(text="x" * 5000))

    _, failure = await bench.failure(await bench.task())

    assert failure.kind is FailureKind.TOO_LARGE
    assert "the facts of first take over 4096 bytes; route on less" in failure.message


@pytest.mark.guarantee("errors-tell-no-secrets")
async def test_a_bug_is_logged_and_told_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the trace of an error nobody foresaw; the run has its class and no more."""

    def stumble(given: Given) -> Note:
        raise KeyError("secret")

    bench = Bench(stumble)

    with caplog.at_level(logging.ERROR):
        _, failure = await bench.failure(await bench.task())

    assert failure.kind is FailureKind.BUG
    assert "secret" not in failure.message
    assert [record.message for record in caplog.records] == ["a step failed unexpectedly"]


def _failing(error: Exception) -> Work:
    def fail(given: Given) -> Note:
        raise error

    return fail


async def test_a_mishap_of_the_agent_s_world_is_translated() -> None:
    """A corpus that is not there breaks a rule; a disk that is full may be free later."""
    missing = Bench(_failing(NotFoundError("there is no corpus 'worms'")))
    gone = Bench(_failing(UnavailableError("the index does not answer")))

    first = await missing.failure(await missing.task())
    second = await gone.failure(await gone.task())

    assert (first[1].kind, first[0].non_retryable) == (FailureKind.RULE_BROKEN, True)
    assert (second[1].kind, second[0].non_retryable) == (FailureKind.UNAVAILABLE, False)


WORK = WorkKey(tenant="t", run="r1", step="one", visit=1)


async def test_an_attempt_that_may_be_repeated_leaves_a_line() -> None:
    """Temporal counts attempts, the journal counts kinds."""
    bench = Bench(_failing(StepError(FailureKind.TIMED_OUT, "late")))

    await bench.failure(await bench.task())

    assert await bench.store.journal(WORK) == (
        JournalEntry(state=JournalState.GAVE_UP, body="timed_out", attempt=1),
    )


@pytest.mark.guarantee("only-the-passing-is-retried")
async def test_retries_are_counted_over_attempts() -> None:
    """One retry of a timeout is planned: the first failure may be tried again, the second not."""
    bench = Bench(_failing(StepError(FailureKind.TIMED_OUT, "late")))
    task = await bench.task()

    first, _ = await bench.failure(task, attempt=1)
    second, _ = await bench.failure(task, attempt=2)

    assert (first.non_retryable, second.non_retryable) == (False, True)


async def test_kinds_are_counted_apart() -> None:
    """An earlier timeout uses up no retry of an endpoint that does not answer."""
    bench = Bench(_failing(StepError(FailureKind.UNAVAILABLE, "gone")))
    task = await bench.task()
    late = JournalEntry(state=JournalState.GAVE_UP, body="timed_out")
    for _ in range(3):
        await bench.store.record(WORK, late)

    error, _ = await bench.failure(task, attempt=4)

    assert not error.non_retryable


@pytest.mark.guarantee("work-is-redone")
async def test_lost_workers_count_as_unavailable() -> None:
    """Attempts that left no line were lost; after as many as the plan retries it is over."""
    bench = Bench(_failing(StepError(FailureKind.UNAVAILABLE, "gone")))
    task = await bench.task()

    third, _ = await bench.failure(task, attempt=3)
    fourth, _ = await bench.failure(task, attempt=4)

    assert (third.non_retryable, fourth.non_retryable) == (False, True)


async def test_what_was_spent_is_told_with_a_failure() -> None:
    """A failed step tells what it had paid, so that the run's ledger is right."""
    store = InProcessStore()
    memory = Memory(store, InProcessArchive(), None)
    bench = Bench()
    body = """
slots: {first: Note@1}
start: write
steps:
  write: {agent: toy_writer, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
    bench.store, bench.memory = store, memory
    bench.toy = toy_flow(body, ToyWriter())
    bench.agents = dict(bench.toy.agents)
    paid = JournalEntry(
        exchange=9, state=JournalState.ANSWERED, body="{}", usage=Usage(calls=1, input_tokens=10)
    )
    await store.record(WORK.model_copy(update={"step": "write"}), paid)
    await store.record(
        WORK.model_copy(update={"step": "write"}),
        JournalEntry(state=JournalState.GAVE_UP, body="timed_out"),
    )

    _, failure = await bench.failure(await bench.task("write"), attempt=2)

    assert failure.kind is FailureKind.OVER_BUDGET
    assert failure.usage == paid.usage


async def test_flushing_writes_what_nobody_wrote() -> None:
    """A flush writes the transitions from the first unwritten one on."""
    bench = Bench()
    task = FlushTask(tenant="t", run="r1", pending=(an_event(1), an_event(2)), write_from=2)

    await bench.environment.run(bench.activities().flush, task)

    assert [each.event.seq for each in await bench.store.events("t", "r1")] == [2]


async def test_the_last_flush_lets_memory_go() -> None:
    """At the end of a run its memory begins to expire."""
    bench = Bench()
    kept = await bench.task()
    task = FlushTask(tenant="t", run="r1", pending=(an_event(1),), write_from=1, retention=60)

    await bench.environment.run(bench.activities().flush_at_end, task)
    await bench.store.expire("t", "r1", -1)

    assert (await bench.store.sweep("t")).runs == 1
    assert kept.run == "r1"


async def test_a_run_under_way_is_not_let_go() -> None:
    """A flush without retention leaves the run's memory as it is."""
    bench = Bench()
    await bench.task()
    task = FlushTask(tenant="t", run="r1", pending=(an_event(1),), write_from=1)

    await bench.environment.run(bench.activities().flush, task)

    assert await bench.store.sweep("t") == Swept(runs=0, values=0)


async def test_sealing_copies_values_and_tells_what_is_pending() -> None:
    """Before history is cut, values go to the archive and transitions to the stream."""
    bench = Bench()
    reference = await bench.keep(Note(text="keep me"))
    task = SealTask(
        tenant="t", run="r1", digests=(reference.digest,), pending=(an_event(1),), write_from=1
    )

    await bench.environment.run(bench.activities().seal, task)

    assert list(bench.archive.values) == [("t", reference.digest)]
    assert await bench.told() == [EventKind.TEXT]


async def test_a_cancelled_attempt_that_goes_on_writes_nothing() -> None:
    """An agent that finishes after it was told to stop leaves no trace of a run that is over."""

    async def deaf(given: Given) -> Note:
        bench.environment.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return Note(text="late")

    bench = Bench(deaf)
    task = await bench.task()
    before = (await bench.told(), dict(bench.store.values))

    with pytest.raises(asyncio.CancelledError):
        await bench.step(task)

    assert (await bench.told(), bench.store.values) == before


async def test_a_cancelled_attempt_that_fails_writes_nothing() -> None:
    """What an agent raises because it was told to stop is no failure of the step."""

    async def stumble(given: Given) -> Note:
        bench.environment.cancel()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            raise UnavailableError("the connection was closed") from error
        return Note()

    bench = Bench(stumble)
    task = await bench.task()

    with pytest.raises(asyncio.CancelledError):
        await bench.step(task)

    assert (await bench.told(), await bench.store.journal(WORK)) == ([], ())
