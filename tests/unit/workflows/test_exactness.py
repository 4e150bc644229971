"""The check neither overlooks what can happen nor reports what cannot."""

from services.flows.compile import inspect
from services.flows.document import read_text
from tests.toys import HEAD, Note, ToyWriter, toy, toy_catalogue, toy_errors
from workflows.checking.worst_case import WorstCase

ENDS = """
ends:
  done: {outcome: succeeded, output: last}
  low: {outcome: rejected}
  failed: {outcome: failed}
"""


ONE = toy("one", lambda given: Note()).declaration
TWO = toy("two", lambda given: Note(), mid="Note@1").declaration


def _branching(back: str) -> str:
    """`mid` is written only for a high score; `two`, which reads it, is reached by `back`."""
    return f"""{HEAD}
slots: {{first: Note@1, mid: Note@1, last: Note@1}}
start: a
steps:
  a:
    agent: one
    reads: [start]
    writes: first
    next:
      - {{when: "first.score >= 50", to: b}}
      - {{else: c}}
  b: {{agent: one, reads: [start], writes: mid, next: c}}
  c:
    agent: one
    reads: [start]
    writes: last
    next:
      - {{when: "{back}", to: d}}
      - {{else: low}}
  d: {{agent: two, reads: [mid], writes: last, next: done}}
{ENDS}"""


def test_a_branch_that_cannot_be_taken_is_not_held_against_a_flow() -> None:
    """Who reads `mid` is reached for scores of 70 and more only, and then `mid` was written."""
    assert toy_errors(_branching("first.score >= 70"), ONE, TWO) == ""


def test_a_branch_that_can_be_taken_is() -> None:
    """With a score of 49 the reader is reached, and `mid` was not written; 49 is the witness."""
    complaint = toy_errors(_branching("first.score >= 49"), ONE, TWO)

    assert "FO302 steps.d.reads.0: mid holds no value" in complaint
    assert "a answers score = 49" in complaint


def test_the_bounds_of_a_field_cut_its_values_as_well() -> None:
    """A score is 100 at most, so a rule that wants more is never taken."""
    complaint = toy_errors(_branching("first.score > 100"), ONE, TWO)

    assert "FO307 steps.c.next.0: no run ever goes this way to d" in complaint
    assert complaint.count("FO3") == 1


def _mending(at_most: int) -> str:
    """`b` is mended by going on at `c`; the reader `d` is reached at the third visit of `c`."""
    return f"""{HEAD}
slots: {{first: Note@1, mid: Note@1, last: Note@1}}
start: b
steps:
  b:
    agent: one
    reads: [start]
    writes: mid
    on_failure: {{refused: {{then: c, at_most: {at_most}}}}}
    next: done_b
  done_b: {{agent: one, reads: [start], writes: last, next: done}}
  c:
    agent: one
    reads: [start]
    writes: last
    next:
      - {{when: "last.score >= 0", to: b, at_most: 2}}
      - {{else: d}}
  d: {{agent: two, reads: [mid], writes: last, next: done}}
{ENDS}""".replace("  low: {outcome: rejected}\n", "")


def test_failures_count_as_often_as_the_plan_allows() -> None:
    """The third failure of `b` reaches `d` with nothing in `mid`; with a third allowed, it can."""
    complaint = toy_errors(_mending(3), ONE, TWO)

    assert "FO302 steps.d.reads.0: mid holds no value" in complaint
    assert complaint.count("b fails: refused") == 3


def test_failures_do_not_count_more_often_than_the_plan_allows() -> None:
    """With two failures allowed `d` is never reached unset, which only counting can tell."""
    complaint = toy_errors(_mending(2), ONE, TWO)

    assert "FO302" not in complaint


def test_a_used_up_rule_gives_the_next_its_turn() -> None:
    """The second rule says the same and is reached: the first is used up after two rounds."""
    text = f"""{HEAD}
slots: {{last: Note@1}}
start: a
steps:
  a:
    agent: one
    reads: [start]
    writes: last
    next:
      - {{when: "last.score < 50", to: a, at_most: 2}}
      - {{when: "last.score < 50", to: low}}
      - {{else: done}}
{ENDS}"""

    assert toy_errors(text, ONE) == ""
    assert "FO307 steps.a.next.1" in toy_errors(text.replace(", at_most: 2", ""), ONE)


def test_too_many_answers_are_not_decided_and_that_is_an_error() -> None:
    """Three fields of a hundred regions each, read together, are more than is explored."""
    rules = "\n".join(
        f'      - {{when: "first.score == {number} and second.score == {number}'
        f' and third.score == {number}", to: low}}'
        for number in range(100)
    )
    text = f"""{HEAD}
slots: {{first: Note@1, second: Note@1, third: Note@1, last: Note@1}}
start: a
steps:
  a: {{agent: one, reads: [start], writes: first, next: b}}
  b: {{agent: one, reads: [start], writes: second, next: c}}
  c: {{agent: one, reads: [start], writes: third, next: d}}
  d:
    agent: one
    reads: [start]
    writes: last
    next:
{rules}
      - {{else: done}}
{ENDS}"""

    complaint = toy_errors(text, ONE)

    assert "FO308 file: not decided: it has over 100,000 states" in complaint


WRITER = ToyWriter.declaration


def _worst(steps: str, **plan: str) -> WorstCase:
    text = f"""{HEAD}
slots: {{last: Note@1, parts: [Note@1]}}
start: w
steps:
{steps}
{ENDS}""".replace("  low: {outcome: rejected}\n", "")
    for kind, line in plan.items():
        text = text.replace("  otherwise:", f"  {kind}: {line}\n  otherwise:", 1)
    found = inspect(read_text("toy.yaml", text), toy_catalogue(ONE, WRITER)).worst_case
    assert found is not None
    return found


STRAIGHT = "  w: {agent: toy_writer, reads: [start], writes: last, next: done}"


def test_one_question_costs_its_repairs_and_the_last_rung() -> None:
    """Asked once, repaired twice by the plan, put once more on the last rung: four calls."""
    worst = _worst(STRAIGHT)

    assert (worst.calls, worst.tokens, worst.microusd) == (4, 4 * 600, 4 * (500 + 200))
    assert worst.steps["w"].visits == 1


def test_a_loop_costs_as_often_as_it_may_be_gone_round() -> None:
    """A rule that may be taken three times makes four visits at most."""
    loop = """  w:
    agent: toy_writer
    reads: [start]
    writes: last
    next:
      - {when: "last.score > 1", to: w, at_most: 3}
      - {else: done}"""

    worst = _worst(loop)

    assert (worst.calls, worst.steps["w"].visits) == (16, 4)


def test_people_s_retries_cost_as_much_as_the_plan_lets_them() -> None:
    """A plan that asks a person twice lets them try the step twice more."""
    helped = f"""{STRAIGHT}
  help:
    gate: operator
    answers: failure
    allow: [retry, stop]
    stop: failed
    deadline: 1h
    on_deadline: {{to: failed}}"""

    worst = _worst(helped, refused="{then: help, at_most: 2}")

    assert (worst.calls, worst.steps["w"].visits) == (12, 3)


def test_a_way_back_after_a_failure_costs_too() -> None:
    """A failure that begins the step anew at most twice makes three visits."""
    worst = _worst(STRAIGHT, refused="{then: w, at_most: 2}")

    assert (worst.calls, worst.steps["w"].visits) == (12, 3)
