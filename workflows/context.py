"""The context of a run: what its slots hold, and what each value was made from."""

from collections.abc import Mapping, Sequence

from contracts.reference import FactValue, Reference
from contracts.work import SlotVersion
from workflows.freshness import is_behind, passed_by
from workflows.names import version


class Context:
    """Slots by name, and the lineage of every version that they ever held."""

    def __init__(
        self, slots: Mapping[str, SlotVersion], parents: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.slots = dict(slots)
        self.parents = dict(parents)

    def copy(self) -> "Context":
        """Let a branch see what it makes itself, and nobody else before its turn."""
        return Context(self.slots, self.parents)

    def next_ordinal(self, slot: str) -> int:
        """Number the slot's next value."""
        current = self.slots.get(slot)
        return current.references[0].ordinal + 1 if current else 1

    def put(self, slot: str, references: Sequence[Reference], facts: dict[str, FactValue]) -> None:
        """Make new references the slot's current value and remember their lineage."""
        first = references[0]
        for other in passed_by(self.slots, self.parents, first):
            held = self.slots[other]
            self.slots[other] = held.model_copy(update={"passed_by": True})
        behind = is_behind(first, self.slots)
        self.slots[slot] = SlotVersion(references=tuple(references), facts=facts, passed_by=behind)
        self.parents[version(slot, first.ordinal)] = first.made_from

    def facts(self) -> dict[str, dict[str, FactValue]]:
        """What rules may look at."""
        return {slot: current.facts for slot, current in self.slots.items()}
