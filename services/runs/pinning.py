"""Pins long-term memory for a run: which version of each entry it works with, from its start."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.compiled import CompiledEntry, CompiledFlow
from contracts.facts import project, size_of
from contracts.long_term import PinnedEntry
from contracts.reference import Digest, Value
from contracts.registry import Registry
from contracts.work import FACTS_LIMIT_BYTES
from services.errors import ConflictError, NotFoundError
from services.long_term.entries import LongTermMemory
from services.long_term.record import EntryValue


@dataclass
class Pinned:
    """What a run works with of long-term memory, by slot."""

    entries: dict[str, PinnedEntry] = field(default_factory=dict)
    bodies: dict[Digest, bytes] = field(default_factory=dict)


async def pin(entries: LongTermMemory, tenant: str, flow: CompiledFlow) -> Pinned:
    """Read the last version of each entry that a flow names.

    The values are copied to where runs restore theirs from, for a run's history carries none of
    them: what is erased later is nowhere then.

    Raises:
        NotFoundError: an entry that is not optional is missing, or was erased.
        ConflictError: an entry holds something else than the flow reads.
        StorageError: an entry is damaged.
        UnavailableError: the archive does not answer.
    """
    found = Pinned()
    for slot, wanted in flow.memory.items():
        held = await _read(entries, tenant, flow, wanted)
        if held is None:
            continue
        found.entries[slot] = _pinned(held, wanted, flow.facts.get(slot, ()), entries.registry)
        found.bodies[held.record.digest] = held.body
    await entries.archive.put(tenant, found.bodies)
    await _refuse_erased(entries, tenant, found.entries)
    return found


async def _read(
    entries: LongTermMemory, tenant: str, flow: CompiledFlow, wanted: CompiledEntry
) -> EntryValue | None:
    try:
        return await entries.get(tenant, wanted.entry)
    except NotFoundError as error:
        if wanted.optional:
            return None
        raise NotFoundError(
            f"flow {flow.name} reads {wanted.entry} from long-term memory, and there is none;"
            f" write it with `orchestra memory put {wanted.entry} FILE --contract"
            f" {wanted.contract}`"
        ) from error


def _pinned(
    held: EntryValue, wanted: CompiledEntry, facts: tuple[str, ...], registry: Registry
) -> PinnedEntry:
    record = held.record
    if not registry.migrates(record.contract, wanted.contract):
        raise ConflictError(
            f"{record.entry} is a {record.contract}, and the flow reads a {wanted.contract};"
            " change the flow, or write the entry anew"
        )
    value = registry.read(held.body, record.contract, wanted.contract)
    projected = project(value, facts)
    if size_of(projected) > FACTS_LIMIT_BYTES:
        raise ConflictError(
            f"{record.entry} is too large to route on: what the flow looks at takes over"
            f" {FACTS_LIMIT_BYTES} bytes; shorten it, or let the flow look at less"
        )
    return PinnedEntry(
        entry=record.entry,
        version=record.version,
        contract=record.contract,
        trust=record.trust,
        value=Value(digest=record.digest, size=record.size, facts=projected),
    )


async def _refuse_erased(
    entries: LongTermMemory, tenant: str, pinned: Mapping[str, PinnedEntry]
) -> None:
    """Take back the copies of what was erased while they were made."""
    for each in pinned.values():
        head = await entries.chains.head(tenant, each.entry)
        if head is None or head.record.is_erased:
            await entries.archive.delete(tenant, [each.value.digest])
            raise NotFoundError(
                f"{each.entry} was erased in this moment; start without it, or later"
            )
