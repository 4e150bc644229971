"""The context map of a flow: every border, what crosses it, and what each failure leads to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.agent import AgentKind
from contracts.compiled import CompiledFlow
from contracts.content.decision import DecisionV1
from contracts.long_term import Merge
from contracts.reference import Trust
from contracts.registry import CONTRACTS
from services import composition
from services.agents.base import Given
from services.drawing.mermaid import mermaid
from services.flows.compile import compile_flow
from services.flows.document import read_text
from services.flows.explaining.page import page
from services.settings import Settings
from tests.toys import Note, toy, toy_flow
from tests.unit.workflows.runs import asking_flow
from workflows.checking.codes_of_memory import KEEPING
from workflows.context_map.build import context_map
from workflows.context_map.fields import field_names
from workflows.context_map.parts import (
    INPUT,
    ContextMap,
    GateNode,
    InputNode,
    MapCrossing,
    MapFailure,
    MapRemembered,
    MapSlot,
    MapWay,
    ReadAs,
    StepNode,
    WayKind,
)
from workflows.rules import parse

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def article() -> ContextMap:
    """The map of the shipped article flow."""
    flow = composition.shelf(Settings.from_environ({})).get("article")
    return context_map(flow, field_names(flow, CONTRACTS))


def _draw(flow: CompiledFlow) -> ContextMap:
    keys = {"Note@1": tuple(Note.model_fields), "Decision@1": tuple(DecisionV1.model_fields)}
    return context_map(flow, keys)


@pytest.fixture(scope="module")
def keeping() -> ContextMap:
    """The map of a flow that reads two entries and writes one."""
    flow = compile_flow(
        read_text("keeping.yaml", KEEPING), composition.catalogue(Settings.from_environ({}))
    )
    return context_map(flow, field_names(flow, CONTRACTS))


def test_entries_of_memory_are_drawn_as_what_they_are(keeping: ContextMap) -> None:
    """The start shows which entries fill which slots, and a step into which one it writes."""
    start = keeping.nodes[0]
    assert isinstance(start, InputNode)

    assert [(each.slot, each.entry, each.optional) for each in start.entries] == [
        ("voice", "brand.voice", False),
        ("last", "plans.last", True),
    ]
    keep = _step(keeping, "keep")
    assert keep.agent_kind is AgentKind.MEMORY
    assert keep.remembers == MapRemembered(entry="plans.last", merge=Merge.REPLACE)


def test_nobody_knows_how_far_memory_is_trusted(keeping: ContextMap) -> None:
    """What an entry holds counts as untrusted, until a run has read it."""
    [voice] = [each for each in keeping.slots if each.name == "voice"]

    assert (voice.trust, voice.written_by) == (Trust.UNTRUSTED, (INPUT,))


def test_memory_is_told_and_drawn(keeping: ContextMap) -> None:
    """The page says what the entries are for; the picture names them."""
    told = page(keeping, {})
    drawn = mermaid(keeping)

    assert "`voice` is what long-term memory has as `brand.voice` at the start" in told
    assert "the last writer wins" in told
    assert "memory: voice = brand.voice" in drawn
    assert "into plans.last, over others' changes" in drawn


def _step(drawn: ContextMap, name: str) -> StepNode:
    [found] = [node for node in drawn.nodes if node.name == name]
    assert isinstance(found, StepNode)
    return found


def _gate(drawn: ContextMap, name: str) -> GateNode:
    [found] = [node for node in drawn.nodes if node.name == name]
    assert isinstance(found, GateNode)
    return found


def _way(drawn: ContextMap, source: str, target: str, answers: str = "") -> MapWay:
    found = [way for way in drawn.ways if (way.source, way.target) == (source, target)]
    return next(way for way in found if way.answers == answers)


def _crossing(way: MapWay, slot: str) -> MapCrossing:
    [found] = [crossing for crossing in way.context if crossing.slot == slot]
    return found


def _slot(drawn: ContextMap, name: str) -> MapSlot:
    [found] = [slot for slot in drawn.slots if slot.name == name]
    return found


def _failure(way: MapWay, kind: str) -> MapFailure:
    [found] = [failure for failure in way.failures if failure.kind == kind]
    return found


def test_nodes_stand_as_a_run_meets_them(article: ContextMap) -> None:
    """The input comes first, then every place after those that lead to it, then the ends."""
    expected = (
        "classify research outline write assemble fact_check review revise approve publish help"
        " done no_sources rejected expired failed"
    )

    assert [node.name for node in article.nodes] == [INPUT, *expected.split()]


def test_a_step_says_who_works_and_on_what(article: ContextMap) -> None:
    """A fan-out names its agent, its model, what each instance gets and what all of them make."""
    write = _step(article, "write")

    assert (write.agent, write.agent_kind, write.parallel) == (
        "section_writer",
        AgentKind.MODEL,
        4,
    )
    assert write.model_alias == "writer"
    assert write.model
    assert [(read.input, read.slot, read.contract) for read in write.reads] == [
        ("brief", "brief", "Brief@1"),
        ("evidence", "evidence", "EvidenceSet@1"),
        ("part", "outline", "Outline@1.sections[]"),
    ]
    assert write.reads[-1].fields == ("id", "heading", "goal", "evidence_ids", "words")
    assert (write.writes.slot, write.writes.contract) == ("sections", "[Section@1]")
    assert write.writes.fields == ("id", "heading", "sentences")


def test_a_step_says_what_it_does_besides(article: ContextMap) -> None:
    """What verifies, publishes, is pure or reports on something is marked."""
    check, publish = _step(article, "fact_check"), _step(article, "publish")

    assert (check.verifies, check.about) == (True, ("draft",))
    assert (publish.publishes, publish.model) == (True, "")
    assert publish.reads[-1].optional
    assert _step(article, "assemble").pure


def test_a_step_that_publishes_says_who_speaks_for_it(article: ContextMap) -> None:
    """Every report that can vouch for what goes out is named with what it has to say."""
    vouchers = _step(article, "publish").vouched_by

    assert [(each.report, each.of) for each in vouchers] == [
        ("claims", "draft"),
        ("review", "draft"),
        ("decision", "draft"),
    ]
    assert vouchers[0].when == parse("claims.unsupported == 0")
    assert vouchers[2].when == parse("decision.verdict == 'approve'")
    assert _step(article, "review").vouched_by == ()


def test_a_gate_says_who_is_asked_and_about_what(article: ContextMap) -> None:
    """A gate names its role, what is shown, what may be changed and how long it waits."""
    approve = _gate(article, "approve")

    assert (approve.role, approve.deadline) == ("editor", 72 * 3600)
    assert [shown.slot for shown in approve.shows] == ["brief", "draft", "claims", "review"]
    assert approve.writes is not None
    assert approve.writes.fields == ("verdict", "comment", "comments", "who", "decided_by", "shown")
    assert approve.edits is not None
    assert approve.edits.slot == "draft"


def test_a_gate_for_failures_says_whose(article: ContextMap) -> None:
    """It names the steps that can fail into it, and those whose value a person may supply."""
    ask = _gate(article, "help")

    assert len(ask.asked_by) == 9
    assert ask.supplies == ("classify", "research", "outline", "write", "assemble", "revise")


def test_context_is_what_the_next_one_reads(article: ContextMap) -> None:
    """What crosses a border is every slot that its receiver reads, and nothing else."""
    way = _way(article, "research", "outline")

    assert (way.kind, way.rule, way.goes_back) == (WayKind.RULE, "else", False)
    assert [crossing.slot for crossing in way.context] == ["brief", "evidence"]
    assert _crossing(way, "brief").written_by == (INPUT,)
    assert _crossing(way, "evidence").fields == ("items",)


def test_writers_are_those_who_may_have_made_it_there(article: ContextMap) -> None:
    """On every border only those are named who may have made the very value that crosses."""
    assembled = _crossing(_way(article, "assemble", "fact_check"), "draft")
    edited = _crossing(_way(article, "approve", "fact_check"), "draft")
    checked = _crossing(_way(article, "fact_check", "review"), "draft")

    assert assembled.written_by == ("assemble",)
    assert (edited.written_by, edited.trust) == (("approve",), Trust.OPERATOR)
    assert checked.written_by == ("assemble", "revise", "approve", "help")
    assert checked.trust is Trust.UNTRUSTED


def test_what_a_person_supplies_is_theirs(article: ContextMap) -> None:
    """A supplied value takes the failed step's way on, made by the person and trusted."""
    supplied = _way(article, "help", "write", answers="outline")
    outline = _crossing(supplied, "outline")

    assert supplied.rule == "supply"
    assert (outline.written_by, outline.trust) == (("help",), Trust.OPERATOR)


