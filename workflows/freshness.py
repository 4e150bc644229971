"""Whether a value still speaks of what is current.

A value is stale when something it is about is no longer its slot's current value, or when a slot
it was made from, directly or not, now holds a value outside its own lineage: neither an ancestor
nor a descendant of it.
"""

from collections.abc import Mapping

from contracts.work import SlotVersion
from workflows.names import slot_of

Parents = Mapping[str, tuple[str, ...]]
"""What each version was made from, as `slot:ordinal`."""


def ancestors(version: str, parents: Parents) -> frozenset[str]:
    """Every version that a version was made from, directly or not."""
    found: set[str] = set()
    waiting = list(parents.get(version, ()))
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting.extend(parents.get(parent, ()))
    return frozenset(found)


def is_stale(slot: str, slots: Mapping[str, SlotVersion], parents: Parents) -> bool:
    """Decide whether a slot's current value is stale."""
    version = _current(slot, slots)
    if is_outdated(slot, slots):
        return True
    lineage = ancestors(version, parents)
    for source in sorted({slot_of(ancestor) for ancestor in lineage}):
        current = _current(source, slots)
        if current == version or current in lineage:
            continue
        if version not in ancestors(current, parents):
            return True
    return False


def is_outdated(slot: str, slots: Mapping[str, SlotVersion]) -> bool:
    """Whether something that a slot's current value is about has been replaced."""
    about = slots[slot].references[0].about
    return any(_current(slot_of(subject), slots) != subject for subject in about)


def _current(slot: str, slots: Mapping[str, SlotVersion]) -> str:
    return slots[slot].references[0].version
