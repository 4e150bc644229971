"""Parallel blocks on a real Temporal server: at a time, joined, and the same as one by one."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from contracts.event import EventKind
from contracts.failure import FailureKind
from contracts.run import DecisionRequest, RetryRequest, RunStatus
from services.agents.base import Given
from services.errors import StepError
from services.runs.forking import Forking
from tests.harness import Harness, harness
from tests.toys import Note, ToyFlow, toy, toy_flow

pytestmark = pytest.mark.servers

SLOTS = """
slots: {facts: Note@1, plan: Note@1, voice: Note@1, text: Note@1}
start: prepare
steps:
  prepare:
    branches: {sources: [research, outline], style: [listen]}
    next: write
"""
MEMBERS = """
  research: {agent: researcher, reads: [start], writes: facts}
  outline: {agent: planner, reads: [facts], writes: plan}
  listen: {agent: listener, reads: [start], writes: voice}
"""
WRITE = """
  write: {agent: writer, reads: [plan, voice], writes: text, next: done}
"""
ENDS = """
ends:
  done: {outcome: succeeded, output: text}
  failed: {outcome: failed}
"""
BLOCK = SLOTS + MEMBERS + WRITE + ENDS
ASKING = (
    SLOTS
    + """
  research:
    agent: researcher
    reads: [start]
    writes: facts
    on_failure: {rule_broken: {then: help, at_most: 2}}
  outline: {agent: planner, reads: [facts], writes: plan}
  listen: {agent: listener, reads: [start], writes: voice}
  help:
    gate: operator
    answers: failure
    allow: [retry, supply, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
"""
    + WRITE
    + ENDS
)


class Newsroom:
    """Agents that note who began, who ended, and who cannot be reached."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.all_begun = asyncio.Event()
        self.paid: Counter[str] = Counter()
        self.away: set[str] = set()
        self.waits_for: dict[str, asyncio.Event] = {}
        self.ended: dict[str, asyncio.Event] = {}

    def flow(self, body: str = BLOCK) -> ToyFlow:
        """A flow of these agents."""
        return toy_flow(
            body,
            toy("researcher", self._work("researcher", "start")),
            toy("planner", self._work("planner", "facts"), facts="Note@1"),
            toy("listener", self._work("listener", "start")),
            toy("writer", self._work("writer", "plan", "voice"), plan="Note@1", voice="Note@1"),
        )

    def _work(self, name: str, *inputs: str) -> Callable[[Given], Awaitable[Note]]:
        self.ended[name] = asyncio.Event()

        async def work(given: Given) -> Note:
            self.begun.append(name)
            if {"researcher", "listener"} <= {*self.begun}:
                self.all_begun.set()
            if name in self.waits_for:
                await asyncio.wait_for(self.waits_for[name].wait(), 20)
            if name in self.away:
                raise StepError(FailureKind.RULE_BROKEN, f"{name} is away")
            self.paid[name] += 1
            self.ended[name].set()
            texts = (given.one(each, Note).text for each in inputs)
            return Note(text=f"{name}({', '.join(texts)})")

        return work


WHOLE = "writer(planner(researcher(x)), listener(x))"


async def _text(bench: Harness, run: str) -> str:
    found = await bench.runs.result(run)
    assert isinstance(found, dict)
    return str(found["text"])


async def test_branches_are_worked_on_at_a_time(temporal_address: str) -> None:
    """The first step of one branch ends only after the other branch has: neither waits its turn."""
    room = Newsroom()
    flow = room.flow()
    room.waits_for["researcher"] = room.ended["listener"]
    bench = await harness(temporal_address, flow)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.SUCCEEDED
    assert await _text(bench, ended.id) == WHOLE
    assert room.paid == {"researcher": 1, "planner": 1, "listener": 1, "writer": 1}


async def test_what_a_block_makes_does_not_depend_on_which_branch_was_quicker(
    temporal_address: str,
) -> None:
    """Whoever ends first, the run crosses the same borders and holds the same versions."""
    told = []
    for slow, quick in (("researcher", "listener"), ("listener", "planner")):
        room = Newsroom()
        flow = room.flow()
        room.waits_for[slow] = room.ended[quick]
        bench = await harness(temporal_address, flow)
        ended = await bench.finish({"text": "x"})
        borders = await bench.runs.hand_offs(ended.id)
        slots = await bench.runs.context(ended.id)
        told.append(
            (
                [(each.source, each.target, each.rule) for each in borders],
                {slot.slot: [held.digest for held in slot.versions] for slot in slots},
            )
        )

    assert told[0] == told[1]
    assert [border[0] for border in told[0][0]] == ["research", "outline", "listen", "write"]


async def test_the_first_step_that_failed_in_the_order_of_the_block_decides(
    temporal_address: str,
) -> None:
    """Both branches fail, the later one first: the run goes where the earlier one's plan leads."""
    room = Newsroom()
    body = BLOCK.replace(
        "reads: [start], writes: facts}",
        "reads: [start], writes: facts, on_failure: {rule_broken: {then: no_facts}}}",
    ).replace("ends:\n", "ends:\n  no_facts: {outcome: failed, reason: No facts.}\n")
    flow = room.flow(body)
    room.away = {"researcher", "listener"}
    bench = await harness(temporal_address, flow)

    ended = await bench.finish({"text": "x"})

    assert (ended.status, ended.reason) == (RunStatus.FAILED, "No facts.")
    told = await bench.runs.told(ended.id)
    failed = [each.step for each in told[0].events.values() if each.kind is EventKind.STEP_FAILED]
    assert sorted(failed) == ["listen", "research"]


@pytest.mark.parametrize(("action", "researched"), [("retry", 1), ("supply", 0)])
async def test_a_block_that_fails_buys_nothing_twice(
    temporal_address: str, action: str, researched: int
) -> None:
    """While one branch fails the other is let finish, and is not paid again after the answer."""
    room = Newsroom()
    bench = await harness(temporal_address, room.flow(ASKING))
    room.away = {"researcher"}

    async with bench.worker():
        started = await bench.runs.start("toy", {"text": "x"})
        gate = await bench.waiting(started.run)
        assert room.paid == {"listener": 1}
        room.away.clear()
        supplied = {"text": "researcher(x)"} if action == "supply" else None
        request = DecisionRequest.model_validate(
            {"shown": gate.shown, "who": "sam", "action": action, "supplied": supplied}
        )
        await bench.gates.decide(started.run, "help", request)
        ended = await bench.ended(started.run)

    assert ended.status is RunStatus.SUCCEEDED
    assert await _text(bench, ended.id) == WHOLE
    assert (room.paid["listener"], room.paid["researcher"]) == (1, researched)


async def test_a_retried_run_takes_over_what_the_other_branch_made(temporal_address: str) -> None:
    """A run that one branch has ended goes on in a new one, which pays for that branch alone."""
    room = Newsroom()
    bench = await harness(temporal_address, room.flow())
    room.away = {"planner"}
    failed = await bench.finish({"text": "x"})
    room.away.clear()

    async with bench.worker():
        again = await Forking(bench.runs).retry(failed.id, RetryRequest())
        ended = await bench.ended(again.run)

    assert ended.status is RunStatus.SUCCEEDED
    assert await _text(bench, ended.id) == WHOLE
    assert room.paid == {"researcher": 1, "planner": 1, "listener": 1, "writer": 1}


async def test_a_cancelled_run_stops_all_branches(temporal_address: str) -> None:
    """Cancelling reaches the work of every branch, and the run ends as cancelled."""
    room = Newsroom()
    flow = room.flow()
    never = asyncio.Event()
    room.waits_for = {"researcher": never, "listener": never}
    bench = await harness(temporal_address, flow)

    async with bench.worker():
        started = await bench.runs.start("toy", {"text": "x"})
        await asyncio.wait_for(room.all_begun.wait(), 20)
        await bench.runs.cancel(started.run)
        ended = await bench.ended(started.run)

    assert ended.status is RunStatus.CANCELLED
    assert not room.paid
