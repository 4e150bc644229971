"""What is counted is counted exactly: rules, failures and deadlines, neither one less nor more."""

import pytest

from contracts.failure import UNPLANNED, FailureKind
from tests.unit.workflows.driven import an_agent
from tests.unit.workflows.judged import REPORTER, WRITER, errors, told
from workflows.checking.witness import Failed

READER = an_agent("read", "missing")
AGENTS = (REPORTER, WRITER, READER)
ENDS = """
ends:
  done: {outcome: succeeded, output: start}
  failed: {outcome: failed}
"""

LOOP = f"""
slots: {{report: Report@1, missing: Note@1, last: Note@1}}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next:
      - {{when: "report.score < 50", to: one, at_most: 2}}
      - {{when: "report.score < 50", to: gap}}
      - {{else: done}}
  gap: {{agent: read, reads: [missing], writes: last, next: done}}
{ENDS}"""


def test_a_rule_that_is_used_up_lets_the_next_one_have_its_turn() -> None:
    """What follows a loop happens after exactly as many rounds as it has, and no earlier."""
    assert told(LOOP, *AGENTS) == ["FO302 steps.gap.reads.0: one > one > one > gap"]


BEHIND = f"""
slots: {{report: Report@1, note: Note@1}}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next:
      - {{when: "report.score < 50", to: two, at_most: 1}}
      - {{when: "report.score < 50", to: failed}}
      - {{else: done}}
  two: {{agent: write, reads: [start], writes: note, next: AFTER}}
{ENDS}"""


@pytest.mark.parametrize(("after", "expected"), [("done", ["FO307 steps.one.next.1"]), ("one", [])])
def test_a_rule_behind_a_counted_one_is_dead_unless_that_is_used_up(
    after: str, expected: list[str]
) -> None:
    """The same condition twice makes sense where a run comes again, and nowhere else."""
    assert told(BEHIND.replace("AFTER", after), *AGENTS) == expected


FAILING = f"""
slots: {{note: Note@1, missing: Note@1, last: Note@1}}
start: one
steps:
  one:
    agent: write
    reads: [start]
    writes: last
    next: done
    on_failure: {{PLAN}}
  back:
    agent: write
    reads: [start]
    writes: note
    next:
      - {{when: "note.score >= 0", to: one, at_most: 1}}
      - {{else: gap}}
  gap: {{agent: read, reads: [missing], writes: last, next: done}}
{ENDS}"""
"""Whoever fails twice into `back` comes to `gap`."""


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("empty: {then: back, at_most: 1}", ["FO301 steps.gap"]),
        (
            "empty: {then: back, at_most: 2}",
            ["FO302 steps.gap.reads.0: one > back > one > back > gap"],
        ),
        (
            "empty: {then: back, at_most: 1}, refused: {then: back, at_most: 1}",
            ["FO302 steps.gap.reads.0: one > back > one > back > gap"],
        ),
    ],
)
def test_a_failure_comes_as_often_as_its_line_allows(plan: str, expected: list[str]) -> None:
    """A fault that needs two failures is told if two may go that way; else nobody gets there."""
    assert told(FAILING.replace("PLAN", plan), *AGENTS) == expected


def test_a_witness_uses_up_one_kind_of_failure_after_the_other() -> None:
    """Where each kind may fail once that way, the witness fails once with each."""
    plan = "empty: {then: back, at_most: 1}, refused: {then: back, at_most: 1}"

    (finding,) = errors(FAILING.replace("PLAN", plan), *AGENTS)

    assert finding.witness is not None
    failures = [each for each in finding.witness.moves if isinstance(each, Failed)]
    assert {each.failure for each in failures} == {FailureKind.EMPTY, FailureKind.REFUSED}


