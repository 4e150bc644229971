"""Faults of long-term memory: an entry that somebody else changes or erases at the worst moment."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from contracts.base import Contract
from contracts.compiled import CompiledFlow
from contracts.failure import FailureKind
from contracts.long_term import Merge, Provenance
from contracts.registry import Registry
from services.long_term.base import Heads, Records
from services.long_term.entries import LongTermMemory
from services.long_term.erasing import erase
from services.long_term.record import EntryRecord, EntryValue
from services.long_term.writing import Writing
from services.memory.memory import Memory
from services.rehearsal.faults import Death, Injection, Port
from services.rehearsal.inject_agent import act, die, fail_on_the_way
from services.rehearsal.scene import CURRENT, Attempt

SOMEBODY: Provenance = Provenance(who="somebody else")


class RehearsedEntries(LongTermMemory):
    """Keeps entries, and lets others be quicker where the rehearsal says so."""

    def __init__(self, records: Records, heads: Heads, memory: Memory, registry: Registry) -> None:
        super().__init__(records, heads, memory.archive, registry)
        self._memory = memory

    async def put(self, tenant: str, writing: Writing) -> EntryRecord:
        """See `LongTermMemory.put`."""
        at = CURRENT.get()
        if at is None or at.scene.target is None or not writing.write:
            return await super().put(tenant, writing)
        fail_on_the_way(at)
        if not at.strikes(at.scene.target):
            return await super().put(tenant, writing)
        injection = at.scene.target.injection
        if not await self._interfere(at, injection, tenant, writing):
            act(at, injection, Death.BEFORE_WORK)
        made = await super().put(tenant, writing)
        die(at, injection, Death.AFTER_WORK)
        return made

    async def _interfere(
        self, at: Attempt, injection: Injection, tenant: str, writing: Writing
    ) -> bool:
        """Really change or erase the entry; tell whether that is what was asked for and done."""
        head = await self.chains.head(tenant, writing.entry)
        is_there = head is not None and not head.record.is_erased
        if injection.port is not Port.AGENT or (at.scene.fired and not injection.persistent):
            return False
        if injection.what is FailureKind.CONFLICT:
            value = writing.value
            if is_there:
                value = self._read(await self.get(tenant, writing.entry))
            other = Writing(writing.entry, value, SOMEBODY, merge=Merge.REPLACE)
            await super().put(tenant, other)
        elif injection.what is FailureKind.MEMORY_LOST and is_there and writing.expected:
            await erase(self, self._memory.store, tenant, writing.entry, SOMEBODY)
        else:
            return False
        at.scene.fired += 1
        return True

    def _read(self, held: EntryValue) -> Contract:
        return self.registry.read(held.body, held.record.contract, held.record.contract)


async def seed(
    entries: LongTermMemory,
    tenant: str,
    flow: CompiledFlow,
    samples: Mapping[str, Mapping[str, JsonValue]],
) -> None:
    """Write what a flow reads of long-term memory, as far as there are samples of it."""
    for slot, value in samples.items():
        kept = flow.memory[slot]
        contract = entries.registry.get(kept.contract)
        made = contract.model_validate_json(json.dumps(value))
        await entries.put(tenant, Writing(kept.entry, made, Provenance(who="the rehearsal")))