def test_a_person_who_retries_goes_back(article: ContextMap) -> None:
    """Trying again leads back to the failed step, and is told apart by the step it is about."""
    again = _way(article, "help", "publish", answers="publish")

    assert (again.rule, again.goes_back) == ("retry, raise_budget", True)
    assert not _way(article, "help", "write", answers="outline").goes_back


def test_failures_to_one_place_are_one_way(article: ContextMap) -> None:
    """All kinds that lead from one step to one place share a way, each with its remedies."""
    ask = _way(article, "outline", "help")
    stop = _way(article, "outline", "failed")

    assert ask.kind is WayKind.FAILURE
    assert _failure(ask, "malformed") == MapFailure(kind="malformed", repair=2, at_most=1)
    assert _failure(ask, "unavailable") == MapFailure(kind="unavailable", retry=6, at_most=1)
    assert _failure(stop, "rate_limited") == MapFailure(kind="rate_limited", retry_for=600)


def test_what_is_used_up_is_told_where_it_then_leads(article: ContextMap) -> None:
    """A counted plan appears a second time where `otherwise` leads, which lists what it covers."""
    stop = _way(article, "outline", "failed")

    assert _failure(stop, "malformed").used_up
    assert not _failure(stop, "timed_out").used_up
    assert _failure(stop, "otherwise").covers == (
        "denied",
        "quota",
        "too_large",
        "unreadable",
        "memory_lost",
        "no_progress",
    )


