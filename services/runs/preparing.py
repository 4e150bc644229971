"""Prepares runs: validates what is given, keeps it, and builds what a run starts with."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from contracts.base import Contract
from contracts.compiled import CompiledFlow
from contracts.double_start import DoubleStart
from contracts.reference import Digest, Value
from contracts.registry import Registry
from contracts.work import RunStart
from services.flows.shelf import Shelf
from services.long_term.entries import LongTermMemory
from services.memory.memory import Memory
from services.runs.inputs import as_value, read_input, refuse_oversize
from services.runs.pinning import pin
from services.runs.subjects import subject_of

HISTORY_LIMIT_EVENTS: Final = 8_000


class Preparing:
    """Prepares the runs of one tenant's flows on offer."""

    def __init__(
        self, memory: Memory, shelf: Shelf, registry: Registry, entries: LongTermMemory
    ) -> None:
        self._memory = memory
        self._shelf = shelf
        self._registry = registry
        self.entries = entries

    async def prepare(
        self,
        tenant: str,
        run: str,
        flow_name: str,
        given: Mapping[str, JsonValue],
        *,
        history_limit: int = HISTORY_LIMIT_EVENTS,
        subject: str = "",
        on_conflict: DoubleStart | None = None,
    ) -> tuple[RunStart, CompiledFlow]:
        """Validate the input of a flow on offer, keep it, and build the start of a run.

        Preparing the same again gives the same start while the flow on offer is the same, and what
        it reads of long-term memory.

        Raises:
            NotFoundError: there is no such flow, or no entry of long-term memory that it reads.
            ConflictError: such an entry holds something else.
            FlowInvalidError: the compiled flow is too large for a run to carry.
            InputInvalidError: the input does not fit, or is too large.
            UnavailableError: memory does not answer.
        """
        flow = self._shelf.get(flow_name)
        values = read_input(flow, given, self._registry)
        carried = self._shelf.carried(flow)
        start = await start_of(
            self._memory,
            self.entries,
            tenant,
            run,
            flow,
            carried,
            values,
            history_limit=history_limit,
        )
        key, wanted = subject_of(flow, values, subject, on_conflict)
        if key:
            start = start.model_copy(update={"subject": key, "double_start": wanted})
        return start, flow


async def start_of(
    memory: Memory,
    entries: LongTermMemory,
    tenant: str,
    run: str,
    flow: CompiledFlow,
    carried: tuple[Value, bytes],
    values: Mapping[str, Contract],
    *,
    history_limit: int = HISTORY_LIMIT_EVENTS,
) -> RunStart:
    """Keep a flow and the values by slot that it starts with, and build the start of a run.

    Raises:
        NotFoundError: there is no entry of long-term memory that it reads.
        ConflictError: such an entry holds something else.
        FlowInvalidError: the compiled flow is too large for a run to carry.
        InputInvalidError: the values are too large.
        UnavailableError: memory does not answer.
    """
    bodies: dict[Digest, bytes] = {carried[0].digest: carried[1]}
    inputs: dict[str, Value] = {}
    for slot, value in values.items():
        inputs[slot], body = as_value(value, flow.facts.get(slot, ()))
        bodies[inputs[slot].digest] = body
    pinned = await pin(entries, tenant, flow)
    start = RunStart(
        tenant=tenant,
        run=run,
        flow=carried[0],
        input=inputs,
        entries=pinned.entries,
        history_limit=history_limit,
        notifies=True,
    )
    refuse_oversize(start, flow.name)
    await memory.write(tenant, run, bodies | pinned.bodies)
    return start
