"""What may be published: who has to vouch for it, for which version, on which path."""

from typing import Any

import pytest

from contracts.agent import AgentDeclaration
from contracts.reference import Trust
from tests.unit.workflows.driven import an_agent
from tests.unit.workflows.judged import errors, told
from workflows.checking.witness import Answered

DRAFTER = an_agent("write", "start")
REVISER = an_agent("revise", "draft")
PUBLISHER = an_agent("publish", "draft", publishes=True)


def _checker(**changes: Any) -> AgentDeclaration:
    return an_agent("check", "draft", **{"about": ("draft",), "verifies": True, **changes})


LINE = """
slots: {draft: Note@1, claims: Note@1, printed: Note@1}
start: write
steps:
  write: {agent: write, reads: [start], writes: draft, next: check}
  check:
    agent: check
    reads: [draft]
    writes: claims
    next:
      - {when: "claims.score >= LIMIT", to: publish}
      - {else: OTHERWISE}
  publish: {agent: publish, reads: [READS], writes: printed, next: done}
ends:
  done: {outcome: succeeded, output: printed}
  failed: {outcome: failed}
"""
UNVOUCHED = ["FO306 steps.publish.reads.0: write > check > publish"]
STRICT = _checker(vouches_when="score >= 80")


def _line(limit: int = 80, otherwise: str = "failed", reads: str = "draft") -> str:
    body = LINE.replace("LIMIT", str(limit)).replace("OTHERWISE", otherwise)
    return body.replace("READS", reads)


@pytest.mark.parametrize(
    ("body", "checker", "expected"),
    [
        pytest.param(_line(), _checker(), [], id="any report vouches"),
        pytest.param(_line(), _checker(verifies=False), UNVOUCHED, id="no verifier"),
        pytest.param(_line(), _checker(about=()), UNVOUCHED, id="about nothing"),
        pytest.param(_line(80), STRICT, [], id="led on by the same condition"),
        pytest.param(_line(81), STRICT, [], id="led on by a stricter one"),
        pytest.param(_line(79), STRICT, UNVOUCHED, id="led on by a laxer one"),
        pytest.param(_line(80, "publish"), STRICT, UNVOUCHED, id="led on in any case"),
    ],
)
def test_a_report_vouches_when_its_agent_says_so(
    body: str, checker: AgentDeclaration, expected: list[str]
) -> None:
    """What a verifier's own condition asks has to hold on every way that leads to publishing."""
    assert told(body, DRAFTER, checker, PUBLISHER) == expected


def test_a_witness_gives_the_report_that_does_not_hold() -> None:
    """Where one score passes the rule but not the verifier, the witness answers with that one."""
    (finding,) = errors(_line(79), DRAFTER, STRICT, PUBLISHER)

    assert finding.witness is not None
    assert finding.witness.moves[-1] == Answered(node="check", facts={"score": 79})


def test_only_what_goes_out_needs_somebody_to_vouch() -> None:
    """A publisher that says what its product is about sends out nothing else that it reads."""
    body = _line(reads="draft, start")
    both = an_agent("publish", "draft", "start", publishes=True)
    other = both.model_copy(update={"about": ("start",)})

    assert told(body, DRAFTER, _checker(verifies=False), both) == UNVOUCHED
    assert told(body, DRAFTER, _checker(verifies=False), other) == []


def test_what_is_not_there_does_not_go_out() -> None:
    """An optional input needs somebody as soon as it may hold something, and not before."""
    optional = an_agent("publish", "draft", "extra", optional=("extra",), publishes=True)
    body = _line(reads='draft, "extra?"').replace("printed:", "extra: Note@1, printed:")
    filled = body.replace("start: write", "start: more").replace(
        "steps:", "steps:\n  more: {agent: write, reads: [start], writes: extra, next: write}"
    )

    assert told(body, DRAFTER, _checker(), optional) == []
    assert told(filled, DRAFTER, _checker(), optional) == [
        "FO306 steps.publish.reads.1: more > write > check > publish"
    ]


REVISED = """
slots: {draft: Note@1, claims: Note@1, printed: Note@1}
start: write
steps:
  write: {agent: write, reads: [start], writes: draft, next: check}
  check:
    agent: check
    reads: [draft]
    writes: claims
    next:
      - {when: "claims.score < 80", to: revise, at_most: 1}
      - {else: publish}
  revise: {agent: revise, reads: [draft], writes: draft, next: AFTER}
  publish: {agent: publish, reads: [draft], writes: printed, next: done}
ends:
  done: {outcome: succeeded, output: printed}
  failed: {outcome: failed}
"""


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("publish", ["FO306 steps.publish.reads.0: write > check > revise > publish"]),
        ("check", []),
    ],
)
def test_a_report_vouches_for_the_version_that_it_is_about(after: str, expected: list[str]) -> None:
    """A revision needs a report of its own, however good the one on the version before."""
    assert (
        told(REVISED.replace("AFTER", after), DRAFTER, _checker(), REVISER, PUBLISHER) == expected
    )


def test_a_later_report_takes_the_place_of_an_earlier_one() -> None:
    """A bad report in the same slot takes back what a good one had vouched for."""
    again = """
slots: {draft: Note@1, claims: Note@1, printed: Note@1}
start: write
steps:
  write: {agent: write, reads: [start], writes: draft, next: first}
  first:
    agent: check
    reads: [draft]
    writes: claims
    next: [{when: "claims.score >= 80", to: second}, {else: failed}]
  second: {agent: check, reads: [draft], writes: SLOT, next: publish}
  publish: {agent: publish, reads: [draft], writes: printed, next: done}
ends:
  done: {outcome: succeeded, output: printed}
  failed: {outcome: failed}
"""
    other = again.replace("claims: Note@1", "claims: Note@1, more: Note@1")

    assert told(again.replace("SLOT", "claims"), DRAFTER, STRICT, PUBLISHER) == [
        "FO306 steps.publish.reads.0: write > first > second > publish"
    ]
    assert told(other.replace("SLOT", "more"), DRAFTER, STRICT, PUBLISHER) == []


