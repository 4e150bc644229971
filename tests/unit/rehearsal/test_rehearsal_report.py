"""The report: what makes a rehearsal good, and how it is told."""

from dataclasses import replace

from contracts.failure import FailureKind
from services.llm.scripted.script import Fault
from services.rehearsal.faults import MODES
from services.rehearsal.judge import Garbage, Verdict
from services.rehearsal.page import page
from services.rehearsal.report import Rehearsal, Row, catalogue, filled, row_of
from services.rehearsal.wording import did, garbage, summary
from tests.unit.rehearsal.scenes import GOOD, NAME, REFUSED, cell

CLEAN = filled(row_of(cell(REFUSED)), GOOD, GOOD, Verdict(Garbage.NONE))
PASSED = filled(row_of(cell(NAME)), GOOD, GOOD, Verdict(Garbage.PASSED, "the output says: <Ada>"))
EMPTY = row_of(cell(NAME))


def _rehearsal(*rows: Row) -> Rehearsal:
    return Rehearsal(flow="mine", version=1, seed=1, seconds=1, ways=(), rows=rows)


def test_only_a_filled_and_clean_table_is_good() -> None:
    """A line that is empty, silent garbage or a run without end fails the rehearsal."""
    endless = CLEAN.model_copy(update={"outcome": "no end"})

    assert _rehearsal(CLEAN).is_good
    assert not _rehearsal(CLEAN, PASSED).is_good
    assert not _rehearsal(CLEAN, EMPTY).is_good
    assert not _rehearsal(CLEAN, endless).is_good
    assert not _rehearsal().is_good


def test_what_only_a_judge_can_tell_is_counted_apart() -> None:
    """Garbage that no code can tell fails nothing, and is told all the same."""
    hidden = PASSED.model_copy(update={"recognisable": False})

    found = _rehearsal(CLEAN, hidden)

    assert found.is_good
    assert len(found.unrecognised) == 1
    assert "That only a judge can tell: 1 of 1." in summary(found)[1]


def test_a_line_says_what_the_run_did() -> None:
    """Repairs and tries are counted, and a person who was asked is named."""
    run = replace(
        GOOD, repaired=2, retried=1, fell_back=1, asked=("help",), outcome="failed", kind="refused"
    )

    row = filled(row_of(cell(REFUSED)), run, GOOD, Verdict(Garbage.NONE))

    assert did(row) == "repaired 2, retried 1, fell back, asked help, stopped: refused"


def test_gates_of_the_undisturbed_run_are_no_reaction() -> None:
    """An editor who is asked in any case was not asked because of the fault."""
    usual = replace(GOOD, asked=("approve",))

    row = filled(row_of(cell(REFUSED)), usual, usual, Verdict(Garbage.NONE))

    assert did(row) == "went on"


def test_an_empty_line_says_so() -> None:
    """What was not rehearsed is never shown as if all had gone well."""
    assert did(EMPTY) == "not rehearsed"
    assert did(PASSED) == "went on"
    assert garbage(PASSED) == "PASSED: the output says: <Ada>"


def test_the_page_shows_text_as_text() -> None:
    """What models say cannot become part of the page."""
    written = page(_rehearsal(CLEAN, PASSED))

    assert "&lt;Ada&gt;" in written
    assert "<Ada>" not in written
    assert "Garbage passed that code can tell: 1." in written


def test_the_catalogue_covers_everything_that_is_known_to_fail() -> None:
    """Every way in which an endpoint fails and every kind with a plan is there, with a mode."""
    listed = catalogue()
    named = {row.fault for row in listed}

    assert {fault.value for fault in Fault} <= named
    planned = {kind.value for kind in FailureKind} - {"bug", "cancelled"}
    assert planned <= named
    assert {row.mode for row in listed} <= set(MODES)
