"""The interpreter on a real Temporal server: order, routes, loops, fan-out, gates, failures."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import JsonValue
from temporalio.client import WorkflowFailureError

from contracts.failure import FailureKind
from contracts.reference import Value
from contracts.run import DecisionRequest, GateView, RunStatus
from contracts.work import RunStart
from services.agents.base import Given
from services.errors import ConflictError, StepError
from tests.harness import Harness, harness
from tests.toys import Note, NoteItem, Toy, ToyFlow, toy, toy_flow
from workflows.run_flow import RunFlow

pytestmark = pytest.mark.servers

LINE = """
slots: {first: Note@1, second: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: two}
  two: {agent: two, reads: [first], writes: second, next: done}
ends:
  done: {outcome: succeeded, output: second}
  failed: {outcome: failed}
"""


def _append(name: str, suffix: str) -> Callable[[Given], Note]:
    return lambda given: Note(text=given.one(name, Note).text + suffix)


async def test_a_sequence_hands_values_on(temporal_address: str) -> None:
    """A run of two steps ends with what the second made of what the first made."""
    flow = toy_flow(
        LINE, toy("one", _append("start", "1")), toy("two", _append("first", "2"), first="Note@1")
    )
    bench = await harness(temporal_address, flow)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.SUCCEEDED
    assert (await bench.runs.result(ended.id)) == {
        "text": "x12",
        "score": 0,
        "items": [{"id": "a", "text": ""}],
    }
    crossed = await bench.runs.hand_offs(ended.id)
    assert [(each.source, each.target, each.rule) for each in crossed] == [
        ("one", "two", "else"),
        ("two", "done", "else"),
    ]


async def test_pure_steps_run_in_the_run_s_own_worker(temporal_address: str) -> None:
    """Pure steps leave markers instead of scheduled activities, and give the same result."""
    flow = toy_flow(
        LINE,
        toy("one", _append("start", "1"), pure=True),
        toy("two", _append("first", "2"), pure=True, first="Note@1"),
    )
    bench = await harness(temporal_address, flow)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.SUCCEEDED
    assert [step.step for step in await bench.runs.steps(ended.id)] == ["one", "two"]


ROUTES = """
slots: {first: Note@1, second: Note@1}
start: one
steps:
  one:
    agent: one
    reads: [start]
    writes: first
    next:
      - {when: "first.score >= 50", to: two}
      - {else: low}
  two: {agent: two, reads: [first], writes: second, next: done}
ends:
  done: {outcome: succeeded, output: second}
  low: {outcome: rejected, reason: The score is low.}
  failed: {outcome: failed}
"""


@pytest.mark.parametrize(("score", "status"), [(50, "succeeded"), (49, "rejected")])
async def test_a_rule_decides_the_route(temporal_address: str, score: int, status: str) -> None:
    """The first rule that holds on the step's facts chooses the way; else is the default."""
    flow = toy_flow(
        ROUTES,
        toy("one", lambda given: Note(score=given.one("start", Note).score)),
        toy("two", _append("first", "2"), first="Note@1"),
    )
    bench = await harness(temporal_address, flow)

    ended = await bench.finish({"score": score})

    assert ended.status == status


LOOP = """
slots: {first: Note@1}
start: one
steps:
  one:
    agent: one
    reads: [start, "first?"]
    writes: first
    next:
      - {when: "first.score < 99", to: one, at_most: 3}
      - {else: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def _grow(given: Given) -> Note:
    before = given.maybe("first", Note)
    return Note(text=(before.text if before else "") + "x", score=1)


async def test_a_loop_is_bounded_by_its_rule(temporal_address: str) -> None:
    """A rule with at_most is taken so often in a run and then no longer matches."""
    one = toy("one", _grow, start="Note@1", first="Note@1")
    one.__dict__["declaration"] = one.declaration.model_copy(update={"optional": ("first",)})
    bench = await harness(temporal_address, toy_flow(LOOP, one))

    ended = await bench.finish()

    assert ended.status is RunStatus.SUCCEEDED
    assert [step.visit for step in await bench.runs.steps(ended.id)] == [1, 2, 3, 4]


FAN_OUT = """
slots: {plan: Note@1, parts: [Note@1], whole: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: plan, next: write}
  write:
    each: part in plan.items
    agent: write
    reads: [start]
    writes: parts
    parallel: 3
    next: join
  join: {agent: join, reads: [parts], writes: whole, next: done}
