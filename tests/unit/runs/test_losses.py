"""What may still read a value: the ways from where a run is, up to where it is replaced."""

from services.agents.base import Given
from services.runs.losses import readers
from tests.toys import Note, toy, toy_flow

LOOP = """
slots: {draft: Note@1, report: Note@1, decision: Decision@1, copy: Note@1}
start: write
steps:
  write: {agent: write, reads: [start], writes: draft, next: review}
  review:
    agent: review
    reads: [draft]
    writes: report
    next:
      - {when: "report.score < 50", to: write, at_most: 2}
      - {else: approve}
  approve:
    gate: editor
    shows: [draft]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next:
      - {when: "decision.verdict == 'reject'", to: failed}
      - {else: finish}
  finish: {agent: finish, reads: [draft], writes: copy, next: done}
ends:
  done: {outcome: succeeded, output: copy}
  failed: {outcome: failed}
"""


def _note(given: Given) -> Note:
    return Note()


FLOW = toy_flow(
    LOOP,
    toy("write", _note),
    toy("review", _note, draft="Note@1"),
    toy("finish", _note, draft="Note@1"),
).flow


def test_a_value_is_needed_by_what_lies_ahead() -> None:
    """From the review on the draft is read by review, gate and last step."""
    assert readers(FLOW, "draft", "review") == ("review", "approve", "finish")


def test_what_lies_behind_needs_nothing() -> None:
    """At the last step nothing else will read the draft, and nothing the report."""
    assert readers(FLOW, "draft", "finish") == ("finish",)
    assert readers(FLOW, "report", "finish") == ()


def test_a_value_that_is_replaced_first_is_not_needed() -> None:
    """The draft that the loop replaces is not read behind the step that writes another."""
    assert readers(FLOW, "draft", "write") == ()


def test_an_end_needs_its_output() -> None:
    """The end that a run comes to hands its output over."""
    assert readers(FLOW, "copy", "done") == ("done",)
