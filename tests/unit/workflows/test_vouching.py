"""Who speaks for a value before it goes out: reports that are good and fresh, and approvals."""

from typing import Any

import pytest

from contracts.agent import AgentDeclaration
from contracts.base import Contract
from contracts.compiled import Condition
from contracts.reference import Trust
from contracts.registry import CONTRACTS
from contracts.work import SlotVersion
from services.agents.catalogue import declarations
from tests.unit.workflows.driven import a_flow, an_agent
from tests.unit.workflows.runs import a_reference
from workflows.checking.types import ListType, ScalarType, list_at, scalar_at
from workflows.rules import comparisons, parse, parse_own
from workflows.vouching import is_vouched_for, published, vouching_condition

FLOW = """
slots: {draft: Note@1, claims: Note@1, notes: [Note@1], decision: Decision@1, printed: Note@1}
start: write
steps:
  write: {agent: write, reads: [start], writes: draft, next: check}
  check: {agent: check, reads: [draft], writes: claims, next: each}
  each: {agent: each, each: part in start.items, reads: [draft], writes: notes, next: ask}
  ask:
    gate: editor
    shows: [draft]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next: print
  print: {agent: print, reads: [draft, claims, "notes?"], writes: printed, next: done}
ends:
  done: {outcome: succeeded, output: printed}
  failed: {outcome: failed}
"""
WRITER = an_agent("write", "start")
ITEMS = {"draft": "Note@1", "part": "Note@1.items[]"}
READS = {"draft": "Note@1", "claims": "Note@1", "notes": "[Note@1]"}
DRAFT = SlotVersion(references=(a_reference("draft", "d", produced_by="write"),))
ABOUT = {"made_from": ("draft:1",), "about": ("draft:1",)}


def _checker(name: str = "check", **changes: Any) -> AgentDeclaration:
    return an_agent(name, "draft", **{"about": ("draft",), "verifies": True, **changes})


def _vouched(slot: str, report: SlotVersion, **checker: Any) -> bool:
    """Whether this report, the only one there is, lets the draft go out."""
    flow = a_flow(
        FLOW,
        WRITER,
        _checker(**checker),
        _checker("each", receives=ITEMS, **checker),
        an_agent("print", receives=READS, optional=("notes",), publishes=True),
    )
    slots = {"draft": DRAFT, slot: report}
    return is_vouched_for(flow, "draft", slots)


def _report(slot: str, produced_by: str, **facts: Any) -> SlotVersion:
    reference = a_reference(slot, "c", produced_by=produced_by, **ABOUT)
    return SlotVersion(references=(reference,), facts=facts)


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        ("", {}, True),
        ("score >= 80", {"score": 80}, True),
        ("score >= 80", {"score": 79}, False),
        ("score >= 80 and text == 'a'", {"score": 90, "text": "a"}, True),
        ("not (score >= 80 or text == 'a')", {"score": 90, "text": "b"}, False),
        ("score >= 80", {}, False),
    ],
)
def test_a_verifier_says_when_its_report_vouches(
    condition: str, facts: dict[str, Any], expected: bool
) -> None:
    """The agent's own condition decides; without one every report vouches, without facts none."""
    report = _report("claims", "check", **facts)

    assert _vouched("claims", report, vouches_when=condition) is expected


def test_an_agent_that_does_not_verify_vouches_for_nothing() -> None:
    """What merely speaks about a draft is no report on it."""
    assert not _vouched("claims", _report("claims", "check"), verifies=False)


def test_a_report_on_another_version_vouches_for_nothing_here() -> None:
    """A report has to be about this very version."""
    reference = a_reference("claims", "c", produced_by="check", made_from=("draft:1",))

    assert not _vouched("claims", SlotVersion(references=(reference,)))


@pytest.mark.parametrize(("condition", "expected"), [("", True), ("score >= 80", False)])
def test_a_list_of_reports_has_no_one_verdict(condition: str, expected: bool) -> None:
    """A fan-out of a verifier whose word depends on its fields vouches for nothing."""
    assert _vouched("notes", _report("notes", "each"), vouches_when=condition) is expected