def test_a_step_with_a_plan_of_its_own_has_a_way_of_its_own(article: ContextMap) -> None:
    """A failure that leads to an ordinary gate crosses that border with what the gate shows."""
    given_up = _way(article, "revise", "approve")

    assert [failure.kind for failure in given_up.failures] == ["no_progress"]
    assert [crossing.slot for crossing in given_up.context] == [
        "brief",
        "draft",
        "claims",
        "review",
    ]


def test_verdicts_are_told_from_rules(article: ContextMap) -> None:
    """Each way out of a gate names its verdicts; one that may be used up falls to the next."""
    verdicts = {way.target: way.verdicts for way in article.ways if way.source == "approve"}

    assert verdicts == {
        "publish": ("approve",),
        "fact_check": ("edited",),
        "revise": ("revise",),
        "rejected": ("edited", "reject", "revise"),
        "expired": (),
    }


def test_deadlines_are_ways(article: ContextMap) -> None:
    """Where a gate leads when nobody answers is a way like any other."""
    assert _way(article, "approve", "expired").kind is WayKind.DEADLINE


def test_trust_is_the_least_of_all_it_is_made_from(article: ContextMap) -> None:
    """Whatever derives from retrieved text stays untrusted; the label of a brief does not."""
    trust = {slot.name: slot.trust for slot in article.slots}

    assert (trust["brief"], trust["topic"]) == (Trust.OPERATOR, Trust.OPERATOR)
    assert (trust["decision"], trust["evidence"]) == (Trust.OPERATOR, Trust.UNTRUSTED)
    assert trust["publication"] is Trust.UNTRUSTED


