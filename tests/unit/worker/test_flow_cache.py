"""Compiled flows in a worker's memory."""

import pytest

from contracts.base import digest
from contracts.compiled import CompiledFlow
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory, NotInMemoryError
from services.worker.flows import FLOWS_KEPT, FlowCache
from tests.unit.workflows.runs import asking_flow

FLOW = asking_flow()


class CountingStore(InProcessStore):
    """Counts reads."""

    reads = 0

    async def turn(self, *args: object, **kwargs: object) -> tuple[bytes | None, ...]:
        """Count and pass on."""
        self.reads += bool(kwargs.get("read"))
        return await super().turn(*args, **kwargs)  # type: ignore[arg-type]  # passed on as given


def _flow(number: int) -> tuple[str, bytes]:
    body = FLOW.model_copy(update={"version": number}).encode()
    return digest(body), body


async def _cache(store: InProcessStore, count: int = 1) -> tuple[FlowCache, list[str]]:
    flows = dict(_flow(number) for number in range(1, count + 1))
    await store.turn("t", "r1", write=flows)
    return FlowCache(Memory(store, InProcessArchive(), None)), list(flows)


async def test_a_flow_is_fetched_once() -> None:
    """The second step of a run finds the flow without asking memory."""
    store = CountingStore()
    cache, [address] = await _cache(store)

    first = await cache.get("t", "r1", address, from_history=True)
    again = await cache.get("t", "r1", address, from_history=True)

    assert first is again
    assert isinstance(first, CompiledFlow)
    assert store.reads == 1


async def test_flows_not_met_lately_make_room() -> None:
    """The worker keeps so many flows; one that is still used stays."""
    store = CountingStore()
    cache, addresses = await _cache(store, FLOWS_KEPT + 1)
    for address in addresses[:-1]:
        await cache.get("t", "r1", address, from_history=True)
    await cache.get("t", "r1", addresses[0], from_history=True)
    await cache.get("t", "r1", addresses[-1], from_history=True)
    before = store.reads

    await cache.get("t", "r1", addresses[0], from_history=True)
    await cache.get("t", "r1", addresses[1], from_history=True)

    assert store.reads == before + 1


async def test_a_lost_flow_is_lost_memory() -> None:
    """A flow that is nowhere to be found is told like any other lost value."""
    cache, _ = await _cache(InProcessStore())

    with pytest.raises(NotInMemoryError):
        await cache.get("t", "r1", "0" * 64, from_history=True)
