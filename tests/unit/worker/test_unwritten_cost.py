"""A reply that was paid and could not be journaled still counts in the run's ledger."""

import dataclasses
from collections.abc import AsyncIterator

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contracts.base import digest
from contracts.reference import Reference, Trust
from contracts.usage import Usage
from contracts.work import StepTask
from services.errors import UnavailableError
from services.llm.in_process import ScriptedModel
from services.llm.scripted.respondent import answer_by_agent
from services.memory.base import JournalEntry, JournalState, WorkKey
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory
from services.payloads import PayloadConverter
from services.worker.activities import Assembly, WorkerActivities
from tests.toys import REGISTRY, Note, ToyFlow, ToyWriter, toy_flow

PLENTY = Usage(calls=9, input_tokens=99_999, cost_microusd=99_999_999)
BODY = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: toy_writer, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


class OnceDeafStore(InProcessStore):
    """Memory that is away when the first answer should be noted, and back right after."""

    def __init__(self) -> None:
        super().__init__()
        self.is_deaf = True

    async def record(self, work: WorkKey, entry: JournalEntry) -> None:
        """See `ContextStore.record`."""
        if entry.state is JournalState.ANSWERED and self.is_deaf:
            self.is_deaf = False
            raise UnavailableError("the memory does not answer; check that the server runs")
        await super().record(work, entry)


@pytest.fixture
async def store() -> AsyncIterator[OnceDeafStore]:
    """A store that loses one answer."""
    kept = OnceDeafStore()
    yield kept
    await kept.aclose()


async def _task(store: InProcessStore, toy: ToyFlow) -> StepTask:
    flow, note = toy.flow.encode(), Note(text="in").encode()
    await store.turn("t", "r1", write={digest(flow): flow, digest(note): note})
    start = Reference(
        slot="start",
        ordinal=1,
        contract="Note@1",
        digest=digest(note),
        size=len(note),
        trust=Trust.OPERATOR,
        produced_by="input",
    )
    return StepTask(
        tenant="t",
        run="r1",
        flow=digest(flow),
        step="one",
        visit=1,
        seq=2,
        inputs={"start": (start,)},
        allowance=PLENTY,
    )


async def test_an_answer_that_was_not_journaled_is_in_the_ledger(store: OnceDeafStore) -> None:
    """Memory missed the answer and took the line that the attempt gave up: both calls are paid."""
    toy = toy_flow(BODY, ToyWriter())
    model = ScriptedModel(answer_by_agent({"toy_writer": ToyWriter().sample_answer}))
    memory = Memory(store, InProcessArchive(), None)
    activities = WorkerActivities(Assembly(memory, toy.agents, model, REGISTRY))
    environment = ActivityEnvironment()
    environment.payload_converter = PayloadConverter()
    task = await _task(store, toy)

    with pytest.raises(ApplicationError):
        await environment.run(activities.step, task)
    environment.info = dataclasses.replace(environment.info, attempt=2)
    result = await environment.run(activities.step, task)

    assert len(model.calls) == 2
    assert result.usage.calls == 2
    assert result.usage.tokens == sum(
        call.input_tokens + call.output_tokens for call in model.calls
    )
