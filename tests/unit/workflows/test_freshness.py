"""Which values still speak of what is current, told by a small run in the test."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.reference import Reference, Trust
from contracts.work import SlotVersion
from workflows.freshness import ancestors, is_behind, passed_by


@dataclass
class Run:
    """The slots of a run as its steps write them, one after another."""

    slots: dict[str, SlotVersion] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def write(self, slot: str, *sources: str, about: tuple[str, ...] = ()) -> None:
        """Make a slot's next value from the current values of others."""
        held = self.slots.get(slot)
        reference = Reference(
            slot=slot,
            ordinal=held.references[0].ordinal + 1 if held else 1,
            contract="Note@1",
            digest="0" * 64,
            size=1,
            trust=Trust.MODEL,
            produced_by="step",
            made_from=tuple(self.current(source) for source in sources),
            about=tuple(self.current(subject) for subject in about),
        )
        for other in passed_by(self.slots, self.parents, reference):
            gone = self.slots[other].model_copy(update={"passed_by": True})
            self.slots[other] = gone
        behind = is_behind(reference, self.slots)
        self.slots[slot] = SlotVersion(references=(reference,), passed_by=behind)
        self.parents[reference.version] = reference.made_from

    def current(self, slot: str) -> str:
        """Name the version that a slot holds."""
        return self.slots[slot].references[0].version

    def stale(self) -> set[str]:
        """List the slots whose value is stale."""
        return {slot for slot, held in self.slots.items() if held.passed_by}


@pytest.fixture
def run() -> Run:
    """An article that was written and reviewed once."""
    begun = Run()
    begun.write("brief")
    begun.write("evidence", "brief")
    begun.write("outline", "brief", "evidence")
    begun.write("draft", "brief", "outline")
    begun.write("claims", "draft", "evidence", about=("draft",))
    begun.write("review", "brief", "draft", "claims", about=("draft",))
    return begun


def test_a_run_that_goes_straight_has_nothing_stale(run: Run) -> None:
    """As long as no slot is written twice, every value is fresh."""
    assert run.stale() == set()


def test_after_a_revision_the_reports_are_stale_and_the_draft_is_not(run: Run) -> None:
    """Claims and review speak of the draft before; the new draft was made from them all."""
    run.write("draft", "draft", "claims", "review", "evidence")

    assert run.stale() == {"claims", "review"}


def test_a_new_report_is_fresh_again(run: Run) -> None:
    """A report on the revised draft is fresh; the one that was not made again stays stale."""
    run.write("draft", "draft", "claims", "review", "evidence")
    run.write("claims", "draft", "evidence", about=("draft",))

    assert run.stale() == {"review"}


def test_after_a_new_search_all_that_rests_on_the_old_is_stale(run: Run) -> None:
    """New evidence that nobody made from the old leaves outline, draft and reports behind."""
    run.write("evidence", "brief")

    assert run.stale() == {"outline", "draft", "claims", "review"}


def test_a_new_outline_mends_only_itself(run: Run) -> None:
    """After a new search and a new outline, the draft of the old outline is still stale."""
    run.write("evidence", "brief")
    run.write("outline", "brief", "evidence")

    assert run.stale() == {"draft", "claims", "review"}


def test_a_search_that_widens_the_old_leaves_its_sources_fresh(run: Run) -> None:
    """Evidence made from outline and old evidence leaves the outline that led to it fresh."""
    run.write("evidence", "evidence", "outline")

    assert "outline" not in run.stale()
    assert "claims" in run.stale()


def test_a_person_s_edit_makes_reports_stale(run: Run) -> None:
    """An edited draft is a new version, about which no earlier report says anything."""
    run.write("draft", "brief", "draft", "claims", "review")

    assert run.stale() == {"claims", "review"}


def test_a_decision_is_about_what_was_shown(run: Run) -> None:
    """A decision goes stale with any of the values that were shown with it."""
    shown = ("brief", "draft", "claims", "review")
    run.write("decision", *shown, about=shown)
    fresh = run.stale()
    run.write("claims", "draft", "evidence", about=("draft",))

    assert fresh == set()
    assert "decision" in run.stale()


def test_a_source_of_a_source_counts(run: Run) -> None:
    """What a value was made from indirectly counts as much as what it was made from directly."""
    run.write("summary", "draft")
    run.write("evidence", "brief")

    assert "summary" in run.stale()


def test_a_product_of_fresh_values_is_fresh(run: Run) -> None:
    """Evidence widened with regard to the outline leaves the outline and what follows it fresh."""
    run.write("evidence", "evidence", "outline")
    run.write("teaser", "outline")

    assert not {"outline", "teaser"} & run.stale()


def test_a_second_report_on_a_revised_draft_is_fresh(run: Run) -> None:
    """What the draft before rested on was replaced with regard to the draft, so it is no matter."""
    run.write("draft", "draft", "claims", "review", "evidence")
    run.write("claims", "draft", "evidence", about=("draft",))
    run.write("review", "draft", "claims", about=("draft",))
    run.write("second", "draft", "evidence", about=("draft",))
    run.write("review", "draft", about=("draft",))

    assert run.stale() == set()


def test_a_person_s_edit_still_rests_on_what_the_draft_rested_on(run: Run) -> None:
    """An edit of the draft alone is fresh, until the evidence behind the draft is replaced."""
    run.write("draft", "brief", "draft")
    before = "draft" in run.stale()
    run.write("evidence", "brief")

    assert (before, "draft" in run.stale()) == (False, True)


def test_ancestors_are_found_through_every_path() -> None:
    """Lineage is everything a value was made from, each once, however often paths cross."""
    parents = {"d:1": ("b:1", "c:1"), "b:1": ("a:1",), "c:1": ("a:1",), "a:1": ()}

    assert ancestors("d:1", parents) == {"a:1", "b:1", "c:1"}


SLOTS = ("a", "b", "c", "d")
writes = st.lists(
    st.tuples(st.sampled_from(SLOTS), st.sets(st.sampled_from(SLOTS))), min_size=1, max_size=12
)


def _played(history: list[tuple[str, set[str]]]) -> Run:
    run = Run()
    for slot in SLOTS:
        run.write(slot)
    for slot, sources in history:
        run.write(slot, *sorted(sources))
    return run


@given(writes, st.sampled_from(SLOTS), st.booleans())
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_value_made_from_all_that_is_current_is_fresh(
    history: list[tuple[str, set[str]]], slot: str, reports: bool
) -> None:
    """Whatever went before, a value just made from every current value is never stale."""
    run = _played(history)
    others = tuple(each for each in SLOTS if each != slot)

    run.write(slot, *SLOTS, about=others if reports else ())

    assert slot not in run.stale()


@given(writes, st.sampled_from(SLOTS))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_value_made_from_nothing_is_fresh(history: list[tuple[str, set[str]]], slot: str) -> None:
    """An input, or what was made from no slot, has nothing that it could be behind of."""
    run = _played(history)

    run.write(slot)

    assert slot not in run.stale()


@given(writes)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_replacing_a_source_by_an_unrelated_value_is_noticed(
    history: list[tuple[str, set[str]]],
) -> None:
    """A report is stale as soon as its subject is replaced, however the new value was made."""
    run = _played(history)
    run.write("report", "a", about=("a",))

    run.write("a", "a", "report")

    assert "report" in run.stale()
