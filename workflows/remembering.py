"""Long-term memory as a run sees it: what it has pinned, and which version it writes after."""

from collections.abc import Iterable, Mapping
from typing import Final

from contracts.compiled import CompiledFlow, CompiledRemember
from contracts.long_term import PinnedEntry
from contracts.reference import Reference
from contracts.work import SlotVersion

MEMORY: Final = "memory"
"""Who made a value that was pinned at the start."""

FOLLOWS: Final = "follows"
"""The fact of a `Remembered` that says after which version the run may write next."""


def pinned_reference(slot: str, pinned: PinnedEntry) -> Reference:
    """Point at a version of an entry from the slot that it fills."""
    return Reference(
        slot=slot,
        ordinal=1,
        contract=pinned.contract,
        digest=pinned.value.digest,
        size=pinned.value.size,
        trust=pinned.trust,
        produced_by=MEMORY,
    )


def version_before(
    flow: CompiledFlow,
    entries: Mapping[str, PinnedEntry],
    slots: Mapping[str, SlotVersion],
    remember: CompiledRemember | None,
) -> int:
    """Which version of its entry a step's value was made from; 0 for none, and for other steps.

    What the run has written itself counts, unless it was united there with what it has not seen.
    """
    if remember is None:
        return 0
    pinned = entries.get(remember.slot)
    return max((pinned.version if pinned else 0, *_written(flow, slots, remember.slot)))


def _written(
    flow: CompiledFlow, slots: Mapping[str, SlotVersion], remembered: str
) -> Iterable[int]:
    for step in flow.steps.values():
        held = slots.get(step.writes)
        if step.remember and step.remember.slot == remembered and held:
            follows = held.facts.get(FOLLOWS, 0)
            yield follows if isinstance(follows, int) else 0