RESORT = f"""
slots: {{missing: Note@1, note: Note@1, decision: Decision@1, last: Note@1}}
start: one
steps:
  one:
    agent: AGENT
    reads: [READS]
    writes: last
    next: done
    on_failure: {{PLAN}}
  back: {{agent: write, reads: [start], writes: note, next: AFTER}}
  ask:
    gate: editor
    shows: [missing]
    writes: decision
    deadline: 1h
    on_deadline: {{to: failed}}
    next: done
{ENDS}"""
"""`otherwise` asks at a gate that has nothing to show."""

AGAIN = an_agent("again", "last", optional=("last",))
NAMED = {kind for kind in FailureKind if kind not in UNPLANNED} - {
    FailureKind.EMPTY,
    FailureKind.NO_PROGRESS,
}
PLAN = ", ".join(f"{kind}: {{then: failed}}" for kind in sorted(NAMED))


def _resort(empty: str, *, after: str, agent: str = "write", reads: str = "start") -> list[str]:
    """Name every kind of failure but `no_progress`, and this way for `empty`."""
    lines = f"{PLAN}, empty: {{{empty}}}, otherwise: {{then: ask}}"
    body = RESORT.replace("PLAN", lines).replace("AFTER", after)
    return told(body.replace("AGENT", agent).replace("READS", reads), *AGENTS, AGAIN)


def test_a_plan_that_names_every_kind_has_a_last_resort_once_a_line_is_used_up() -> None:
    """`otherwise` applies after as many failures as the counted line allows, and no earlier."""
    expected = ["FO302 steps.ask.shows.0: one > back > one > ask"]

    assert _resort("then: back, at_most: 1", after="one") == expected


def test_a_plan_that_names_every_kind_and_counts_none_needs_no_last_resort() -> None:
    """Where no line can be used up, nothing leads to where `otherwise` does."""
    assert _resort("then: back", after="failed") == ["FO301 steps.ask"]


def test_a_step_that_never_comes_again_uses_no_line_up() -> None:
    """A counted line that leads away from its step for good is taken once, `otherwise` never."""
    assert _resort("then: back, at_most: 1", after="failed") == []


def test_a_step_that_reads_what_it_writes_can_make_no_progress() -> None:
    """Its plan has a hole that other steps' plans have not, and `otherwise` fills it."""
    found = _resort("then: back", after="failed", agent="again", reads='"last?"')

    assert found == ["FO302 steps.ask.shows.0: one > ask"]


LATE = f"""
slots: {{note: Note@1, missing: Note@1, decision: Decision@1, last: Note@1}}
start: ask
steps:
  ask:
    gate: editor
    shows: [start]
    writes: decision
    deadline: 1h
    on_deadline: {{to: remind, at_most: TIMES}}
    next: done
  remind:
    agent: write
    reads: [start]
    writes: note
    next:
      - {{when: "note.score >= 0", to: ask, at_most: 1}}
      - {{else: gap}}
  gap: {{agent: read, reads: [missing], writes: last, next: done}}
{ENDS}"""


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("1", ["FO301 steps.gap"]),
        ("2", ["FO302 steps.gap.reads.0: ask > remind > ask > remind > gap"]),
    ],
)
def test_a_deadline_passes_as_often_as_it_is_counted(times: str, expected: list[str]) -> None:
    """Used up, a gate's deadline ends the run, and nobody gets where a further one would lead."""
    assert told(LATE.replace("TIMES", times), *AGENTS) == expected


@pytest.mark.parametrize(
    ("times", "expected"),
    [("", ["FO303 steps.remind.next.0: ask > remind > ask"]), (", at_most: 3", [])],
)
def test_a_counted_deadline_bounds_a_loop(times: str, expected: list[str]) -> None:
    """A gate that is come back to whenever nobody decides has no end unless that is counted."""
    loop = f"""
slots: {{note: Note@1, decision: Decision@1}}
start: ask
steps:
  ask:
    gate: editor
    shows: [start]
    writes: decision
    deadline: 1h
    on_deadline: {{to: remind{times}}}
    next: done
  remind: {{agent: write, reads: [start], writes: note, next: ask}}
{ENDS}"""

    assert told(loop, *AGENTS) == expected
