"""Each slip is told once, at its cause, by the shortest way there; dead rules and limits too."""

import pytest

from tests.unit.workflows.driven import an_agent
from tests.unit.workflows.judged import HEAD, REPORTER, WRITER, errors, told
from workflows.checking.witness import Handled

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

    (found,) = errors(body.replace("LIMIT", "50"), *AGENTS)
    assert (found.code, found.place) == ("FO307", ("steps", "two", "next", 0))
    assert "what led here never leaves it such a value" in found.message
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


def test_two_slots_that_one_step_misses_on_one_way_are_one_finding() -> None:
    """Both slots are named at the place of the first: whoever should write them is one slip."""
    body = LINE.replace("agent: read, reads: [missing], writes: note", "agent: both, BOTH").replace(
        "BOTH", "reads: [missing, note], writes: note"
    )

    (found,) = errors(body, *AGENTS, an_agent("both", "missing", "note", optional=("note",)))

    assert (found.code, found.place) == ("FO302", ("steps", "two", "reads", 0))
    assert found.message == "missing and note hold no value on some path that reaches step two"
    assert found.remedy == (
        "Write missing and note on every path before, or read it as `note?` where that will do."
    )


def test_slots_that_one_step_misses_on_two_ways_are_two_findings() -> None:
    """What each way leaves unset is a slip of its own, with the way to it."""
    body = f"""
slots: {{missing: Note@1, note: Note@1, last: Note@1}}
start: one
steps:
  one:
    agent: write
    reads: [start]
    writes: last
    next: [{{when: "last.score > 5", to: left}}, {{else: right}}]
  left: {{agent: write, reads: [start], writes: missing, next: both}}
  right: {{agent: write, reads: [start], writes: note, next: both}}
  both: {{agent: both, reads: [missing, note], writes: last, next: done}}
{ENDS}"""

    assert told(body, *AGENTS, an_agent("both", "missing", "note")) == [
        "FO302 steps.both.reads.0: one > right > both",
        "FO302 steps.both.reads.1: one > left > both",
    ]


def test_an_agent_that_needs_a_slot_is_not_told_to_do_without() -> None:
    """The question mark is offered only where it would not be the next finding."""
    (found,) = errors(LINE, *AGENTS)

    assert found.remedy == "Write missing on every path before."


CHAIN = f"""
slots: {{note: Note@1, second: Note@1, last: Note@1}}
start: START
steps:
  one: {{agent: write, reads: [start], writes: note, next: two}}
  two: {{agent: note, reads: [note], writes: second, next: three}}
  three: {{agent: note, reads: [{{note: second}}], writes: last, next: done}}
{ENDS}"""


def test_a_wrong_start_is_one_finding() -> None:
    """What nothing leads to, what only follows that and who misses its slots have one cause."""
    (found,) = errors(CHAIN.replace("START", "three"), *AGENTS)

    assert (found.code, found.place) == ("FO301", ("steps", "one"))
    assert found.message == (
        "no path leads here, nor to what only follows it: two; so three misses second"
    )
    assert found.remedy.startswith("Let the run begin here (start: one), ")
    assert told(CHAIN.replace("START", "one"), *AGENTS) == []


def test_parts_that_lead_only_to_each_other_are_told_once() -> None:
    """Of a circle that nothing leads into, one place is named and the others after it."""
    body = CHAIN.replace("START", "three").replace("reads: [{note: second}]", "reads: [start]")
    body = body.replace("agent: note, reads: [start]", "agent: write, reads: [start]")
    circle = body.replace("next: three", "next: one")

    (found,) = errors(circle, *AGENTS)

    assert found.message == "no path leads here, nor to what only follows it: two"
    assert found.remedy == "Let a rule or a failure plan lead to it, or remove it."


DEAD_DEFAULT = f"""
slots: {{report: Report@1, note: Note@1}}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next:
      - {{when: "report.score < 50", to: done}}
      - {{when: "report.score >= 50", to: failed}}
      - {{else: two}}
  two: {{agent: write, reads: [start], writes: note, next: three}}
  three: {{agent: write, reads: [start], writes: note, next: done}}
{ENDS}"""


def test_a_step_behind_a_default_that_nothing_is_left_for_is_told() -> None:
    """No run comes to it; what follows it is not told again."""
    (found,) = errors(DEAD_DEFAULT, *AGENTS)

    assert (found.code, found.place) == ("FO301", ("steps", "two"))
    assert found.message.startswith("no run comes here: only `else` of one leads here")
    assert told(DEAD_DEFAULT.replace(">= 50", "> 50"), *AGENTS) == []


