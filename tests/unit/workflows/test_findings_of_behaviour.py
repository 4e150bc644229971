"""Each slip is told once, at its cause, by the shortest way there; dead rules and limits too."""

import pytest

from tests.unit.workflows.driven import an_agent
from tests.unit.workflows.judged import REPORTER, WRITER, errors, told

MISSING = an_agent("read", "missing")
NOTE = an_agent("note", "note")
AGENTS = (REPORTER, WRITER, MISSING, NOTE)
ENDS = """
ends:
  done: {outcome: succeeded, output: start}
  failed: {outcome: failed}
"""

ROUTED = f"""
slots: {{report: Report@1, note: Note@1}}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next:
      - {{when: "FIRST", to: two}}
      - {{when: "SECOND", to: failed}}
      - {{else: two}}
  two: {{agent: write, reads: [start], writes: note, next: done}}
{ENDS}"""
DEAD = ["FO307 steps.one.next.1"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("report.score < 50", "report.score < 20", DEAD),
        ("report.score < 50", "report.score <= 50", []),
        ("report.score < 50", "report.score > 20 and report.score < 10", DEAD),
        ("report.final == True", "report.final == True or report.score < 1", []),
        ("report.final == True", "not (report.final == False)", DEAD),
        ("report.verdict in ['good', 'fair']", "report.verdict != 'poor'", DEAD),
        ("report.verdict == 'good'", "report.verdict != 'poor'", []),
        ("len(report.items) < 5", "len(report.items) > 4", []),
        ("len(report.items) < 5", "len(report.items) > 5", DEAD),
        ("start.score < 50", "report.score < 50", []),
        ("start.score < 50", "start.score < 40 and report.score < 50", DEAD),
    ],
)
def test_a_rule_that_no_run_takes_is_found(first: str, second: str, expected: list[str]) -> None:
    """A rule is dead if no value is left for it, and alive if a single one is."""
    assert told(ROUTED.replace("FIRST", first).replace("SECOND", second), *AGENTS) == expected


def test_a_rule_is_dead_where_the_way_there_has_decided_it() -> None:
    """What an earlier step's rule has let pass leaves a later rule on the same field nothing."""
    body = f"""
slots: {{report: Report@1, note: Note@1}}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next: [{{when: "report.score < 50", to: failed}}, {{else: two}}]
  two:
    agent: write
    reads: [start]
    writes: note
    next: [{{when: "report.score < LIMIT", to: failed}}, {{else: done}}]
{ENDS}"""

    assert told(body.replace("LIMIT", "50"), *AGENTS) == ["FO307 steps.two.next.0"]
    assert told(body.replace("LIMIT", "51"), *AGENTS) == []


def test_a_rule_behind_one_that_cannot_be_decided_is_not_called_dead() -> None:
    """Where runs die at a rule, what they then never take is no slip of its own."""
    body = f"""
slots: {{missing: Note@1, report: Report@1}}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next:
      - {{when: "missing.score > 100", to: failed}}
      - {{else: done}}
{ENDS}"""

    assert told(body, *AGENTS) == ["FO302 steps.one.next.0.when: one"]


def test_too_many_kinds_of_answer_are_not_decided() -> None:
    """A step whose answer rules tell apart in over 5,000 ways is refused, not passed."""
    rules = [
        *(f"report.score == {number}" for number in range(60)),
        *(f"report.text == 't{number}'" for number in range(60)),
        "report.final == True",
    ]
    body = f"""
slots: {{report: Report@1}}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next:
{"".join(f'      - {{when: "{rule}", to: failed}}{chr(10)}' for rule in rules)}
      - {{else: done}}
{ENDS}"""

    (finding,) = errors(body, *AGENTS)

    assert finding.code == "FO308"
    assert "rules tell 7,442 answers of one apart" in finding.message


LINE = f"""
slots: {{missing: Note@1, note: Note@1, last: Note@1}}
start: one
steps:
  one: {{agent: write, reads: [start], writes: last, next: two}}
  two: {{agent: read, reads: [missing], writes: note, next: three}}
  three: {{agent: read, reads: [missing], writes: last, next: done}}
{ENDS}"""


def test_one_missing_slot_is_told_where_it_is_first_read() -> None:
    """Readers that no run gets to without going wrong before are not to blame."""
    assert told(LINE, *AGENTS) == ["FO302 steps.two.reads.0: one > two"]


def test_a_reader_with_a_way_of_its_own_is_told_as_well() -> None:
    """A second reader that some run reaches another way goes wrong in its own right."""
    body = LINE.replace(
        "writes: last, next: two}",
        'writes: last, next: [{when: "last.score > 5", to: three}, {else: two}]}',
    )

    assert told(body, *AGENTS) == [
        "FO302 steps.two.reads.0: one > two",
        "FO302 steps.three.reads.0: one > three",
    ]


