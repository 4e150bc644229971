"""Where exploring ends: too many states are refused; what one question costs at worst is exact."""

from services.flows.compile import inspect
from services.flows.document import read_text
from tests.toys import HEAD, Note, ToyWriter, toy, toy_catalogue, toy_errors

ENDS = """
ends:
  done: {outcome: succeeded, output: last}
  low: {outcome: rejected}
  failed: {outcome: failed}
"""

ONE = toy("one", lambda given: Note()).declaration


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


STRAIGHT = f"""{HEAD}
slots: {{last: Note@1}}
start: w
steps:
  w: {{agent: toy_writer, reads: [start], writes: last, next: done}}
ends:
  done: {{outcome: succeeded, output: last}}
  failed: {{outcome: failed}}
"""


def test_one_question_costs_its_repairs_and_the_last_rung() -> None:
    """Asked once, repaired twice by the plan, put once more on the last rung: four calls."""
    worst = inspect(
        read_text("toy.yaml", STRAIGHT), toy_catalogue(ToyWriter.declaration)
    ).worst_case

    assert worst is not None
    assert (worst.calls, worst.tokens, worst.microusd) == (4, 4 * 600, 4 * (500 + 200))
    assert worst.steps["w"].visits == 1
