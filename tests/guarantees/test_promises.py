"""Promises and their proofs belong together, and the page is written from both."""

from pathlib import Path

import pytest

from tests.guarantees.figures import PROPERTY, Figure, Figures
from tests.guarantees.marks import Mark, marks
from tests.guarantees.page import Measured, page
from tests.guarantees.promises import PROMISES, Promise
from tests.guarantees.record import Proof
from tests.guarantees.reports import Report, reports
from tests.guarantees.write import PAGE

MARKED = {mark.promise for mark in marks()}
MEASURED = Measured("abc1234", "2026-01-01")


@pytest.mark.parametrize("promise", PROMISES, ids=lambda each: each.id)
def test_every_promise_has_a_test(promise: Promise) -> None:
    """What no test proves is not promised."""
    assert promise.id in MARKED


def test_every_marker_names_a_promise() -> None:
    """A test that proves what nobody promised has a slip in its marker."""
    assert {each.id for each in PROMISES} >= MARKED


def test_promises_are_told_apart() -> None:
    """No two share a name or a sentence."""
    assert len({each.id for each in PROMISES}) == len(PROMISES)
    assert len({each.sentence for each in PROMISES}) == len(PROMISES)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda each: each.id)
def test_the_page_tells_every_promise(promise: Promise) -> None:
    """A promise that was changed or added is on the page once that is written again."""
    assert promise.sentence in PAGE.read_text("utf-8")


def test_markers_are_found_where_they_stand(tmp_path: Path) -> None:
    """On a function and on a whole module, in files of tests only."""
    used = (
        'pytestmark = [pytest.mark.guarantee("a")]\n\n@pytest.mark.guarantee("b")\ndef f(): ...\n'
    )
    (tmp_path / "test_one.py").write_text(used)
    (tmp_path / "other.py").write_text(used)

    assert set(marks(tmp_path)) == {Mark("a", "test_one.py", 1), Mark("b", "test_one.py", 3)}


PASSED = Proof(("paid-once",), "tests/a.py", 7, "test_one", 2, "passed", [Figure("calls", 3, "")])
FAILED = Proof(("paid-once", "budget-holds"), "tests/b.py", 9, "test_two", 1, "failed")


def test_the_page_tells_what_was_proved_and_measured() -> None:
    """A row has the promise, whether it holds, a link to its tests, and the figures."""
    written = page([PASSED], [], MEASURED)

    [row] = [line for line in written.splitlines() if "](#paid-once)" in line]
    assert "| yes |" in row
    assert "1 tests, 2 cases" in row
    assert "calls: 3" in row
    assert "[one](tests/a.py#L7): passed, 2 cases" in written
    assert "Commit abc1234, 2026-01-01." in written


def test_the_page_does_not_hide_what_fails() -> None:
    """One failing test takes the promise back, and a promise nobody ran is not proved."""
    written = page([PASSED, FAILED], [], MEASURED)

    assert written.count("| **no** |") == 2
    assert written.count("| not proved |") == len(PROMISES) - 2
    assert "1 of them failed" in written


def test_the_page_shows_the_figures_of_reports() -> None:
    """What chaos and rehearsals measured is told once, and promises lead there."""
    written = page([], [Report("chaos_500", (Figure("lost", 0, ""),))], MEASURED)

    assert "## chaos_500\n\n- lost: 0\n" in written
    assert "[chaos_500](#chaos_500)" in written


def test_reports_of_any_shape_are_read(tmp_path: Path) -> None:
    """Numbers count however deep they stand; lists and broken files are passed over."""
    (tmp_path / "chaos.json").write_text(
        '{"runs": 500, "counts": {"lost": 0, "seconds": 1.5}, "seeds": [1], "ok": true, "t": "x"}'
    )
    (tmp_path / "modes.json").write_text("{")
    (tmp_path / "other.json").write_text("[1]")

    [report] = reports(tmp_path)

    assert report.name == "chaos"
    assert [str(each) for each in report.figures] == [
        "runs: 500",
        "counts lost: 0",
        "counts seconds: 1.50",
        "ok: 1 (1 is yes)",
        "t: x",
    ]


def test_there_may_be_no_reports(tmp_path: Path) -> None:
    """The page is written before the long measurements were ever made."""
    assert reports(tmp_path / "none") == ()


def test_figures_reach_the_report_of_their_test() -> None:
    """What a test measures is carried by what pytest reports of it."""
    properties: list[tuple[str, object]] = []

    Figures(properties).add("bytes of history", 12, "bytes")

    assert properties == [(PROPERTY, ("bytes of history", 12, "bytes"))]