GATE = """
slots: {draft: Note@1, decision: Decision@1, printed: Note@1}
start: write
steps:
  write: {agent: write, reads: [start], writes: draft, next: ask}
  ask:
    gate: editor
    shows: [SHOWN]
    writes: decision
    EDITS
    deadline: 1h
    on_deadline: {to: LATE}
    next:
      - {when: "CONDITION", to: publish}
      - {else: failed}
  publish: {agent: publish, reads: [draft], writes: printed, next: done}
ends:
  done: {outcome: succeeded, output: printed}
  failed: {outcome: failed}
"""
AT_THE_GATE = ["FO306 steps.publish.reads.0: write > ask > publish"]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("== 'approve'", []),
        ("== 'reject'", AT_THE_GATE),
        ("!= 'reject'", []),
        ("== 'edited'", []),
        ("!= 'edited'", AT_THE_GATE),
    ],
)
def test_a_person_vouches_by_approving_or_by_writing_it(verdict: str, expected: list[str]) -> None:
    """Who approves vouches, what a person edited is a person's word, and a rejection is neither."""
    body = GATE.replace("CONDITION", f"decision.verdict {verdict}").replace("LATE", "failed")
    body = body.replace("SHOWN", "draft").replace("EDITS", "edits: draft")

    assert told(body, DRAFTER, PUBLISHER) == expected


def test_a_person_vouches_only_for_what_was_shown() -> None:
    """An approval of something else lets no draft go out."""
    body = GATE.replace("CONDITION", "decision.verdict == 'approve'").replace("LATE", "failed")
    body = body.replace("SHOWN", "start").replace("    EDITS\n", "")

    assert told(body, DRAFTER, PUBLISHER) == AT_THE_GATE


def test_silence_vouches_for_nothing() -> None:
    """A gate that nobody answers in time has approved nothing."""
    body = GATE.replace("CONDITION", "decision.verdict == 'approve'").replace("LATE", "publish")
    body = body.replace("SHOWN", "draft").replace("    EDITS\n", "")

    assert told(body, DRAFTER, PUBLISHER) == AT_THE_GATE


STRAIGHT = """
slots: {draft: Note@1, copy: Note@1, printed: Note@1}
start: write
steps:
  write: {agent: write, reads: [start], writes: draft, next: copy}
  copy: {agent: copy, reads: [FROM], writes: copy, next: publish}
  publish: {agent: print, reads: [copy], writes: printed, next: done}
ends:
  done: {outcome: succeeded, output: printed}
  failed: {outcome: failed}
"""
PRINTER = an_agent("print", "copy", publishes=True)


@pytest.mark.parametrize(
    ("source", "trust", "expected"),
    [
        ("start", Trust.OPERATOR, []),
        ("start", Trust.MODEL, ["FO306 steps.publish.reads.0: write > copy > publish"]),
        ("draft", Trust.OPERATOR, ["FO306 steps.publish.reads.0: write > copy > publish"]),
    ],
)
def test_what_code_makes_of_a_person_s_words_needs_nobody(
    source: str, trust: Trust, expected: list[str]
) -> None:
    """A trusted agent's product is trusted as far as what it was made from, and no further."""
    copy = an_agent("copy", source, trust=trust)

    assert told(STRAIGHT.replace("FROM", source), DRAFTER, copy, PRINTER) == expected


def test_what_a_run_was_given_needs_nobody() -> None:
    """An input is the word of whoever started the run."""
    body = STRAIGHT.replace("FROM", "start").replace("reads: [copy]", "reads: [start]")

    assert (
        told(body, DRAFTER, an_agent("copy", "start"), an_agent("print", "start", publishes=True))
        == []
    )


PARTS = """
slots: {parts: [Note@1], claims: CLAIMS, printed: Note@1}
start: write
steps:
  write: {agent: write, each: part in start.items, reads: [start], writes: parts, next: check}
  check: {agent: check, EACH reads: [parts], writes: claims, next: publish}
  publish: {agent: print, reads: [parts], writes: printed, next: done}
ends:
  done: {outcome: succeeded, output: printed}
  failed: {outcome: failed}
"""
PART = {"part": "Note@1.items[]"}


@pytest.mark.parametrize(
    ("each", "condition", "expected"),
    [
        pytest.param(False, "", [], id="one report on all items"),
        pytest.param(True, "", [], id="a report for each, whatever it says"),
        pytest.param(
            True,
            "score >= 0",
            ["FO306 steps.publish.reads.0: write > check > publish"],
            id="a report for each, if it says so",
        ),
    ],
)
def test_a_list_of_reports_has_no_one_verdict(
    each: bool, condition: str, expected: list[str]
) -> None:
    """Items go out together on a report about all; of many reports none can be looked at alone."""
    receives = {"parts": "[Note@1]", **(PART if each else {})}
    checker = _checker(receives=receives, about=("parts",), vouches_when=condition)
    body = PARTS.replace("CLAIMS", "[Note@1]" if each else "Note@1")
    body = body.replace("EACH", "each: part in start.items," if each else "")
    writer = an_agent("write", receives={"start": "Note@1", **PART})
    printer = an_agent("print", receives={"parts": "[Note@1]"}, publishes=True)

    assert told(body, writer, checker, printer) == expected