def test_a_slot_knows_who_reads_it(article: ContextMap) -> None:
    """Steps, gates, rules and ends that read a slot are listed, with the facts that rules need."""
    claims, topic = _slot(article, "claims"), _slot(article, "topic")

    assert [(reader.node, reader.read_as) for reader in claims.read_by] == [
        ("review", ReadAs.STEP),
        ("review", ReadAs.RULE),
        ("revise", ReadAs.STEP),
        ("approve", ReadAs.GATE),
        ("publish", ReadAs.STEP),
    ]
    assert [(reader.read_as, reader.facts) for reader in topic.read_by] == [
        (ReadAs.RULE, ("risk",))
    ]
    assert _slot(article, "publication").read_by[0].read_as is ReadAs.END


def test_a_slot_knows_what_it_is_about(article: ContextMap) -> None:
    """A report names what it reports on, and a decision what was shown."""
    assert _slot(article, "claims").about == ("draft",)
    assert _slot(article, "decision").about == ("brief", "draft", "claims", "review")
    assert _slot(article, "draft").about == ()


def test_loops_come_with_their_bounds(article: ContextMap) -> None:
    """The loop of checking and revising is bounded by three counted ways."""
    [loop] = article.loops

    assert loop.nodes == ("fact_check", "review", "revise", "approve")
    assert [(bound.source, bound.target, bound.at_most) for bound in loop.bounds] == [
        ("review", "revise", 2),
        ("approve", "fact_check", 2),
        ("approve", "revise", 2),
    ]
    assert _way(article, "revise", "fact_check").goes_back
    assert not _way(article, "review", "revise").goes_back


def test_the_map_survives_json(article: ContextMap) -> None:
    """The map reads back from JSON as it was."""
    assert ContextMap.model_validate_json(article.model_dump_json()) == article


