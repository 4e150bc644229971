"""Whether a value still speaks of what is current.

A value goes stale when something it is about is replaced; or when something it was made from,
directly or not, is replaced by a value that was made neither from it nor from any current value
through which it rested on what was replaced. So after a revision claims and review are stale and
the new draft is not; after a new search the outline is; and a value made from fresh ones is fresh.

Runs of flows compiled before borders were guarded keep the definition of their time, `was_stale`.
"""

from collections.abc import Iterable, Mapping, Sequence

from contracts.reference import Reference
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


def passed_by(
    slots: Mapping[str, SlotVersion], parents: Parents, made: Reference
) -> tuple[str, ...]:
    """The slots whose current values go stale when a new one takes its slot's place.

    `slots` and `parents` are as they were before.
    """
    if made.slot not in slots:
        return ()
    replaced = _current(made.slot, slots)
    known = ancestors_of(made.made_from, parents)
    regarded = [version for slot in slots if (version := _current(slot, slots)) in known]
    return tuple(
        slot
        for slot, held in slots.items()
        if slot != made.slot
        and (
            replaced in held.references[0].about
            or _rests_on(_current(slot, slots), made.slot, parents, regarded)
        )
    )


def is_behind(made: Reference, slots: Mapping[str, SlotVersion]) -> bool:
    """Whether a new value is about something that has been replaced already."""
    subjects = ((slot_of(each), each) for each in made.about)
    return any(slot == made.slot or _current(slot, slots) != each for slot, each in subjects)


def ancestors_of(versions: Iterable[str], parents: Parents) -> frozenset[str]:
    """Some versions and every version that they were made from, directly or not."""
    found: set[str] = set()
    for version in versions:
        found |= {version, *ancestors(version, parents)}
    return frozenset(found)


def _rests_on(version: str, slot: str, parents: Parents, regarded: Sequence[str]) -> bool:
    """Whether a value was made from one of a slot on some path that no regarded value lies on."""
    if version in regarded:
        return False
    seen, waiting = {version}, [version]
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if slot_of(parent) == slot:
                return True
            if parent not in seen and parent not in regarded:
                seen.add(parent)
                waiting.append(parent)
    return False


def was_stale(slot: str, slots: Mapping[str, SlotVersion], parents: Parents) -> bool:
    """Decide by lineage alone, as runs whose borders are not guarded do."""
    version = _current(slot, slots)
    about = slots[slot].references[0].about
    if any(_current(slot_of(subject), slots) != subject for subject in about):
        return True
    lineage = ancestors(version, parents)
    for source in sorted({slot_of(ancestor) for ancestor in lineage}):
        current = _current(source, slots)
        if current == version or current in lineage:
            continue
        if version not in ancestors(current, parents):
            return True
    return False


def _current(slot: str, slots: Mapping[str, SlotVersion]) -> str:
    return slots[slot].references[0].version