def test_two_slots_that_one_step_misses_are_two_findings() -> None:
    """Both reads of one step are told at once, each at its own place."""
    body = LINE.replace("agent: read, reads: [missing], writes: note", "agent: both, BOTH").replace(
        "BOTH", "reads: [missing, note], writes: note"
    )

    assert told(body, *AGENTS, an_agent("both", "missing", "note")) == [
        "FO302 steps.two.reads.0: one > two",
        "FO302 steps.two.reads.1: one > two",
    ]


UNSET_OR_STALE = f"""
slots: {{draft: Note@1, claims: Note@1, last: Note@1}}
start: one
steps:
  one:
    agent: write
    reads: [start]
    writes: draft
    next: [{{when: "draft.score > 5", to: read}}, {{else: check}}]
  check: {{agent: check, reads: [draft], writes: claims, next: revise}}
  revise: {{agent: write, reads: [start], writes: draft, next: read}}
  read: {{agent: claims, reads: [claims], writes: last, next: done}}
{ENDS}"""


def test_a_read_that_goes_wrong_in_two_ways_is_told_once() -> None:
    """Unset on one path and stale on another, a read is one slip; it is told as unset."""
    agents = (WRITER, an_agent("check", "draft", about=("draft",)), an_agent("claims", "claims"))

    assert told(UNSET_OR_STALE, *agents) == ["FO302 steps.read.reads.0: one > read"]


SHARED = f"""
slots: {{note: Note@1, last: Note@1}}
start: one
steps:
  one: {{agent: write, reads: [start], writes: note, next: two}}
  two: {{agent: write, reads: [start], writes: last, next: done}}
  help:
    gate: operator
    answers: failure
    allow: [retry, stop]
    stop: failed
    deadline: 1h
    on_deadline: {{to: failed}}
{ENDS}"""


def test_one_line_that_closes_a_loop_at_every_step_is_told_once() -> None:
    """A shared line of the failure plan is one place to mend, by the first step that fails."""
    head = """
flow: toy
version: 1
summary: A toy.
input: {start: Note@1}
budget: {model_calls: 50, tokens: 100000, usd: 1.00, working_time: 10m}
on_failure: {empty: {then: help}, otherwise: {then: failed}}
"""

    assert told(SHARED, *AGENTS, head=head) == ["FO303 on_failure.empty: one > help > one"]


TWO_WAYS = f"""
slots: {{report: Report@1, note: Note@1, missing: Note@1, last: Note@1, decision: Decision@1}}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next:
      - {{when: "report.score < 20", to: long1}}
      - {{when: "report.score < 40", to: short}}
      - {{else: done}}
  long1: {{agent: write, reads: [start], writes: note, next: long2}}
  long2: {{agent: write, reads: [start], writes: note, next: long3}}
  long3: {{agent: write, reads: [start], writes: note, next: last}}
  short: {{agent: write, reads: [start], writes: note, next: last}}
  last:
    LAST
{ENDS}"""
READS_UNSET = "{agent: read, reads: [missing], writes: last, next: done}"
NEVER_ENDS = """
    gate: editor
    shows: [start]
    writes: decision
    deadline: 1h
    on_deadline: {to: last}
    next: last
"""
GOES_ROUND = """
    agent: write
    reads: [start]
    writes: last
    next: [{when: "last.score > 1", to: last}, {else: done}]
"""
GOES_OUT = "{agent: publish, reads: [note], writes: last, next: done}"


@pytest.mark.parametrize(
    ("last", "finding", "moves"),
    [
        (READS_UNSET, "FO302 steps.last.reads.0: one > short > last", 2),
        (GOES_ROUND, "FO303 steps.last.next.0: one > short > last > last", 3),
        (NEVER_ENDS, "FO304 steps.last: one > short > last", 3),
        (GOES_OUT, "FO306 steps.last.reads.0: one > short > last", 2),
    ],
    ids=["FO302", "FO303", "FO304", "FO306"],
)
def test_the_shortest_way_is_told(last: str, finding: str, moves: int) -> None:
    """Of two ways to a fault the one with fewer steps is shown, and its witness goes that way."""
    body = TWO_WAYS.replace("LAST", last)
    agents = (*AGENTS, an_agent("publish", "note", publishes=True))

    assert told(body, *agents) == [finding]
    (found,) = errors(body, *agents)
    assert found.witness is not None
    assert len(found.witness.moves) == moves


def test_the_shortest_way_to_a_stale_value_is_told() -> None:
    """The fewest steps that make a value stale and read it are shown, loops left out."""
    body = UNSET_OR_STALE.replace(
        'when: "draft.score > 5", to: read', 'when: "draft.score > 5", to: one, at_most: 2'
    )
    agents = (WRITER, an_agent("check", "draft", about=("draft",)), an_agent("claims", "claims"))

    (finding,) = errors(body, *agents)

    assert finding.code == "FO305"
    assert finding.path == ("one", "check", "revise", "read")
    assert finding.witness is not None
    assert len(finding.witness.moves) == 3
