"""Runs that are held up and let go on, on a real server: nothing begins meanwhile."""

import asyncio

import pytest

from contracts.event import EventKind
from contracts.run import DecisionRequest, RunStatus, SteerRequest
from services.errors import ConflictError
from services.runs.steering import Steering
from tests.harness import Harness, harness
from tests.toys import HEAD, Note, ToyFlow, toy, toy_flow

pytestmark = pytest.mark.servers

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
ANN = SteerRequest(who="ann", note="the brief is wrong")


def _flow() -> ToyFlow:
    return toy_flow(
        BODY,
        toy("writer", lambda given: Note(text="written")),
        toy("copier", lambda given: Note(text="copied")),
        head=HEAD,
    )


async def _decided(here: Harness, run: str) -> None:
    waiting = await here.waiting(run)
    request = DecisionRequest(shown=waiting.shown, who="ann", verdict="approve")
    await here.gates.decide(run, waiting.gate, request)


async def _stands(here: Harness, run: str, status: RunStatus) -> RunStatus:
    """Wait until a run stands so; Temporal's lists learn of it within a second."""
    for _ in range(100):
        found = (await here.runs.summary(run)).status
        if found is status:
            break
        await asyncio.sleep(0.05)
    return found


async def test_a_paused_run_takes_a_decision_and_begins_nothing(temporal_address: str) -> None:
    """The gate is decided while the run is held up; the step after it waits to be let go on."""
    here = await harness(temporal_address, _flow())
    steering = Steering(here.runs)
    async with here.worker():
        run = (await here.runs.start("toy", {"text": "x"})).run
        await here.waiting(run)
        await steering.pause(run, ANN)
        await steering.pause(run, ANN)
        paused = await _stands(here, run, RunStatus.PAUSED)
        await _decided(here, run)
        await asyncio.sleep(0.5)
        begun = [each.step for each in await here.runs.steps(run)]
        await steering.resume(run, ANN)
        ended = await here.ended(run)
    told, _ = await here.runs.told(run)
    kinds = [each.kind for each in told.ordered()]
    [event] = [each for each in told.ordered() if each.kind is EventKind.PAUSED]

    assert paused is RunStatus.PAUSED
    assert begun == ["write", "approve"]
    assert ended.status is RunStatus.SUCCEEDED
    assert kinds.count(EventKind.PAUSED) == kinds.count(EventKind.RESUMED) == 1
    assert (event.text, event.outcome) == ("ann", "the brief is wrong")


async def test_a_run_is_paused_while_no_worker_is_up(temporal_address: str) -> None:
    """Whoever pauses need not wait for a worker: the first that comes begins no step."""
    here = await harness(temporal_address, _flow())
    steering = Steering(here.runs)
    run = (await here.runs.start("toy", {"text": "x"})).run
    await steering.pause(run, ANN)
    async with here.worker():
        await _stands(here, run, RunStatus.PAUSED)
        begun = await here.runs.steps(run)
        await here.runs.cancel(run)
        ended = await here.ended(run)

    assert begun == ()
    assert ended.status is RunStatus.CANCELLED


async def test_a_run_that_has_ended_cannot_be_paused(temporal_address: str) -> None:
    """Whoever is late is told how the run ended."""
    here = await harness(temporal_address, _flow())
    async with here.worker():
        run = (await here.runs.start("toy", {"text": "x"})).run
        await here.waiting(run)
        await here.runs.cancel(run)
        await here.ended(run)

    with pytest.raises(ConflictError, match="has ended already"):
        await Steering(here.runs).pause(run, ANN)