@pytest.mark.parametrize("seed", ["0", "42"])
def test_every_process_draws_the_same_map(article: ContextMap, seed: str) -> None:
    """Another process, with another order of everything unordered, gives the same bytes."""
    program = (
        "import sys\n"
        "from contracts.registry import CONTRACTS\n"
        "from services import composition\n"
        "from services.settings import Settings\n"
        "from workflows.context_map.build import context_map\n"
        "from workflows.context_map.fields import field_names\n"
        "flow = composition.shelf(Settings.from_environ({})).get('article')\n"
        "sys.stdout.write(context_map(flow, field_names(flow, CONTRACTS)).model_dump_json())"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == article.model_dump_json()


TWICE = """
slots: {first: Note@1, second: Note@1, all: [Note@1], decision: Decision@1}
start: one
steps:
  late: {agent: one, reads: [first], writes: second, next: ask}
  one:
    agent: one
    reads: [{first: start}]
    writes: first
    next:
      - {when: "first.score > 90", to: one, at_most: 3}
      - {when: "first.score > 50", to: many}
      - {else: late}
  many:
    agent: one
    each: first in start.items
    reads: []
    writes: all
    on_failure: {malformed: {then: mend, at_most: 2}}
    next: late
  ask:
    gate: editor
    shows: [second]
    writes: decision
    deadline: 1h
    on_deadline: {to: late, at_most: 4}
    next: done
  mend:
    gate: operator
    answers: failure
    allow: [retry, supply]
    deadline: 1h
    on_deadline: {to: failed}
ends:
  failed: {outcome: failed}
  done: {outcome: succeeded, output: first}
"""


@pytest.fixture(scope="module")
def twice() -> ContextMap:
    """The map of a toy flow with two loops, a fan-out that may ask, and steps out of order."""
    body = TWICE.replace("agent: one\n    each", "agent: item\n    each")
    element = toy("item", _make, first="Note@1.items[]")
    return _draw(toy_flow(body, toy("one", _make, first="Note@1"), element).flow)


def _make(given: Given) -> Note:
    return Note()


def test_places_follow_those_that_lead_to_them(twice: ContextMap) -> None:
    """The order is the run's, whatever the order of the file."""
    assert [node.name for node in twice.nodes][1:6] == ["one", "many", "late", "ask", "mend"]


def test_loops_apart_are_told_apart(twice: ContextMap) -> None:
    """A step that repeats itself is a loop, and so is a deadline that leads back."""
    first, second = twice.loops

    assert (first.nodes, first.bounds[0].at_most) == (("one",), 3)
    assert second.nodes == ("late", "ask")
    assert (second.bounds[0].rule, second.bounds[0].at_most) == ("deadline", 4)
    assert _way(twice, "one", "one").goes_back


def test_a_deadline_that_is_used_up_ends_the_run(twice: ContextMap) -> None:
    """A counted deadline has a last resort: the first end that failed."""
    last = _way(twice, "ask", "failed")

    assert (last.kind, last.rule) == (WayKind.DEADLINE, "used up")


def test_an_item_that_is_supplied_goes_back_to_its_fan_out(twice: ContextMap) -> None:
    """The step takes up the supplied item, so a person may be among the makers of the list."""
    supplied = [way for way in twice.ways if way.rule == "supply"]

    assert [(way.target, way.goes_back) for way in supplied] == [("many", True)]
    assert _slot(twice, "all").written_by == ("many", "mend")


def test_where_nothing_can_be_edited_nobody_says_so() -> None:
    """A gate without edits knows two verdicts, and a single way needs no rule."""
    flow = asking_flow()
    gate = flow.gates["ask"].model_copy(update={"edits": None})
    way = _way(_draw(flow.model_copy(update={"gates": {"ask": gate}})), "ask", "done")

    assert (way.verdicts, way.rule) == (("approve", "reject"), "")


def test_unknown_fields_are_left_out() -> None:
    """A contract whose fields nobody gave shows none; the map is drawn all the same."""
    drawn = context_map(asking_flow(), {})

    assert _step(drawn, "one").writes.fields == ()
    assert drawn.loops == ()


RULED = """
slots: {first: Note@1, decision: Decision@1}
start: ask_first
steps:
  ask_first: {agent: one, reads: [start], writes: first, next: ask}
  ask:
    gate: editor
    shows: [first]
    writes: decision
    edits: first
    deadline: 1h
    on_deadline: {to: failed}
    next:
      - {when: "RULE", to: other}
      - {else: done}
ends:
  done: {outcome: succeeded, output: first}
  other: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


@pytest.mark.parametrize(
    ("rule", "matched", "rest"),
    [
        ("decision.verdict != 'reject'", ("approve", "edited"), ("reject",)),
        ("not decision.verdict == 'reject'", ("approve", "edited"), ("reject",)),
        (
            "decision.verdict == 'approve' or decision.verdict == 'edited'",
            ("approve", "edited"),
            ("reject",),
        ),
        (
            "decision.verdict == 'approve' or first.score > 3",
            ("approve", "edited", "reject"),
            ("edited", "reject"),
        ),
        (
            "decision.verdict == 'approve' and first.score > 3",
            ("approve",),
            ("approve", "edited", "reject"),
        ),
        (
            "not first.score > 3",
            ("approve", "edited", "reject"),
            ("approve", "edited", "reject"),
        ),
        ("decision.verdict in ['approve', 'edited']", ("approve", "edited"), ("reject",)),
    ],
)
def test_verdicts_are_worked_out(
    rule: str, matched: tuple[str, ...], rest: tuple[str, ...]
) -> None:
    """A rule takes the verdicts it may match; those it always matches go no further."""
    drawn = _draw(toy_flow(RULED.replace("RULE", rule), toy("one", _make)).flow)

    assert _way(drawn, "ask", "other").verdicts == matched
    assert _way(drawn, "ask", "done").verdicts == rest


def test_a_value_that_may_have_been_edited_has_two_makers() -> None:
    """Where a verdict leaves it open, both the step and the person may have made the value."""
    rule = "decision.verdict in ['approve', 'edited']"
    drawn = _draw(toy_flow(RULED.replace("RULE", rule), toy("one", _make)).flow)
    [first] = _way(drawn, "ask", "other").context

    assert first.written_by == ("ask_first", "ask")
    assert first.trust is Trust.MODEL