ends:
  done: {outcome: succeeded, output: whole}
  failed: {outcome: failed}
"""


def _join(given: Given) -> Note:
    return Note(text=",".join(part.text for part in given.many("parts", Note)))


def _fan_out(count: int, *, pure: bool = False, size: int = 0) -> ToyFlow:
    items = tuple(NoteItem(id=f"i{number}") for number in range(count))
    write = toy(
        "write",
        lambda given: Note(text=given.one("part", NoteItem).id + "." * size),
        pure=pure,
        start="Note@1",
        part="Note@1.items[]",
    )
    return toy_flow(
        FAN_OUT,
        toy("one", lambda given: Note(items=items)),
        write,
        toy("join", _join, parts="[Note@1]"),
    )


async def test_a_fan_out_keeps_the_order_of_its_items(temporal_address: str) -> None:
    """Items run in parallel and their results stand in the order of the list."""
    bench = await harness(temporal_address, _fan_out(7))

    ended = await bench.finish()

    result = await bench.runs.result(ended.id)
    assert result["text"] == "i0,i1,i2,i3,i4,i5,i6"  # type: ignore[index, call-overload]


@pytest.mark.guarantee("sizes-own-error-first")
async def test_ninety_large_local_results_do_not_end_the_run(temporal_address: str) -> None:
    """Task boundaries keep ninety pure results of 60 kB from one oversized task."""
    bench = await harness(temporal_address, _fan_out(90, pure=True, size=60_000))

    ended = await bench.finish()

    assert ended.status is RunStatus.SUCCEEDED


@pytest.mark.guarantee("sizes-own-error-first")
async def test_a_long_run_continues_as_new(temporal_address: str) -> None:
    """A run past its history limit goes on in a new execution with everything it knew."""
    one = toy("one", _grow, start="Note@1", first="Note@1")
    one.__dict__["declaration"] = one.declaration.model_copy(update={"optional": ("first",)})
    bench = await harness(temporal_address, toy_flow(LOOP, one))

    ended = await bench.finish(history_limit=20)

    told = await bench.runs.history.tell(bench.runs.tenant, ended.id)
    assert told.executions > 1
    assert ended.flow == "toy"
    assert [step.visit for step in await bench.runs.steps(ended.id)] == [1, 2, 3, 4]
    assert (await bench.runs.result(ended.id))["text"] == "xxxx"  # type: ignore[index, call-overload]


GATE = """
slots: {first: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: approve}
  approve:
    gate: editor
    shows: [first]
    writes: decision
    edits: first
    deadline: DEADLINE
    on_deadline: {to: expired}
    next:
      - {when: "decision.verdict == 'reject'", to: rejected}
      - {else: done}
ends:
  done: {outcome: succeeded, output: first}
  rejected: {outcome: rejected}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""


def _gated(deadline: str) -> ToyFlow:
    return toy_flow(GATE.replace("DEADLINE", deadline), toy("one", _append("start", "1")))


async def _open_gate(bench: Harness, run: str) -> GateView:
    for _ in range(100):
        if waiting := await bench.gates.open(run):
            return waiting[0]
        await asyncio.sleep(0.05)
    raise AssertionError("the gate did not open")


async def test_a_person_s_edit_becomes_the_next_version(temporal_address: str) -> None:
    """An edited value replaces what was shown, as a version made by the gate."""
    bench = await harness(temporal_address, _gated("1h"))
    edited: dict[str, JsonValue] = {"text": "mine"}
    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        gate = await _open_gate(bench, run)

        request = DecisionRequest(shown=gate.shown, who="eva", verdict="edited", edited=edited)
        reply = await bench.gates.decide(run, "approve", request)
        ended = await bench.ended(run)

    assert (reply.delivered, ended.status) == (True, RunStatus.SUCCEEDED)
    assert (await bench.runs.result(run))["text"] == "mine"  # type: ignore[index, call-overload]
    [first] = [slot for slot in await bench.runs.context(run) if slot.slot == "first"]
    assert [version.produced_by for version in first.versions] == ["one", "approve"]


