"""The parts together: order, failure of one, the record."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from services.errors import StorageError, UnavailableError
from services.settings import ModelSource
from services.stack import folder
from services.stack.part import Part, RestartPolicy
from services.stack.record import ModelChoice, Phase, read_record, stack_state
from services.stack.stack import Stack, StackPlan

APart = Callable[..., Part]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]

LIFE = """
diary = (here / "diary").open("a", buffering=1)
def leave(*_): diary.write(name + " left\\n"); sys.exit()
signal.signal(signal.SIGTERM, leave)
diary.write(name + " came\\n"); ready(); stay()
"""


def plan_of(data_dir: Path, *parts: Part) -> StackPlan:
    folder.prepare(data_dir)
    model = ModelChoice(source=ModelSource.SCRIPTED, reason="this is a test")
    return StackPlan(data_dir, parts, model, environment={"ORCHESTRA_MODEL": "scripted"})


async def test_needed_parts_come_first_and_leave_last(a_part: APart, tmp_path: Path) -> None:
    """A part starts after what it needs and is stopped before it."""
    memory = a_part("memory", "name = 'memory'; time.sleep(0.2)" + LIFE)
    worker = a_part("worker", "name = 'worker'" + LIFE, needs=("memory",))

    async with Stack(plan_of(tmp_path, memory, worker)):
        pass

    assert (tmp_path / "diary").read_text().splitlines() == [
        "memory came",
        "worker came",
        "worker left",
        "memory left",
    ]


async def test_running_stack_is_written_down(a_part: APart, tmp_path: Path) -> None:
    """While it runs, anybody can read who runs it, of what, and where the model comes from."""
    part = a_part("memory", "ready(); stay()", address="redis://127.0.0.1:1/0")

    async with Stack(plan_of(tmp_path, part)) as stack:
        record = stack_state(tmp_path)
        assert record == stack.record

    assert record is not None
    assert record.phase is Phase.RUNNING
    assert record.model.reason == "this is a test"
    assert record.parts[0].address == "redis://127.0.0.1:1/0"
    assert record.parts[0].log == tmp_path / "logs" / "memory.log"


async def test_stopped_stack_leaves_no_record(a_part: APart, tmp_path: Path) -> None:
    """After an orderly stop nothing claims that a stack runs."""
    async with Stack(plan_of(tmp_path, a_part("memory", "ready(); stay()"))):
        pass

    assert read_record(tmp_path) is None


async def test_part_that_cannot_start_stops_the_others(
    a_part: APart, tmp_path: Path, impatient: RestartPolicy
) -> None:
    """A stack comes up whole or not at all, and the record keeps why it did not."""
    good = a_part("memory", "name = 'memory'" + LIFE)
    bad = a_part("worker", "print('no key'); sys.exit(1)", needs=("memory",))

    with pytest.raises(UnavailableError, match="worker ended 3 times"):
        async with Stack(plan_of(tmp_path, good, bad), impatient):
            pass

    record = read_record(tmp_path)
    assert record is not None
    assert record.phase is Phase.FAILED
    assert "no key" in record.failure
    assert (tmp_path / "diary").read_text().endswith("memory left\n")


async def test_part_that_is_given_up_ends_the_stack(
    a_part: APart, tmp_path: Path, impatient: RestartPolicy
) -> None:
    """A stack that has lost a part for good does not pretend to work."""
    good = a_part("memory", "name = 'memory'" + LIFE)
    bad = a_part("worker", "ready(); time.sleep(0.5); sys.exit(1)")

    with pytest.raises(UnavailableError, match="worker ended 3 times"):
        async with Stack(plan_of(tmp_path, good, bad), impatient) as stack:
            await stack.wait()

    assert (tmp_path / "diary").read_text().endswith("memory left\n")


async def test_start_can_be_broken_off(
    a_part: APart, tmp_path: Path, eventually: Eventually
) -> None:
    """A start that is cancelled leaves neither parts nor a record."""
    good = a_part("memory", "name = 'memory'" + LIFE)
    slow = a_part("model", "stay()")
    start = asyncio.create_task(Stack(plan_of(tmp_path, good, slow)).__aenter__())
    await eventually((tmp_path / "memory.ready").exists)

    start.cancel()
    await asyncio.wait({start})

    assert start.cancelled()
    assert (tmp_path / "diary").read_text().endswith("memory left\n")
    assert read_record(tmp_path) is None


async def test_folder_that_cannot_be_written_is_named(a_part: APart, tmp_path: Path) -> None:
    """A data folder in which nothing can be written is an error with its name."""
    plan = plan_of(tmp_path / "data", a_part("memory", "ready(); stay()"))
    lost = StackPlan(tmp_path / "gone", plan.parts, plan.model)

    with pytest.raises(StorageError, match=str(tmp_path / "gone")):
        async with Stack(lost):
            pass
