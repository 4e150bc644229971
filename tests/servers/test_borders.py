"""Borders on a real Temporal server: a flow that was never checked stops with a sentence."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError

from contracts.failure import FailureKind
from contracts.reference import Value
from contracts.run import DecisionRequest, GateView, RunStatus, StepStatus
from contracts.work import GateDecision
from services.agents.base import Given
from services.errors import InputInvalidError, StepError
from tests.harness import Harness, harness
from tests.toys import HEAD, Note, ToyFlow, toy
from tests.unit.workflows.driven import a_flow
from workflows.names import DECIDE

pytestmark = pytest.mark.servers

RULED = """
slots: {first: Note@1, second: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: ask}
  ask:
    gate: editor
    shows: [first]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next:
      - {when: decision.verdict == 'approve' and second.score > 1, to: done}
      - {else: failed}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
UNSET = RULED.replace("writes: first, next: ask", "writes: second, next: ask")
PUBLISHED = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: two}
  two: {agent: two, reads: [first], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
NO_OUTPUT = RULED.replace("output: first", "output: second").replace(" and second.score > 1", "")


def _unchecked(body: str) -> ToyFlow:
    one = toy("one", lambda given: Note(score=1))
    two = toy("two", lambda given: Note(), first="Note@1")
    published = two.declaration.model_copy(update={"publishes": True})
    return ToyFlow(a_flow(body, one.declaration, published), {"one": one, "two": two})


async def _open_gate(bench: Harness, run: str) -> GateView:
    for _ in range(100):
        if waiting := await bench.gates.open(run):
            return waiting[0]
        await asyncio.sleep(0.05)
    raise AssertionError("the gate did not open")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (RULED, "at ask: second has no value here"),
        (NO_OUTPUT, "at done: second has no value here"),
    ],
)
@pytest.mark.guarantee("borders-are-guarded")
async def test_a_decision_is_told_though_the_run_then_stops(
    temporal_address: str, body: str, message: str
) -> None:
    """A border that is broken behind a gate ends the run, and the decision is on record."""
    bench = await harness(temporal_address, _unchecked(body))
    async with bench.worker():
        run = (await bench.runs.start("toy", {})).run
        gate = await _open_gate(bench, run)
        request = DecisionRequest(shown=gate.shown, who="eva", verdict="approve")
        await bench.gates.decide(run, "ask", request)
        ended = await bench.ended(run)

    assert ended.failure is not None
    assert (ended.status, ended.failure.kind) == (RunStatus.FAILED, FailureKind.BUG)
    assert ended.failure.message.startswith(message)
    last = (await bench.runs.steps(run))[-1]
    assert (last.step, last.status, len(last.produced)) == ("ask", StepStatus.DECIDED, 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (UNSET, "at ask: first has no value here"),
        (PUBLISHED, "at two: nobody vouches for first:1, which two would publish"),
    ],
)
@pytest.mark.guarantee("borders-are-guarded")
async def test_a_broken_border_ends_the_run_before_anything_crosses_it(
    temporal_address: str, body: str, message: str
) -> None:
    """No gate opens on less than it has to show, and nothing goes out unvouched."""
    bench = await harness(temporal_address, _unchecked(body))

    ended = await bench.finish({})

    assert ended.failure is not None
    assert (ended.status, ended.failure.kind) == (RunStatus.FAILED, FailureKind.BUG)
    assert ended.failure.message == f"{message}, which the flow's check should have refused"
    assert [step.step for step in await bench.runs.steps(ended.id)] == ["one"]


VERIFIED = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
  help:
    gate: operator
    answers: failure
    allow: [supply, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
HELPED = HEAD.replace("otherwise:", "empty: {then: help, at_most: 1}\n  otherwise:")


def _says_nothing(given: Given) -> Note:
    raise StepError(FailureKind.EMPTY, "it says nothing")


async def test_nobody_verifies_by_hand(temporal_address: str) -> None:
    """What a verifier did not say is neither asked of a person nor taken from one."""
    one = toy("one", _says_nothing)
    verifier = one.declaration.model_copy(update={"verifies": True, "about": ("start",)})
    flow = ToyFlow(a_flow(VERIFIED, verifier, head=HELPED), {"one": one})
    bench = await harness(temporal_address, flow)
    async with bench.worker():
        run = (await bench.runs.start("toy", {})).run
        gate = await _open_gate(bench, run)
        supplied = DecisionRequest(shown=gate.shown, who="op", action="supply", supplied={})
        with pytest.raises(InputInvalidError, match="step one: nobody verifies"):
            await bench.gates.decide(run, "help", supplied)
        update = GateDecision(
            id="d",
            gate="help",
            visit=1,
            shown=gate.shown,
            who="op",
            action="supply",
            supplied=Value(digest="0" * 64, size=1),
        )
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await bench.runs.handle(run).execute_update(DECIDE, update)
        stop = DecisionRequest(shown=gate.shown, who="op", action="stop")
        await bench.gates.decide(run, "help", stop)
        ended = await bench.ended(run)

    assert gate.allow == ("stop",)
    assert "nobody verifies" in str(refused.value.cause)
    assert (ended.status, ended.place) == (RunStatus.FAILED, "failed")
