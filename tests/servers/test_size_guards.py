"""Sizes on a real Temporal server: our own clear error comes before any of its limits."""

from datetime import timedelta

import pytest

from contracts.failure import FailureKind
from contracts.run import DecisionRequest, GateView, RunStatus
from contracts.work import INLINE_LIMIT_BYTES, VALUE_LIMIT_BYTES
from services.agents.base import Given
from services.errors import ConflictError, FlowInvalidError
from services.runs import gates
from tests.guarantees.figures import Figures
from tests.harness import Harness, harness
from tests.servers.small_flows import GATE, ONE
from tests.toys import Note, NoteItem, ToyFlow, toy, toy_flow

pytestmark = pytest.mark.servers

PAYLOAD_LIMIT_BYTES = 2 * 1024 * 1024
HISTORY_LIMIT_BYTES = 50 * 1024 * 1024
FAN_OUT = """
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
ends:
  done: {outcome: succeeded, output: plan}
  failed: {outcome: failed}
"""


async def _sizes(bench: Harness, run: str) -> tuple[int, int]:
    """Bytes of a run's history, and of its largest event."""
    history = await bench.runs.handle(run).fetch_history()
    sizes = [event.ByteSize() for event in history.events]
    return sum(sizes), max(sizes)


def _shouting(given: Given) -> Note:
    raise ValueError("secret" * 600_000)


@pytest.mark.guarantee("sizes-own-error-first")
async def test_an_error_of_megabytes_ends_its_step_once_and_shortly(
    temporal_address: str, figures: Figures
) -> None:
    """Its text stays in the worker's log; Temporal is told a kind, and nothing is tried again."""
    bench = await harness(temporal_address, toy_flow(ONE, toy("one", _shouting)))

    ended = await bench.finish()

    history, largest = await _sizes(bench, ended.id)
    figures.add("history of a run whose step failed with 3.6 MB of text", history, "bytes")
    assert ended.failure is not None
    assert (ended.status, ended.failure.kind) == (RunStatus.FAILED, FailureKind.BUG)
    assert "ValueError" in ended.failure.message
    assert [step.attempt for step in await bench.runs.steps(ended.id)] == [1]
    assert largest < INLINE_LIMIT_BYTES


@pytest.mark.guarantee("sizes-own-error-first")
async def test_a_value_over_the_limit_is_too_large_at_once(temporal_address: str) -> None:
    """A step that makes more than may be kept fails as `too_large`, and is not tried again."""
    large = toy("one", lambda given: Note(text="x" * VALUE_LIMIT_BYTES))
    bench = await harness(temporal_address, toy_flow(ONE, large))

    ended = await bench.finish()

    assert ended.failure is not None
    assert (ended.status, ended.failure.kind) == (RunStatus.FAILED, FailureKind.TOO_LARGE)
    assert [step.attempt for step in await bench.runs.steps(ended.id)] == [1]


@pytest.mark.guarantee("sizes-own-error-first")
async def test_a_value_of_megabytes_never_enters_the_history(
    temporal_address: str, figures: Figures
) -> None:
    """What is over the inline limit travels as a reference."""
    large = toy("one", lambda given: Note(text="x" * 3_000_000))
    bench = await harness(temporal_address, toy_flow(ONE, large))

    ended = await bench.finish()

    history, largest = await _sizes(bench, ended.id)
    figures.add("history of a run with a value of 3 MB", history, "bytes")
    assert ended.status is RunStatus.SUCCEEDED
    assert largest < INLINE_LIMIT_BYTES


def _wide(count: int, size: int) -> ToyFlow:
    items = tuple(NoteItem(id=f"i{number}") for number in range(count))
    write = toy("write", lambda given: Note(text="x" * size), start="Note@1", part="Note@1.items[]")
    return toy_flow(FAN_OUT, toy("one", lambda given: Note(items=items)), write)


@pytest.mark.guarantee("sizes-own-error-first")
async def test_two_hundred_inlined_results_stay_far_below_the_limits(
    temporal_address: str, figures: Figures
) -> None:
    """The widest fan-out of the largest inlined values leaves history most of its room."""
    bench = await harness(temporal_address, _wide(200, INLINE_LIMIT_BYTES - 100))

    ended = await bench.finish()

    history, largest = await _sizes(bench, ended.id)
    figures.add("history of 200 items with the largest inlined values", history, "bytes")
    figures.add("its largest event", largest, "bytes")
    assert ended.status is RunStatus.SUCCEEDED
    assert history < HISTORY_LIMIT_BYTES / 5
    assert largest < PAYLOAD_LIMIT_BYTES / 10


@pytest.mark.guarantee("sizes-own-error-first")
async def test_a_flow_too_large_to_carry_never_starts(temporal_address: str) -> None:
    """The refusal names the flow and the remedy, and no run is left behind."""
    toys = toy_flow(ONE, toy("one", lambda given: Note()))
    large = toys.flow.model_copy(update={"summary": "s" * 3_000_000})
    bench = await harness(temporal_address, ToyFlow(large, toys.agents))

    with pytest.raises(FlowInvalidError, match="split it into two flows"):
        await bench.runs.start("toy", {})

    query = f"FoTenant = '{bench.queue}'"
    assert (await bench.client.count_workflows(query)).count == 0


async def _waiting(bench: Harness) -> GateView:
    run = (await bench.runs.start("toy", {})).run
    async with bench.worker():
        return await bench.waiting(run)


@pytest.mark.guarantee("sizes-own-error-first")
async def test_decisions_without_a_worker_cannot_fill_a_history(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again and again while no worker is up, decisions are refused before history is full."""
    bench = await harness(
        temporal_address, toy_flow(GATE, toy("one", lambda given: Note(text="ok")))
    )
    waiting = await _waiting(bench)
    monkeypatch.setattr(gates, "UPDATE_WAIT", timedelta(milliseconds=50))
    request = DecisionRequest(shown=waiting.shown, who="eva", verdict="approve")

    first = await bench.gates.decide(waiting.run, waiting.gate, request)
    monkeypatch.setattr(gates, "HISTORY_EVENTS", 1)
    with pytest.raises(ConflictError, match="start a worker"):
        await bench.gates.decide(waiting.run, waiting.gate, request)
    async with bench.worker():
        ended = await bench.ended(waiting.run)

    assert (first.delivered, ended.status) == (False, RunStatus.SUCCEEDED)
