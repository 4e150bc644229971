"""Which combinations of rules a run can meet: what cannot happen is never reported."""

import re

import pytest

from tests.unit.workflows.driven import an_agent
from tests.unit.workflows.judged import REPORTER, WRITER, errors, told
from workflows.checking.witness import Answered

GAP = """
slots: {report: Report@1, second: Note@1, third: Note@1, fourth: Note@1}
start: one
steps:
  one:
    agent: report
    reads: [start]
    writes: report
    next:
      - {when: "SKIPS", to: three}
      - {else: two}
  two: {agent: write, reads: [start], writes: second, next: three}
  three:
    agent: write
    reads: [start]
    writes: third
    next:
      - {when: "READS", to: four}
      - {else: done}
  four: {agent: read, reads: [second], writes: fourth, next: done}
ends:
  done: {outcome: succeeded, output: third}
  failed: {outcome: failed}
"""
"""`second` is unset if one rule held, and read if another does."""

READER = an_agent("read", "second")
UNSET = ["FO302 steps.four.reads.0: one > three > four"]
NEVER_SKIPS, NEVER_READS = ["FO307 steps.one.next.0"], ["FO307 steps.three.next.0"]


def _gap(skips: str, reads: str) -> str:
    return GAP.replace("SKIPS", _on_report(skips)).replace("READS", _on_report(reads))


def _on_report(condition: str) -> str:
    return re.sub(r"\b(score|verdict|final|items|text|mark)\b", r"report.\1", condition)


@pytest.mark.parametrize(
    ("skips", "reads", "expected"),
    [
        pytest.param("score < 50", "score >= 50", [], id="numbers apart"),
        pytest.param("score < 50", "score > 48", UNSET, id="one number in common"),
        pytest.param("score < 51", "score == 50", UNSET, id="a number inside"),
        pytest.param("score > 99", "score == 100", UNSET, id="the largest number"),
        pytest.param("score > 100", "score == 100", NEVER_SKIPS, id="a number too large"),
        pytest.param("score > 50", "score < 0", NEVER_READS, id="a number too small"),
        pytest.param("verdict == 'good'", "verdict in ['fair', 'poor']", [], id="enum apart"),
        pytest.param("verdict != 'good'", "verdict == 'poor'", UNSET, id="enum in common"),
        pytest.param(
            "verdict in ['good', 'fair']",
            "verdict not in ['good', 'fair', 'poor']",
            NEVER_READS,
            id="enum without a fourth",
        ),
        pytest.param("not final == True", "final == True", [], id="bool apart"),
        pytest.param("final == True", "final != False", UNSET, id="bool in common"),
        pytest.param("len(items) <= 1", "len(items) > 1", [], id="lengths apart"),
        pytest.param("len(items) == 5", "len(items) > 4", UNSET, id="the longest list"),
        pytest.param("len(items) == 5", "len(items) > 5", NEVER_READS, id="a list too long"),
        pytest.param("len(items) == 0", "len(items) == 1", NEVER_SKIPS, id="an empty list"),
        pytest.param("text == 'a'", "text != 'a'", [], id="texts apart"),
        pytest.param("text in ['a', 'b']", "text == 'b'", UNSET, id="a text in common"),
        pytest.param("text not in ['a']", "text == 'c'", UNSET, id="a text not named before"),
        pytest.param("mark == 'm1'", "mark == 'x'", NEVER_READS, id="a text of no such pattern"),
        pytest.param(
            "score < 50 and final == True", "score >= 50 or final == False", [], id="two fields"
        ),
        pytest.param(
            "score < 50 or final == True", "not (score < 50)", UNSET, id="one field of two"
        ),
    ],
)
def test_only_values_that_can_be_are_reported(skips: str, reads: str, expected: list[str]) -> None:
    """A missing value is reported when some value of the field's type takes both rules' ways."""
    assert told(_gap(skips, reads), REPORTER, WRITER, READER) == expected


def test_a_witness_answers_with_a_value_that_takes_the_way() -> None:
    """Where one number alone leads to the fault, the witness answers with that number."""
    (finding,) = errors(_gap("score < 50", "score > 48"), REPORTER, WRITER, READER)

    assert finding.witness is not None
    assert finding.witness.moves[0] == Answered(node="one", facts={"score": 49})


def test_what_a_run_is_given_takes_one_way_as_well() -> None:
    """A rule on an input and its opposite never hold in one run; the witness says the input."""
    apart = GAP.replace("SKIPS", "start.score < 50").replace("READS", "start.score >= 50")
    common = GAP.replace("SKIPS", "start.score < 50").replace("READS", "start.score == 49")

    assert told(apart, REPORTER, WRITER, READER) == []
    (finding,) = errors(common, REPORTER, WRITER, READER)
    assert finding.witness is not None
    assert finding.witness.given == {"start": {"score": 49}}


def _far(steps: int) -> str:
    """The same flow with many steps between the two rules."""
    between = "".join(
        f"  f{at}: {{agent: write, reads: [start], writes: filler, next: f{at + 1}}}\n"
        for at in range(steps)
    )
    return (
        _gap("score < 50", "score >= 50")
        .replace("fourth: Note@1", "fourth: Note@1, filler: Note@1")
        .replace("to: three}", "to: f0}")
        .replace("writes: second, next: three", "writes: second, next: f0")
        .replace("  three:", f"{between}  f{steps}:")
    )


LAST = "f1: {agent: write, reads: [start], writes: filler, next: f2}"
ANEW = "f1: {agent: report, reads: [start], writes: report, next: f2}"


def test_a_field_is_remembered_until_its_last_rule() -> None:
    """Thirty steps after a field was routed on, a rule still sees the value of that time."""
    assert told(_far(30), REPORTER, WRITER, READER) == []


def test_a_field_that_is_written_anew_is_another_value() -> None:
    """Once the slot is written again on the way, the rule before it says nothing any more."""
    anew = _far(2).replace(LAST, ANEW)

    assert told(anew, REPORTER, WRITER, READER) == [
        "FO302 steps.four.reads.0: one > f0 > f1 > f2 > four"
    ]


def test_a_step_that_fails_leaves_the_old_value() -> None:
    """After a failed attempt to write a slot anew, rules further on still see what it held."""
    failing = ANEW.replace("next: f2", "next: done, on_failure: {empty: {then: f2}}")
    anew = _far(2).replace(LAST, failing).replace("output: third", "output: report")

    assert told(anew, REPORTER, WRITER, READER) == []
