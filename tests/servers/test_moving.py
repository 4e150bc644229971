"""Runs that wait are moved to a newer version of their flow: asked for, checked and told."""

import asyncio
from dataclasses import replace

import pytest

from contracts.run import DecisionRequest, MoveRequest, RunStatus, SteerRequest
from services.errors import ConflictError, InputInvalidError
from services.runs.moving import Moving
from services.runs.steering import Steering
from tests.harness import Harness, harness
from tests.servers.small_flows import GATE
from tests.toys import HEAD, Note, ToyFlow, toy, toy_flow, toy_shelf

pytestmark = pytest.mark.servers

MOVER = MoveRequest(who="olga")
CHECKED = GATE.replace("next: done", "next: polish").replace(
    "ends:\n",
    "  polish: {agent: polisher, reads: [first], writes: last, next: done}\nends:\n",
)
NEWER = CHECKED.replace("slots: {first: Note@1,", "slots: {first: Note@1, last: Note@1,").replace(
    "output: first", "output: last"
)


class Desk:
    """Agents that count what they were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def flow(self, body: str, version: int) -> ToyFlow:
        """A version of the flow."""
        return toy_flow(
            body,
            toy("one", lambda _: self._note("one")),
            toy("polisher", lambda _: self._note("polished"), first="Note@1"),
            head=HEAD.replace("version: 1", f"version: {version}"),
        )

    def _note(self, text: str) -> Note:
        self.asked.append(text)
        return Note(text=text)


async def _approve(bench: Harness, run: str) -> None:
    gate = await bench.waiting(run)
    decision = DecisionRequest(shown=gate.shown, who="ann", verdict="approve")
    await bench.gates.decide(run, "approve", decision)


async def _waiting_by_the_old(desk: Desk, address: str) -> tuple[Harness, ToyFlow]:
    """Set up a newsroom whose gateway starts the old version, with agents of both."""
    newer = desk.flow(NEWER, 2)
    bench = await harness(address, desk.flow(GATE, 1))
    return replace(bench, assembly=replace(bench.assembly, agents=newer.agents)), newer


async def test_a_waiting_run_goes_on_by_the_newer_version(temporal_address: str) -> None:
    """What was made is not made again, the decision goes by new rules, the old run has ended."""
    desk = Desk()
    bench, newer = await _waiting_by_the_old(desk, temporal_address)

    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        await bench.waiting(run)
        bench.runs.shelf = toy_shelf(newer.flow)
        told = await Moving(bench.runs).move(run, MoveRequest(who="olga", dry_run=True))
        moved = await Moving(bench.runs).move(run, MOVER)
        old = await bench.ended(run)
        await _approve(bench, moved.moved_to)
        ended = await bench.ended(moved.moved_to)

    assert (told.moved_to, told.place) == ("", "approve")
    assert (told.from_version, told.to_version, told.agents) == (1, 2, ("polisher",))
    assert old.status is RunStatus.CANCELLED
    assert (ended.status, ended.flow_version) == (RunStatus.SUCCEEDED, 2)
    assert desk.asked == ["one", "polished"]
    assert ended.of is not None
    assert (ended.of.run, ended.of.how) == (run, "move")


async def test_a_run_that_the_newer_version_cannot_take_over_stays(temporal_address: str) -> None:
    """A gate that is gone and a slot that holds something else are named; the run goes on as is."""
    desk = Desk()
    bench, _ = await _waiting_by_the_old(desk, temporal_address)
    elsewhere = desk.flow(GATE.replace("approve", "agree").replace("first", "text"), 3)

    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        await bench.waiting(run)
        with pytest.raises(ConflictError, match="as it is offered now; nothing to move"):
            await Moving(bench.runs).move(run, MOVER)
        bench.runs.shelf = toy_shelf(elsewhere.flow)
        with pytest.raises(InputInvalidError) as refused:
            await Moving(bench.runs).move(run, MOVER)
        await _approve(bench, run)
        ended = await bench.ended(run)
        with pytest.raises(ConflictError, match="has ended already"):
            await Moving(bench.runs).move(run, MOVER)

    assert [each.message for each in refused.value.problems] == [
        "slot first holds a Note@1, and there is none",
        "there is no approve in it",
    ]
    assert ended.status is RunStatus.SUCCEEDED


async def test_a_run_is_not_moved_from_under_a_step_at_work(temporal_address: str) -> None:
    """What a step is doing would be paid again: it is let end, with the run paused, before."""
    desk = Desk()
    bench, newer = await _waiting_by_the_old(desk, temporal_address)
    started = await bench.runs.start("toy", {"text": "x"})
    bench.runs.shelf = toy_shelf(newer.flow)
    await Steering(bench.runs).pause(started.run, SteerRequest(who="olga"))

    async with bench.worker():
        for _ in range(200):
            if (await bench.runs.summary(started.run)).status is RunStatus.PAUSED:
                break
            await asyncio.sleep(0.05)
        moved = await Moving(bench.runs).move(started.run, MOVER)
        await _approve(bench, moved.moved_to)
        ended = await bench.ended(moved.moved_to)

    assert moved.place == "one"
    assert ended.status is RunStatus.SUCCEEDED
    assert desk.asked == ["one", "polished"]
