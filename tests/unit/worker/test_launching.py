"""Runs that no request starts are prepared as a request's are."""

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contracts.base import digest
from contracts.launch import LaunchTask
from services.long_term.in_process import empty_memory
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory
from services.runs.preparing import Preparing
from services.runs.turns import Turns
from services.worker.launching import WorkerLaunchActivities
from tests.toys import HEAD, REGISTRY, Note, toy, toy_flow, toy_shelf

BODY = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: copier, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
GIVEN = '{"start": {"text": "hello"}}'
TASK = LaunchTask(tenant="t", run="r1", flow="toy", given=GIVEN)


@pytest.fixture
def memory() -> Memory:
    """Memory without a server."""
    return Memory(InProcessStore(), InProcessArchive(), None)


class NoTurns(Turns):
    """Turns that nobody asks for."""

    def __init__(self) -> None:
        """Need no server."""


@pytest.fixture
def launching(memory: Memory) -> WorkerLaunchActivities:
    """A worker that offers one flow."""
    made = toy_flow(BODY, toy("copier", lambda given: Note(text="copied")), head=HEAD)
    entries = empty_memory(memory.archive, REGISTRY)
    preparing = Preparing(memory, toy_shelf(made.flow), REGISTRY, entries)
    return WorkerLaunchActivities(memory, preparing, NoTurns())


async def test_the_start_of_a_launched_run_carries_flow_and_input(
    launching: WorkerLaunchActivities, memory: Memory
) -> None:
    """What a launch prepares is all that a run needs, and memory has it."""
    start = await ActivityEnvironment().run(launching.prepare, TASK)

    kept, _ = await memory.read("t", "r1", [start.input["start"].digest, start.flow.digest])
    assert (start.run, start.flow.body) == ("r1", kept[start.flow.digest].decode())
    assert b"hello" in kept[start.input["start"].digest]


async def test_a_launch_that_is_tried_again_prepares_the_same_run(
    launching: WorkerLaunchActivities,
) -> None:
    """A worker that dies after preparing leaves nothing that a second one would do otherwise."""
    first = await ActivityEnvironment().run(launching.prepare, TASK)

    assert await ActivityEnvironment().run(launching.prepare, TASK) == first


async def test_large_inputs_are_read_from_where_they_are_kept(
    launching: WorkerLaunchActivities, memory: Memory
) -> None:
    """Inputs that Temporal should not carry are named by their digest."""
    await memory.write("t", "r1", {digest(GIVEN.encode()): GIVEN.encode()})
    kept = TASK.model_copy(update={"given": "", "given_at": digest(GIVEN.encode())})

    start = await ActivityEnvironment().run(launching.prepare, kept)

    assert start == await ActivityEnvironment().run(launching.prepare, TASK)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"flow": "nosuch"}, "there is no flow 'nosuch'; there are: toy"),
        ({"given": "[1]"}, "the inputs are no JSON object"),
        ({"given": "{"}, "the inputs are no JSON"),
        ({"given": '{"start": {"txt": "hello"}}'}, "/start/txt: Extra inputs are not permitted"),
    ],
)
async def test_a_launch_that_cannot_succeed_is_final_and_says_why(
    launching: WorkerLaunchActivities, change: dict[str, str], told: str
) -> None:
    """Nothing is tried for ever that only its author can mend."""
    with pytest.raises(ApplicationError) as failed:
        await ActivityEnvironment().run(launching.prepare, TASK.model_copy(update=change))

    assert failed.value.non_retryable
    assert told in failed.value.message


async def test_a_row_is_taken_out_of_its_chunk(
    launching: WorkerLaunchActivities, memory: Memory
) -> None:
    """Several inputs that are kept as one value are told apart by their place in it."""
    rows = b'[{"text": "first"}, {"text": "second"}]'
    await memory.write("t", "r1", {digest(rows): rows})
    task = TASK.model_copy(update={"given": "", "given_at": digest(rows), "row": 1})

    start = await ActivityEnvironment().run(launching.prepare, task)

    assert "second" in (start.input["start"].body or "")


async def test_only_a_scheduled_start_fills_placeholders(
    launching: WorkerLaunchActivities,
) -> None:
    """What looks like a placeholder is text to whoever starts a run by hand or by a list."""
    given = '{"text": "{{scheduled.date}}"}'
    by_hand = TASK.model_copy(update={"given": given, "scheduled_ms": 0})
    due = TASK.model_copy(update={"given": given, "scheduled_ms": 1_767_567_600_000})

    left = await ActivityEnvironment().run(launching.prepare, by_hand)
    filled = await ActivityEnvironment().run(launching.prepare, due)

    assert "{{scheduled.date}}" in (left.input["start"].body or "")
    assert "2026-01-04" in (filled.input["start"].body or "")
