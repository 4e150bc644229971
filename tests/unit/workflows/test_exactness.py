"""Where exploring ends: what has too many states is refused, and not passed."""

from tests.toys import HEAD, Note, toy, toy_errors

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
