"""Compiled flows by digest, kept in the worker's memory so that a step need not fetch its own."""

from collections import OrderedDict
from typing import Final

from contracts.compiled import CompiledFlow
from contracts.reference import Digest
from services.memory.memory import Memory

FLOWS_KEPT: Final = 64


class FlowCache:
    """The compiled flows that this worker has met lately."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._flows: OrderedDict[Digest, CompiledFlow] = OrderedDict()

    async def get(
        self, tenant: str, run: str, digest: Digest, *, from_history: bool
    ) -> CompiledFlow:
        """Find a run's compiled flow.

        Raises:
            NotInMemoryError: neither memory, archive nor history has it.
            pydantic.ValidationError: it was compiled by a newer version of this program.
        """
        flow = self._flows.get(digest)
        if flow is None:
            stored, _ = await self._memory.read(tenant, run, [digest], from_history=from_history)
            flow = self._flows[digest] = CompiledFlow.decode(stored[digest])
            while len(self._flows) > FLOWS_KEPT:
                self._flows.popitem(last=False)
        self._flows.move_to_end(digest)
        return flow
