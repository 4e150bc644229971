"""Reads what a piece of work is given: the values behind its references, verified and decoded."""

from collections.abc import Mapping, Sequence

from contracts.base import Part
from contracts.event import Event
from contracts.facts import element
from contracts.reference import Digest, Reference
from contracts.registry import Registry
from contracts.work import StepTask
from services.agents.base import Input
from services.memory.memory import Memory


async def read_given(
    memory: Memory,
    registry: Registry,
    task: StepTask,
    receives: Mapping[str, str],
    *,
    events: Sequence[Event] = (),
    from_history: bool = True,
) -> tuple[dict[str, Input], tuple[Digest, ...]]:
    """Read the declared inputs in one round trip, and write events on the way.

    Returns the values by input, and the digests that had to be restored.

    Raises:
        NotInMemoryError: a value is nowhere to be found.
        pydantic.ValidationError: a stored value does not fit its contract.
    """
    references = [held for given in task.inputs.values() for held in given]
    if task.element:
        references.append(task.element.reference)
    stored, restored = await memory.read(
        task.tenant,
        task.run,
        [reference.digest for reference in references],
        events=events,
        from_history=from_history,
    )
    values: dict[str, Input] = {
        name: _input(registry, receives[name], held, stored) for name, held in task.inputs.items()
    }
    if task.element:
        values[task.each_input] = _element(registry, task, stored)
    return values, restored


def _input(
    registry: Registry,
    wanted: str,
    held: tuple[Reference, ...],
    stored: Mapping[Digest, bytes],
) -> Input:
    items = tuple(
        registry.read(stored[each.digest], each.contract, wanted.strip("[]")) for each in held
    )
    if wanted.startswith("["):
        return items
    return items[0] if items else None


def _element(registry: Registry, task: StepTask, stored: Mapping[Digest, bytes]) -> Part:
    assert task.element is not None
    reference = task.element.reference
    container = registry.read(stored[reference.digest], reference.contract, reference.contract)
    return element(container, task.element.path, task.element.key, task.element.value)