def test_an_end_may_stand_for_what_cannot_happen() -> None:
    """A list of rules has to end with `else`; leading it to an end is no slip."""
    rules = DEAD_DEFAULT.replace("else: two", "else: odd").partition("  two:")[0]
    without = rules + ENDS.replace("ends:", "ends:\n  odd: {outcome: failed}")

    assert told(without, *AGENTS) == []


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("report.score < 50", "report.score < 20", "the rule just before it takes all that"),
        ("report.score < 50", "report.score > 100", "the contract allows no such value"),
        (
            "report.score < 50",
            "report.score > 20 and report.score < 10",
            "its parts contradict each other, or the contract allows no such value",
        ),
    ],
)
def test_a_dead_rule_says_why(first: str, second: str, why: str) -> None:
    """Whether rules before it, its own parts or the contract leave it nothing is told."""
    (found,) = errors(ROUTED.replace("FIRST", first).replace("SECOND", second), *AGENTS)

    assert found.message.startswith(f"no run ever goes this way to failed: {why}")


def test_a_dead_rule_behind_several_says_that_it_is_several() -> None:
    """Where two rules take a part each of what a third would take, both are meant."""
    body = ROUTED.replace("FIRST", "report.score < 50").replace(
        "SECOND", "report.score >= 50 and report.final == True"
    )
    third = '      - {when: "report.final == True", to: done}\n      - {else: two}'

    (found,) = errors(body.replace("      - {else: two}", third), *AGENTS)

    assert found.place == ("steps", "one", "next", 2)
    assert "the rules before it take all that it would take" in found.message


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


ROUND = f"""
slots: {{note: Note@1}}
start: one
steps:
  one: {{agent: write, reads: [start], writes: note, next: two}}
  two:
    agent: write
    reads: [start]
    writes: note
    next: [{{when: "note.score > 5", to: BACK}}, {{else: OTHER}}]
{ENDS}"""


@pytest.mark.parametrize(
    ("back", "other", "place", "remedy"),
    [
        ("one", "done", 0, "Give one rule or failure line of the loop `at_most: N`."),
        (
            "done",
            "one",
            1,
            "`else` takes no at_most: let a rule {when: ..., to: ..., at_most: N} before it lead"
            " back, and `else` out of the loop.",
        ),
    ],
)
def test_what_bounds_a_loop_is_advised_where_it_may_stand(
    back: str, other: str, place: int, remedy: str
) -> None:
    """A rule takes `at_most`; `else` does not, and whoever followed that advice got FO104."""
    (found,) = errors(ROUND.replace("BACK", back).replace("OTHER", other), *AGENTS)

    assert (found.code, found.place) == ("FO303", ("steps", "two", "next", place))
    assert found.remedy == remedy


def test_a_loop_that_else_closes_is_bounded_at_another_of_its_ways() -> None:
    """The rule of the loop that takes `at_most` is named by its place."""
    body = ROUND.replace("to: BACK", "to: three").replace("else: OTHER", "else: done")
    three = "  three: {agent: write, reads: [start], writes: note, next: one}\nends:"

    (found,) = errors(body.replace("ends:", three), *AGENTS)

    assert found.place == ("steps", "three", "next", 0)
    assert found.remedy == "`else` takes no at_most; give steps.two.next.0 `at_most: N`."


def test_otherwise_is_not_advised_to_be_counted() -> None:
    """The last resort takes no `at_most`: the kinds that may come back have to be named."""
    head = HEAD.replace("{otherwise: {then: failed}}", "{otherwise: {then: help}}")

    (found,) = errors(SHARED, *AGENTS, head=head)

    assert found.place == ("on_failure", "otherwise")
    assert found.remedy.startswith("`otherwise` takes no at_most: name the kinds that may lead")


@pytest.mark.parametrize(
    ("allow", "action"), [("[retry, stop]", "retry"), ("[raise_budget, stop]", "raise_budget")]
)
def test_a_witness_answers_what_the_gate_allows(allow: str, action: str) -> None:
    """A person who may only raise the budget is not said to retry."""
    head = HEAD.replace("{otherwise:", "{over_budget: {then: help}, otherwise:")

    (found,) = errors(SHARED.replace("[retry, stop]", allow), *AGENTS, head=head)

    assert found.witness is not None
    assert [each.action for each in found.witness.moves if isinstance(each, Handled)] == [action]


FANNED = f"""
slots: {{report: Report@1, parts: [Note@1]}}
start: one
steps:
  one: {{agent: report, reads: [start], writes: report, next: many}}
  many:
    each: part in report.items
    agent: many
    reads: []
    writes: parts
    next: done
    on_failure: {{empty: {{then: help}}}}
  help:
    gate: operator
    answers: failure
    allow: ALLOW
    stop: failed
    deadline: 1h
    on_deadline: {{to: failed}}
{ENDS}"""


@pytest.mark.parametrize(
    ("allow", "expected"),
    [
        ("[supply, stop]", []),
        (
            "[supply, retry, stop]",
            ["FO303 steps.many.on_failure.empty: one > many > help > many"],
        ),
    ],
)
def test_a_person_who_supplies_items_comes_to_an_end(allow: str, expected: list[str]) -> None:
    """A fan-out has so many items, and what was supplied is not made again; a retry is endless."""
    many = an_agent("many").model_copy(update={"receives": {"part": "Report@1.items[]"}})

    assert told(FANNED.replace("ALLOW", allow), *AGENTS, many) == expected


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
