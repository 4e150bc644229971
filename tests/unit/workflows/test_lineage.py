"""The few bits that the checker keeps of lineage say exactly what the run's references say."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.reference import Reference, Trust
from contracts.work import SlotVersion
from workflows.checking.bits import mask_of
from workflows.checking.lineage import Row, Rows, put, settle
from workflows.freshness import is_behind, passed_by

SLOTS = ("a", "b", "c", "d", "e")
EVERY = (1 << len(SLOTS)) - 1

Write = tuple[int, frozenset[int], bool]
"""Slot, the slots it is made from, and whether it reports on them all."""

writes = st.lists(
    st.tuples(st.integers(0, 4), st.frozensets(st.integers(0, 4), max_size=3), st.booleans()),
    max_size=14,
)


@dataclass
class Both:
    """One run, told by references and told by bits."""

    slots: dict[str, SlotVersion] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Rows = (None,) * len(SLOTS)

    def write(self, slot: int, sources: frozenset[int], *, reports: bool) -> None:
        """Write a slot from those of the sources that hold something."""
        given = sorted(each for each in sources if self.rows[each] is not None)
        name = SLOTS[slot]
        versions = tuple(self.slots[SLOTS[each]].references[0].version for each in given)
        held = self.slots.get(name)
        made = Reference(
            slot=name,
            ordinal=held.references[0].ordinal + 1 if held else 1,
            contract="Note@1",
            digest="0" * 64,
            size=1,
            trust=Trust.MODEL,
            produced_by="step",
            made_from=versions,
            about=versions if reports else (),
        )
        seen = mask_of(given)
        self.rows = put(self.rows, slot, Row(seen, 0, seen if reports else 0))
        for other in passed_by(self.slots, self.parents, made):
            self.slots[other] = self.slots[other].model_copy(update={"passed_by": True})
        behind = is_behind(made, self.slots)
        self.slots[name] = SlotVersion(references=(made,), passed_by=behind)
        self.parents[made.version] = made.made_from

    def held(self) -> list[int]:
        """The slots that hold something."""
        return [at for at, row in enumerate(self.rows) if row is not None]

    def stale_by_references(self) -> list[int]:
        """What the interpreter would call stale."""
        return [at for at in self.held() if self.slots[SLOTS[at]].passed_by]

    def stale_by_bits(self) -> list[int]:
        """What the checker calls stale."""
        return [at for at, row in enumerate(self.rows) if row is not None and row.stale]


def _played(history: list[Write]) -> Both:
    run = Both()
    for slot, sources, reports in history:
        run.write(slot, sources, reports=reports)
    return run


@given(writes)
@settings(deadline=None, derandomize=True, max_examples=500)
def test_bits_and_references_agree_on_what_is_stale(history: list[Write]) -> None:
    """After any sequence of writes, both ways of telling lineage call the same slots stale."""
    run = _played(history)

    assert run.stale_by_bits() == run.stale_by_references()


@given(writes, writes)
@settings(deadline=None, derandomize=True, max_examples=500)
def test_what_is_forgotten_makes_no_difference(past: list[Write], future: list[Write]) -> None:
    """Forgetting what can no longer matter changes no later answer about a slot."""
    run = _played(past)
    live = sum(1 << at for at in run.held())
    writable = sum(1 << slot for slot in {slot for slot, _, _ in future})
    run.rows = settle(run.rows, live, writable, 0)

    for slot, sources, reports in future:
        run.write(slot, sources, reports=reports)

    assert run.stale_by_bits() == run.stale_by_references()