@pytest.mark.parametrize(("verdict", "expected"), [("approve", True), ("reject", False)])
def test_an_approval_vouches(verdict: str, expected: bool) -> None:
    """A person's decision vouches when it approves."""
    assert _vouched("decision", _report("decision", "ask", verdict=verdict)) is expected


@pytest.mark.parametrize(("slot", "maker"), [("claims", "ask"), ("decision", "input")])
def test_only_a_gate_s_own_decision_is_an_approval(slot: str, maker: str) -> None:
    """A value that merely reads like one, edited at a gate or given at the start, vouches not."""
    assert not _vouched(slot, _report(slot, maker, verdict="approve"))


def test_what_a_person_made_needs_nobody() -> None:
    """Trust `operator` is a person's word, or comes of nothing else."""
    mine = SlotVersion(references=(a_reference("draft", "d", trust=Trust.OPERATOR),))
    flow = a_flow(
        FLOW,
        WRITER,
        _checker(),
        _checker("each", receives=ITEMS),
        an_agent("print", receives=READS, optional=("notes",), publishes=True),
    )

    assert is_vouched_for(flow, "draft", {"draft": mine})
    assert not is_vouched_for(flow, "draft", {"draft": DRAFT})


@pytest.mark.parametrize(
    ("about", "expected"),
    [((), ("draft", "claims", "notes")), (("draft",), ("draft",)), (("notes",), ("notes",))],
)
def test_what_goes_out_is_what_the_product_is_about(
    about: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """An agent that does not say what it publishes publishes all that it reads."""
    printer = an_agent("print", receives=READS, optional=("notes",), publishes=True, about=about)
    flow = a_flow(FLOW, WRITER, _checker(), _checker("each", receives=ITEMS), printer)

    assert published(flow, flow.steps["print"]) == expected


@pytest.mark.parametrize(
    ("own", "on_slot"),
    [
        ("score >= 80", parse("claims.score >= 80")),
        ("len(items) == 2", parse("len(claims.items) == 2")),
        ("not (score < 3 or text in ['a', 'b'])",
         parse("not (claims.score < 3 or claims.text in ['a', 'b'])")),
    ],
)  # fmt: skip
def test_a_condition_is_put_on_the_slot_that_holds_the_report(own: str, on_slot: Condition) -> None:
    """An agent speaks of its own fields; in a flow they are those of the slot it writes."""
    flow = a_flow(
        FLOW,
        WRITER,
        _checker(vouches_when=own),
        _checker("each", receives=ITEMS),
        an_agent("print", receives=READS, optional=("notes",), publishes=True),
    )

    assert vouching_condition(flow.agents["check"], "claims") == on_slot
    assert vouching_condition(flow.agents["each"], "notes") is None


def _type_of(product: type[Contract], fact: str) -> ListType | ScalarType:
    """What a field is.

    Raises:
        PathError: there is no such field.
    """
    return list_at(product, fact[4:-1]) if fact.startswith("len(") else scalar_at(product, fact)


VERIFIERS = {name: each for name, each in declarations().items() if each.vouches_when}


@pytest.mark.parametrize("name", VERIFIERS)
def test_the_verifiers_that_come_with_the_program_look_at_their_own_fields(name: str) -> None:
    """A shipped agent's condition is of the language and compares fields that its report has."""
    declared = VERIFIERS[name]
    product = CONTRACTS.get(declared.produces)
    condition = parse_own(declared.vouches_when, "product")

    assert [_type_of(product, each.fact) for each in comparisons(condition)]
    assert declared.verifies


def test_every_shipped_verifier_says_when_its_report_is_good() -> None:
    """None of them vouches whatever it says."""
    assert {name for name, each in declarations().items() if each.verifies} == set(VERIFIERS)
