"""Runs that are too wide for Temporal's limits as they come: the interpreter keeps below them."""

import asyncio
from dataclasses import replace

import pytest

from contracts.failure import FailureKind
from contracts.run import DecisionRequest, RunStatus
from contracts.work import INLINE_LIMIT_BYTES
from services.agents.base import Given
from services.errors import StepError
from services.temporal import workflow_runner
from tests.guarantees.figures import Figures
from tests.harness import harness
from tests.servers.small_flows import ONE
from tests.servers.test_poison import AT_ONCE, _begin, _flow, _start, _told
from tests.toys import Note, NoteItem, ToyFlow, toy, toy_flow
from workflows import progress

pytestmark = pytest.mark.servers

LISTS = """
slots: {plan: Note@1, parts: [Note@1], more: [Note@1]}
start: one
steps:
  one: {agent: one, reads: [start], writes: plan, next: write}
  write:
    each: part in plan.items
    agent: write
    reads: [start]
    writes: parts
    parallel: 50
    next: again
  again:
    each: part in plan.items
    agent: again
    reads: [parts]
    writes: more
    parallel: 50
    next: done
ends:
  done: {outcome: succeeded, output: plan}
  failed: {outcome: failed}
"""


def _lists(count: int, *, pure: bool) -> ToyFlow:
    items = tuple(NoteItem(id=f"i{number}") for number in range(count))
    return toy_flow(
        LISTS,
        toy("one", lambda given: Note(items=items)),
        toy("write", lambda given: Note(), start="Note@1", part="Note@1.items[]"),
        toy("again", lambda given: Note(), pure=pure, parts="[Note@1]", part="Note@1.items[]"),
    )


@pytest.mark.guarantee("sizes-own-error-first")
@pytest.mark.parametrize("pure", [True, False])
async def test_items_that_each_read_a_long_list_do_not_end_the_run(
    temporal_address: str, pure: bool, figures: Figures
) -> None:
    """Items that each read a hundred and fifty references go out in portions that fit."""
    bench = await harness(temporal_address, _lists(150, pure=pure))

    ended = await bench.finish()

    history = await bench.runs.handle(ended.id).fetch_history()
    figures.add("largest event", max(event.ByteSize() for event in history.events), "bytes")
    assert ended.status is RunStatus.SUCCEEDED


ASKED = """
slots: {plan: Note@1, parts: [Note@1]}
start: one
steps:
  one: {agent: one, reads: [start], writes: plan, next: write}
  write:
    each: part in plan.items
    agent: write
    reads: [start]
    writes: parts
    parallel: 50
    next: done
    on_failure: {rule_broken: {then: ask, at_most: 2}}
  ask:
    gate: operator
    answers: failure
    allow: [retry, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: plan}
  failed: {outcome: failed}
"""


class _LastFailsOnce:
    """Does every item but the last, which fails once, after the others."""

    def __init__(self) -> None:
        self.has_failed = False

    async def __call__(self, given: Given) -> Note:
        if given.one("part", NoteItem).id == "i199" and not self.has_failed:
            self.has_failed = True
            await asyncio.sleep(3)
            raise StepError(FailureKind.RULE_BROKEN, "no")
        return Note(text="x" * (INLINE_LIMIT_BYTES - 100))


@pytest.mark.guarantee("sizes-own-error-first")
async def test_finished_items_go_over_to_the_next_execution(temporal_address: str) -> None:
    """Two hundred results of the inline limit would be 3.3 MB: their bodies stay behind."""
    items = tuple(NoteItem(id=f"i{number}") for number in range(200))
    write = toy("write", _LastFailsOnce(), start="Note@1", part="Note@1.items[]")
    toys = toy_flow(ASKED, toy("one", lambda given: Note(items=items)), write)
    bench = await harness(temporal_address, toys)
    async with bench.worker():
        run = (await bench.runs.start("toy", {}, history_limit=500)).run
        gate = await bench.waiting(run)
        retry = DecisionRequest(shown=gate.shown, who="eva", action="retry")
        await bench.gates.decide(run, gate.gate, retry)
        ended = await bench.ended(run)

    assert (await bench.runs.history.tell(bench.queue, run)).executions > 1
    assert ended.status is RunStatus.SUCCEEDED


@pytest.mark.guarantee("poison-stays-alone")
async def test_a_changed_compiled_flow_fails_its_run(temporal_address: str) -> None:
    """One digit of the budget is another: the digest tells, and nothing is run."""
    toys = _flow()
    bench = await harness(temporal_address, toys)
    start = _start(bench, toys.flow.encode().decode())
    assert start.flow.body is not None
    changed = start.flow.body.replace('"model_calls":50', '"model_calls":51')
    assert changed != start.flow.body
    poisoned = start.model_copy(update={"flow": start.flow.model_copy(update={"body": changed})})
    async with bench.worker():
        told = await _told(await _begin(bench, poisoned))

    assert "not the one it was started with" in told


@pytest.mark.guarantee("poison-stays-alone")
async def test_a_flow_of_a_newer_program_fails_its_run(temporal_address: str) -> None:
    """Borders that this program does not know how to guard are not passed over."""
    toys = _flow()
    bench = await harness(temporal_address, toys)
    newer = toys.flow.model_copy(update={"borders": 99}).encode().decode()
    async with bench.worker():
        told = await _told(await _begin(bench, _start(bench, newer)))

    assert "of a newer program" in told


def _stumble(*_: object) -> str:
    raise RuntimeError("a slip")


@pytest.mark.guarantee("poison-stays-alone")
async def test_any_bug_of_the_interpreter_fails_its_run(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one of a kind that the SDK would try again for ever."""
    bench = await harness(temporal_address, toy_flow(ONE, toy("one", lambda given: Note())))
    bench = replace(bench, runner=workflow_runner())
    monkeypatch.setattr(progress, "checklist", _stumble)
    async with asyncio.timeout(AT_ONCE):
        ended = await bench.finish()

    assert ended.status is RunStatus.FAILED
    assert "RuntimeError" in ended.reason
