"""Which reads of old values the check finds, and which it rightly lets pass."""

import pytest

from tests.unit.workflows.driven import an_agent
from tests.unit.workflows.judged import WRITER, errors, told

DRAFTER = an_agent("draft", "start")
CHECKER = an_agent("check", "draft", about=("draft",))
REVISER = an_agent("revise", "draft", "claims")
READER = an_agent("read", "claims", optional=("claims",))
AGENTS = (WRITER, DRAFTER, CHECKER, REVISER, READER)

REVISED = """
slots: {draft: Note@1, claims: Note@1, last: Note@1}
start: write
steps:
  write: {agent: draft, reads: [start], writes: draft, next: check}
  check: {agent: check, reads: [draft], writes: claims, next: revise}
  revise: {agent: revise, reads: [draft, claims], writes: draft, next: read}
  read: {agent: read, reads: [CLAIMS], writes: last, next: done}
ends:
  done: {outcome: succeeded, output: OUTPUT}
  failed: {outcome: failed}
"""
"""A report is read after what it is about was revised."""

STALE_CLAIMS = ["FO305 steps.read.reads.0: write > check > revise > read"]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [("claims", STALE_CLAIMS), ("claims?", []), ("{slot: claims, stale: allowed}", [])],
)
def test_an_old_report_is_read_only_where_the_file_says_so(
    claims: str, expected: list[str]
) -> None:
    """A plain read is refused; an optional one gets nothing, and the old value may be meant."""
    written = f'"{claims}"' if claims.endswith("?") else claims
    body = REVISED.replace("CLAIMS", written).replace("OUTPUT", "last")

    assert told(body, *AGENTS) == expected


def test_an_end_gives_out_no_report_about_something_replaced() -> None:
    """An output has to speak of what is current, even where nobody reads it before."""
    body = REVISED.replace("CLAIMS", '"claims?"')

    assert told(body.replace("OUTPUT", "claims"), *AGENTS) == [
        "FO305 ends.done.output: write > check > revise > read > done"
    ]


def test_a_rule_looks_at_no_report_about_something_replaced() -> None:
    """A step that has just replaced a draft does not route on what was said of the old one."""
    body = REVISED.replace("CLAIMS", '"claims?"').replace("OUTPUT", "last")
    ruled = body.replace(
        "writes: draft, next: read}",
        'writes: draft, next: [{when: "claims.score > 50", to: done}, {else: read}]}',
    )

    assert told(ruled.replace("output: last", "output: draft"), *AGENTS) == [
        "FO305 steps.revise.next.0.when: write > check > revise"
    ]


def test_a_rule_looks_at_what_its_own_step_has_just_written() -> None:
    """What was written this moment speaks for it, whatever it was made from."""
    body = REVISED.replace("CLAIMS", "{slot: claims, stale: allowed}").replace("OUTPUT", "last")
    ruled = body.replace(
        "writes: last, next: done}",
        'writes: last, next: [{when: "last.score > 50", to: failed}, {else: done}]}',
    )

    assert told(ruled, *AGENTS) == []


def test_a_product_of_a_fresh_value_is_fresh() -> None:
    """A draft revised with regard to its claims leaves those fresh, and what is made of them."""
    plain = an_agent("check", "draft")
    agents = (WRITER, DRAFTER, plain, REVISER, an_agent("read", "claims"), an_agent("end", "last"))
    body = """
slots: {draft: Note@1, claims: Note@1, last: Note@1, out: Note@1}
start: write
steps:
  write: {agent: draft, reads: [start], writes: draft, next: check}
  check: {agent: check, reads: [draft], writes: claims, next: revise}
  revise: {agent: revise, reads: [draft, claims], writes: draft, next: read}
  read: {agent: read, reads: [claims], writes: last, next: end}
  end: {agent: end, reads: [last], writes: out, next: done}
ends:
  done: {outcome: succeeded, output: out}
  failed: {outcome: failed}
"""

    assert told(body, *agents) == []


SEARCHED = """
slots: {evidence: Note@1, outline: Note@1, last: Note@1}
start: search
steps:
  search: {agent: draft, reads: [start], writes: evidence, next: plan}
  plan: {agent: plan, reads: [evidence], writes: outline, next: again}
  again: {agent: draft, reads: [start], writes: evidence, next: READS}
  read: {agent: end, reads: [outline], writes: last, next: done}
ends:
  done: {outcome: succeeded, output: outline}
  failed: {outcome: failed}
"""
PLANNER, ENDER = an_agent("plan", "evidence"), an_agent("end", "outline")


def test_what_was_made_from_something_made_anew_is_stale() -> None:
    """After a second search the outline made from the first is not to be worked with."""
    (finding,) = errors(SEARCHED.replace("READS", "read"), WRITER, DRAFTER, PLANNER, ENDER)

    assert finding.place == ("steps", "read", "reads", 0)
    assert "evidence has been replaced since, at again" in finding.message


def test_an_end_gives_out_nothing_stale() -> None:
    """An outline of earlier evidence is no more to be given out than to be worked with."""
    body = SEARCHED.replace("READS", "done").replace(
        "  read: {agent: end, reads: [outline], writes: last, next: done}\n", ""
    )

    (finding,) = errors(body, WRITER, DRAFTER, PLANNER)

    assert (finding.code, finding.place) == ("FO305", ("ends", "done", "output"))