@pytest.mark.guarantee("decisions-name-what-was-seen")
async def test_a_decision_on_another_version_is_refused(temporal_address: str) -> None:
    """A decision names what was shown; any other digest is a conflict."""
    bench = await harness(temporal_address, _gated("1h"))
    async with bench.worker():
        run = (await bench.runs.start("toy", {})).run
        await _open_gate(bench, run)

        with pytest.raises(ConflictError, match="look again"):
            await bench.gates.decide(
                run, "approve", DecisionRequest(shown="0" * 64, who="eva", verdict="approve")
            )
        await bench.runs.cancel(run)
        ended = await bench.ended(run)

    assert ended.status is RunStatus.CANCELLED


@pytest.mark.guarantee("decisions-name-what-was-seen")
async def test_a_decision_is_not_lost_while_no_worker_is_up(temporal_address: str) -> None:
    """Sent with no worker, a decision is kept by the server and taken by the next worker."""
    bench = await harness(temporal_address, _gated("1h"))
    async with bench.worker():
        run = (await bench.runs.start("toy", {})).run
        gate = await _open_gate(bench, run)

    request = DecisionRequest(shown=gate.shown, who="eva", verdict="approve")
    reply = await bench.gates.decide(run, "approve", request)
    async with bench.worker():
        ended = await bench.ended(run)

    assert (reply.delivered, ended.status) == (False, RunStatus.SUCCEEDED)


@pytest.mark.guarantee("the-plan-is-followed")
async def test_an_unanswered_gate_takes_its_deadline_route(temporal_address: str) -> None:
    """When nobody decides in time the run ends as declared, and Temporal calls it failed."""
    bench = await harness(temporal_address, _gated("1s"))

    ended = await bench.finish()

    assert (ended.status, ended.place) == (RunStatus.EXPIRED, "expired")


@pytest.mark.guarantee("poison-stays-alone")
async def test_an_undecodable_start_fails_at_once(temporal_address: str) -> None:
    """A run whose compiled flow cannot be read fails with a reason instead of trying for ever."""
    bench = await harness(temporal_address, toy_flow(LINE, *_line()))
    start = RunStart(
        tenant=bench.queue, run="broken", flow=Value(digest="0" * 64, size=1, body="{")
    )
    async with bench.worker():
        handle = await bench.client.start_workflow(
            RunFlow.run, start, id=f"{bench.queue}/broken", task_queue=bench.queue
        )
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()

    assert "cannot be read by this worker" in str(caught.value.cause)


def _line() -> tuple[Toy, Toy]:
    return toy("one", _append("start", "1")), toy("two", _append("first", "2"), first="Note@1")


FLAKY = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


class _Failing:
    """Fails a number of times in one way, then works."""

    def __init__(self, times: int, error: Exception) -> None:
        self.calls = 0
        self._times = times
        self._error = error

    def __call__(self, given: Given) -> Note:
        self.calls += 1
        if self.calls <= self._times:
            raise self._error
        return Note(text="ok")


@pytest.mark.guarantee("only-the-passing-is-retried")
async def test_an_unavailable_part_is_tried_again(temporal_address: str) -> None:
    """Temporal alone retries what may pass, as often as the plan says."""
    work = _Failing(
        2, StepError(FailureKind.UNAVAILABLE, "gone", retry_after=timedelta(seconds=0.01))
    )
    bench = await harness(temporal_address, toy_flow(FLAKY, toy("one", work)))

    ended = await bench.finish()

    assert (ended.status, work.calls) == (RunStatus.SUCCEEDED, 3)


@pytest.mark.guarantee("the-plan-is-followed")
async def test_used_up_retries_follow_the_plan(temporal_address: str) -> None:
    """One attempt and the plan's retries are made, then the run ends where the plan says."""
    error = StepError(FailureKind.TIMED_OUT, "slow", retry_after=timedelta(seconds=0.01))
    work = _Failing(99, error)
    bench = await harness(temporal_address, toy_flow(FLAKY, toy("one", work)))

    ended = await bench.finish()

    assert (ended.status, work.calls) == (RunStatus.FAILED, 2)
    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.TIMED_OUT


@pytest.mark.parametrize("pure", [True, False])
@pytest.mark.guarantee("poison-stays-alone")
async def test_a_bug_in_an_agent_ends_the_run_at_once(temporal_address: str, pure: bool) -> None:
    """An unforeseen error fails the run with its kind, whichever way the step was run."""
    work = _Failing(99, ZeroDivisionError("x"))
    bench = await harness(temporal_address, toy_flow(FLAKY, toy("one", work, pure=pure)))

    ended = await bench.finish()

    assert (ended.status, work.calls) == (RunStatus.FAILED, 1)
    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.BUG
