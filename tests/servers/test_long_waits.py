"""A gate that waits for weeks: who is reminded and asked meanwhile, and what the wait costs."""

from datetime import timedelta

import pytest
from temporalio.testing import TimeSkipper

from contracts.event import Event, EventKind
from contracts.run import DecisionRequest, RunStatus
from services.agents.base import Given
from services.llm.in_process import ScriptedModel
from services.stack.throwaway import temporal_server
from tests.guarantees.figures import Figures
from tests.harness import Harness, harness
from tests.toys import Note, ToyFlow, ToyWriter, toy, toy_flow

pytestmark = pytest.mark.servers

PATIENT = """
slots: {first: Note@1, decision: Decision@2, last: Note@1}
start: write
steps:
  write: {agent: toy_writer, reads: [start], writes: first, next: approve}
  approve:
    gate: editor
    shows: [first]
    writes: decision
    deadline: 60d
    on_deadline: {to: expired}
    remind: [7d, 14d]
    escalate: [{after: 21d, to: chief_editor}]
    next:
      - {when: "decision.verdict == 'approve'", to: finish}
      - {else: rejected}
  finish: {agent: finish, reads: [{start: first}], writes: last, next: done}
ends:
  done: {outcome: succeeded, output: last}
  rejected: {outcome: rejected}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""


def patient() -> ToyFlow:
    """A step that asks a model, a gate of two months, and a step that asks none."""

    def finish(given: Given) -> Note:
        return Note(text=given.one("start", Note).text)

    return toy_flow(PATIENT, ToyWriter(), toy("finish", finish))


async def happened(bench: Harness, run: str) -> list[Event]:
    """What the run has told that concerns people, in order."""
    of_people = (EventKind.GATE_OPENED, EventKind.REMINDED, EventKind.ESCALATED)
    told = await bench.runs.history.tell(bench.runs.tenant, run)
    return [each for each in told.ordered() if each.kind in of_people]


@pytest.mark.guarantee("paid-once")
async def test_a_wait_of_thirty_days_buys_nothing_twice(figures: Figures) -> None:
    """People are reminded and another role is asked on time; the model is called once in all.

    The worker is another one after the wait, so that nothing of the first one's memory helps.
    """
    model = ScriptedModel()
    async with temporal_server(skips_time=True) as address:
        bench = await harness(address, patient(), model=model)
        async with bench.worker():
            run = (await bench.runs.start("toy", {"text": "x"})).run
            opened = await bench.waiting(run)
            before = len(model.calls)
            skipper = TimeSkipper(bench.client)
            await skipper.fast_forward(bench.runs.handle(run), timedelta(days=30))
        waiting = (await bench.gates.open(run))[0]
        events = await happened(bench, run)
        async with bench.worker():
            request = DecisionRequest(shown=opened.shown, who="ann", verdict="approve")
            await bench.gates.decide(run, "approve", request)
            ended = await bench.ended(run)

    assert (before, len(model.calls), ended.spent.calls) == (1, 1, 1)
    assert ended.status is RunStatus.SUCCEEDED
    began = events[0].at_ms
    assert [
        (each.kind, each.role, round((each.at_ms - began) / 86_400_000)) for each in events
    ] == [
        (EventKind.GATE_OPENED, "", 0),
        (EventKind.REMINDED, "editor", 7),
        (EventKind.REMINDED, "editor", 14),
        (EventKind.ESCALATED, "chief_editor", 21),
    ]
    assert (waiting.role, waiting.escalated_from, waiting.reminded) == (
        "chief_editor",
        ("editor",),
        2,
    )
    figures.add("model calls after 30 days", len(model.calls) - before)