EDITED = """
slots: {draft: Note@1, claims: Note@1, decision: Decision@1, last: Note@1}
start: write
steps:
  write: {agent: draft, reads: [start], writes: draft, next: check}
  check: {agent: check, reads: [draft], writes: claims, next: ask}
  ask:
    gate: editor
    shows: [draft, SHOWN]
    writes: decision
    edits: draft
    deadline: 1h
    on_deadline: {to: failed}
    next:
      - {when: "decision.verdict == 'edited'", to: EDIT, at_most: 1}
      - {else: done}
  read: {agent: decide, reads: [READS], writes: last, next: done}
ends:
  done: {outcome: succeeded, output: draft}
  failed: {outcome: failed}
"""
DECIDER = an_agent("decide", receives={"decision": "Decision@1", "claims": "Note@1"})
DECIDER = DECIDER.model_copy(update={"optional": ("decision", "claims")})


def _edited(reads: str, edit: str = "read", shown: str = "claims") -> list[str]:
    body = EDITED.replace("READS", reads).replace("EDIT", edit).replace("SHOWN", shown)
    return told(body, *AGENTS, DECIDER)


@pytest.mark.parametrize("slot", ["decision", "claims"])
def test_an_edit_leaves_what_was_said_of_the_old_version_behind(slot: str) -> None:
    """After a person's edit, reports and the decision itself are about what is no longer there."""
    other = "claims" if slot == "decision" else "decision"

    assert _edited(f'{slot}, "{other}?"') == [
        "FO305 steps.read.reads.0: write > check > ask > read"
    ]


def test_an_edit_is_followed_by_a_new_report() -> None:
    """Led through the checker again, everything shown at the gate is about the edited draft."""
    assert _edited('"decision?", "claims?"', edit="check") == ["FO301 steps.read"]


def test_a_gate_shows_no_report_about_something_replaced() -> None:
    """Straight back to the gate after an edit, its report is old, unless it may be left out."""
    again = ["FO305 steps.ask.shows.1: write > check > ask > ask"]

    assert _edited('"claims?"', edit="ask")[0] == "FO301 steps.read"
    assert _edited('"claims?"', edit="ask")[1:] == again
    assert _edited('"claims?"', edit="ask", shown='"claims?"') == ["FO301 steps.read"]
    assert _edited('"claims?"', edit="ask", shown="{slot: claims, stale: allowed}") == [
        "FO301 steps.read"
    ]


CARDS = """
slots: {draft: Note@1, card: Note@1, decision: Decision@1, last: Note@1}
start: write
steps:
  write: {agent: draft, reads: [start], writes: draft, next: card}
  card: {agent: card, reads: [draft], writes: card, next: ask}
  ask:
    gate: editor
    shows: [SHOWS]
    writes: decision
    edits: draft
    deadline: 1h
    on_deadline: {to: failed}
    next: read
  read: {agent: read, reads: [card], writes: last, next: done}
ends:
  done: {outcome: succeeded, output: last}
  failed: {outcome: failed}
"""


@pytest.mark.parametrize(
    ("shows", "expected"),
    [
        ("draft", ["FO305 steps.read.reads.0: write > card > ask > read"]),
        ("draft, card", []),
    ],
)
def test_an_edit_is_made_from_what_was_shown(shows: str, expected: list[str]) -> None:
    """Whoever edits a draft with its card in view leaves the card fresh; else it is left behind."""
    agents = (DRAFTER, an_agent("card", "draft"), an_agent("read", "card"))

    assert told(CARDS.replace("SHOWS", shows), *agents) == expected


HELPED = """
slots: {draft: Note@1, claims: Note@1, last: Note@1}
start: write
steps:
  write: {agent: draft, reads: [start], writes: draft, next: check}
  check: {agent: check, reads: [draft], writes: claims, next: revise}
  revise:
    agent: revise
    reads: [draft, claims]
    writes: draft
    on_failure: {empty: {then: HELP}}
    next: NEXT
  read: {agent: read, reads: [claims], writes: last, next: done}
  help:
    gate: operator
    answers: failure
    allow: [supply, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: draft}
  failed: {outcome: failed}
"""


READS = "  read: {agent: read, reads: [claims], writes: last, next: done}\n"


def test_a_failed_step_has_replaced_nothing() -> None:
    """The way after a failure finds every report still about what is current."""
    body = HELPED.replace("HELP", "read").replace("NEXT", "done")

    assert told(body, *AGENTS) == ["FO301 steps.help"]


def test_what_a_person_supplies_replaces_as_the_step_would_have() -> None:
    """A value supplied by hand goes the step's own way, where reports on the old one are stale."""
    body = HELPED.replace("HELP", "help").replace("NEXT", "read")

    assert told(body, *AGENTS) == ["FO305 steps.read.reads.0: write > check > revise > read"]


def test_what_a_person_supplies_closes_no_loop() -> None:
    """Supplying takes the run on, so it need not be counted; retrying need."""
    body = HELPED.replace("HELP", "help").replace("NEXT", "done").replace(READS, "")

    assert told(body, *AGENTS) == []
    assert told(body.replace("[supply,", "[retry,"), *AGENTS) == [
        "FO303 steps.revise.on_failure.empty: write > check > revise > help > revise"
    ]
