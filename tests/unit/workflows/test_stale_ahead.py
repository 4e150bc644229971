"""Whoever changes something under a run is told where what was made from it would be used."""

from tests.toys import Note, toy, toy_flow
from workflows.stale_ahead import StaleUse, stale_uses

BODY = """
slots: {first: Note@1, report: Note@1, second: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: check}
  check: {agent: check, reads: [first], writes: report, next: two}
  two:
    agent: two
    reads: [first, report]
    writes: second
    next:
      - {when: "second.score < 5", to: one, at_most: 2}
      - {else: approve}
  approve:
    gate: editor
    shows: [first, second]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next: done
ends:
  done: {outcome: succeeded, output: second}
  failed: {outcome: failed}
"""
FLOW = toy_flow(
    BODY,
    toy("one", lambda given: Note()),
    toy("check", lambda given: Note(), first="Note@1"),
    toy("two", lambda given: Note(), first="Note@1", report="Note@1"),
).flow


def test_what_is_made_anew_on_the_way_is_not_stale() -> None:
    """From the step on that makes it again, everything that follows reads the new value."""
    assert stale_uses(FLOW, "check", frozenset({"report"})) == ()


def test_each_use_of_a_stale_value_is_told() -> None:
    """Steps that read it and gates that show it, in the order a run comes to them."""
    found = stale_uses(FLOW, "two", frozenset({"first", "report"}))

    assert found == (
        StaleUse("two", "first"),
        StaleUse("two", "report"),
        StaleUse("approve", "first"),
    )


def test_an_end_uses_its_output() -> None:
    """A run that begins behind the step that makes its output would end with the old one."""
    found = stale_uses(FLOW, "approve", frozenset({"second"}))

    assert found == (StaleUse("approve", "second"), StaleUse("done", "second"))
