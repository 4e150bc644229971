"""The course of a run, driven by hand: where it goes, what it guards, what a person's word does."""

import pytest

from contracts.failure import FailureKind
from contracts.reference import Trust
from contracts.work import StepResult
from tests.toys import HEAD
from tests.unit.workflows.driven import DrivenRun, a_flow, an_agent
from tests.unit.workflows.runs import BUDGET
from workflows.failures import StepFailed
from workflows.routing import Way

REFUSED = ", which the flow's check should have refused"

HELPED = HEAD.replace(
    "otherwise: {then: failed}",
    "empty: {then: help, at_most: 1}\n  denied: {then: edit}\n  otherwise: {then: failed}",
)

BODY = """
slots: {topic: Note@1, draft: Note@1, claims: Note@1, decision: Decision@1, printed: Note@1}
start: label
steps:
  label: {agent: label, reads: [start], writes: topic, next: write}
  write: {agent: write, reads: [start, "claims?"], writes: draft, next: check}
  check:
    agent: check
    reads: [draft]
    writes: claims
    next:
      - {when: claims.score < 10, to: write, at_most: 1}
      - {when: topic.score > 50, to: edit}
      - {else: print}
  edit:
    gate: editor
    shows: [draft, "claims?"]
    writes: decision
    edits: draft
    deadline: 1h
    on_deadline: {to: edit, at_most: 1}
    next:
      - {when: decision.verdict == 'edited' and topic.score > 0, to: check}
      - {else: print}
  print: {agent: print, reads: [draft], writes: printed, next: done}
  help:
    gate: operator
    answers: failure
    allow: [retry, supply, raise_budget, stop]
    stop: stopped
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: printed}
  stopped: {outcome: failed}
  failed: {outcome: failed}
"""
AGENTS = (
    an_agent("label", "start"),
    an_agent("write", "start", "claims", optional=("claims",)),
    an_agent("check", "draft", about=("draft",), verifies=True, vouches_when="score >= 80"),
    an_agent("print", "draft", about=("draft",), publishes=True),
)


def _run(old: str = "", new: str = "", borders: int = 2) -> DrivenRun:
    assert not old or BODY.count(old) == 1
    return DrivenRun(a_flow(BODY.replace(old, new), *AGENTS, borders=borders, head=HELPED))


def _at(place: str, *answers: int, borders: int = 2, old: str = "", new: str = "") -> DrivenRun:
    """Let the first steps answer with these scores."""
    run = _run(old, new, borders)
    for score in answers:
        run.answer(score=score)
    assert run.place == place
    return run


def _bug(error: pytest.ExceptionInfo[StepFailed]) -> str:
    assert error.value.failure.kind is FailureKind.BUG
    assert error.value.failure.message.startswith(f"at {error.value.failure.step}: ")
    return error.value.failure.message.partition(": ")[2].removesuffix(REFUSED)


def test_a_run_goes_from_its_start_to_an_end() -> None:
    """Steps answer, rules choose, a loop is counted, a person decides, something is made."""
    run = _run()

    places = [run.answer(score=score) for score in (60, 0, 5, 0, 5)]
    places += [run.decide("approve"), run.answer()]

    assert places == ["write", "check", "write", "check", "edit", "print", "done"]
    assert run.course.output("done") == run.held("printed")
    assert run.held("draft").version == "draft:2"


def test_an_end_without_an_output_has_none() -> None:
    """A run that fails has made nothing."""
    assert _run().course.output("failed") is None


@pytest.mark.parametrize("borders", [1, 2])
def test_an_input_without_a_value_stops_the_run(borders: int) -> None:
    """A required input that is unset is a bug of the flow, named with step and slot."""
    run = _at(
        "write", 60, borders=borders, old='"claims?"], writes: draft', new="claims], writes: draft"
    )

    with pytest.raises(StepFailed) as caught:
        run.answer()

    assert _bug(caught) == "claims has no value here"
    assert caught.value.failure.step == "write"


def test_a_stale_input_stops_the_run() -> None:
    """A required input that is stale is never handed over."""
    body = BODY.replace("reads: [draft], writes: printed", "reads: [claims], writes: printed")
    run = DrivenRun(a_flow(body, *AGENTS[:3], an_agent("print", "claims"), head=HELPED))
    for score in (10, 0, 90):
        run.answer(score=score)
    run.replace("draft")

    with pytest.raises(StepFailed) as caught:
        run.answer()

    assert _bug(caught) == "claims has only a stale value here"


def test_an_optional_input_is_left_out_while_it_is_stale() -> None:
    """Where an agent can do without, a stale value is as good as none."""
    run = _at("write", 60, 0, 5)
    fresh = run.course.enter("write").inputs["claims"]
    run.replace("draft")

    assert len(fresh) == 1
    assert run.course.enter("write").inputs["claims"] == ()


RULE = "  label: {agent: label, reads: [start], writes: topic, next: write}"


def test_a_rule_that_looks_at_an_empty_slot_stops_the_run() -> None:
    """Every slot that a node's rules name has to hold a value, even where an earlier rule fits."""
    rules = RULE.replace(
        "next: write",
        "next: [{when: topic.score > 1, to: write}, {when: draft.score > 1, to: failed},"
        " {else: write}]",
    )
    run = _run(RULE, rules)

    with pytest.raises(StepFailed) as caught:
        run.answer(score=60)

    assert _bug(caught) == "draft has no value here"


def test_a_rule_that_looks_at_a_stale_value_stops_the_run() -> None:
    """The route never depends on what no longer speaks of what is current."""
    run = _at("check", 60, 0)
    run.replace("start")
    run.replace("draft")

    with pytest.raises(StepFailed) as caught:
        run.answer(score=50)

    assert _bug(caught) == "topic has only a stale value here"


def test_the_rules_of_a_flow_compiled_before_look_at_what_there_is() -> None:
    """Runs that were started before borders were guarded go the way they went."""
    run = _at("check", 60, 0, borders=1)
    run.replace("start")
    run.replace("draft")

    assert run.answer(score=50) == "edit"


def test_a_fact_that_is_missing_is_told_as_a_bug() -> None:
    """A value that came without what a rule compares stops the run with a sentence, not a crash."""
    run = _at("check", 60, 0)

    with pytest.raises(StepFailed) as caught:
        run.answer(text="x")

    assert _bug(caught) == "claims came without its fact score"


def test_a_rule_of_a_gate_is_guarded_like_a_step_s() -> None:
    """What a gate's rules name, besides its decision, has to hold a fresh value."""
    run = _at("edit", 60, 0, 50)
    run.replace("start")
    run.replace("draft")

    with pytest.raises(StepFailed) as caught:
        run.decide("approve")

    assert _bug(caught) == "topic has only a stale value here"


SHOWS = 'shows: [draft, "claims?"]'


@pytest.mark.parametrize(
    ("shows", "shown"),
    [
        (SHOWS, ["draft:2"]),
        ("shows: [draft, {slot: claims, stale: allowed}]", ["draft:2", "claims:1"]),
        ('shows: [draft, {slot: "claims?", stale: allowed}]', ["draft:2", "claims:1"]),
        ('shows: [draft, {slot: "printed?", stale: allowed}]', ["draft:2"]),
    ],
)
def test_a_gate_shows_what_is_fresh_or_meant_to_be_old(shows: str, shown: list[str]) -> None:
    """An optional slot is shown while it holds a fresh value, an old one where that is meant."""
    run = _at("edit", 60, 0, 50, old=SHOWS, new=shows)
    run.replace("draft")

    assert [reference.version for reference in run.course.shown("edit")] == shown


@pytest.mark.parametrize(
    ("shows", "message"),
    [
        ("shows: [draft, claims]", "claims has only a stale value here"),
        ("shows: [draft, printed]", "printed has no value here"),
        ("shows: [draft, claims, printed]", "claims has only a stale value here and printed has"),
    ],
)
def test_a_gate_without_what_it_has_to_show_stops_the_run(shows: str, message: str) -> None:
    """Nobody is asked about less, or about something else, than the flow says."""
    run = _at("edit", 60, 0, 50, old=SHOWS, new=shows)
    run.replace("draft")

    with pytest.raises(StepFailed) as caught:
        run.course.shown("edit")

    assert _bug(caught).startswith(message)
    assert caught.value.failure.step == "edit"


def test_a_gate_of_a_flow_compiled_before_shows_what_there_is() -> None:
    """Runs that were started before borders were guarded show any value that is set."""
    run = _at("edit", 60, 0, 50, borders=1, old=SHOWS, new="shows: [draft, claims, printed]")
    run.replace("draft")

    assert [each.version for each in run.course.shown("edit")] == ["draft:2", "claims:1"]


def test_an_end_whose_output_is_missing_stops_the_run() -> None:
    """A run never succeeds with nothing to show for it."""
    run = _run()

    with pytest.raises(StepFailed) as caught:
        run.course.output("done")

    assert _bug(caught) == "printed has no value here"
    assert caught.value.failure.step == "done"


def test_an_end_gives_out_no_report_on_what_was_replaced() -> None:
    """An output that is about something has to be about what is current."""
    run = _at("print", 10, 0, 90)
    run.answer()
    run.replace("draft")

    with pytest.raises(StepFailed) as caught:
        run.course.output("done")

    assert _bug(caught) == "printed has only a stale value here"


def test_a_good_report_lets_a_draft_go_out() -> None:
    """What a verifier vouches for is published."""
    assert _at("print", 10, 0, 90).answer() == "done"


def test_nothing_goes_out_that_nobody_vouches_for() -> None:
    """A report that is not good vouches for nothing, and the run stops before the step is run."""
    run = _at("print", 10, 0, 79)

    with pytest.raises(StepFailed) as caught:
        run.answer()

    assert _bug(caught) == "nobody vouches for draft:1, which print would publish"


def test_a_flow_compiled_before_publishes_as_it_did() -> None:
    """Runs that were started before borders were guarded leave the judgement to the publisher."""
    assert _at("print", 10, 0, 79, borders=1).answer() == "done"


def test_a_report_on_an_earlier_draft_vouches_for_nothing_new() -> None:
    """A new draft needs somebody to vouch for it anew."""
    run = _at("print", 10, 0, 90)
    run.replace("draft")

    with pytest.raises(StepFailed, match="nobody vouches for draft:2"):
        run.answer()


def test_an_approval_lets_a_draft_go_out() -> None:
    """A person who saw this very draft and approved it vouches for it."""
    run = _at("edit", 60, 0, 50)

    assert [run.decide("approve"), run.answer()] == ["print", "done"]


def test_a_rejection_vouches_for_nothing() -> None:
    """Any decision but an approval leaves the draft without anybody to speak for it."""
    run = _at("edit", 60, 0, 50)
    run.decide("reject")

    with pytest.raises(StepFailed, match="nobody vouches for draft:1"):
        run.answer()


def test_what_a_person_wrote_needs_nobody() -> None:
    """An edited draft is the operator's own word, though the decision beside it is out of date."""
    run = _at("edit", 60, 0, 50)
    run.decide("edited", edited=run.value(score=1))
    run.state.place = "print"

    assert run.held("draft").trust is Trust.OPERATOR
    assert run.held("draft").made_from == ("draft:1", "claims:1")
    assert run.answer() == "done"


def test_a_decision_is_about_what_was_shown() -> None:
    """A decision is made from all that was shown, and about it."""
    run = _at("edit", 60, 0, 50)
    run.decide("approve")

    decision = run.held("decision")
    assert decision.about == decision.made_from == ("draft:1", "claims:1")
    assert (decision.trust, decision.produced_by, decision.visit) == (Trust.OPERATOR, "edit", 1)


def test_a_failure_follows_its_plan_and_uses_it_up() -> None:
    """A counted line is taken so often; after that `otherwise` applies."""
    run = _at("write", 60)

    assert [run.fail(), run.handle("retry"), run.fail()] == ["help", "write", "failed"]


@pytest.mark.parametrize("kind", [FailureKind.BUG, FailureKind.CANCELLED])
def test_what_takes_no_plan_ends_the_run(kind: FailureKind) -> None:
    """A bug and a cancellation are raised on, whatever the plan says."""
    with pytest.raises(StepFailed) as caught:
        _run().fail(kind)

    assert caught.value.failure.kind is kind


def test_a_failure_is_forgotten_once_the_step_has_made_its_value() -> None:
    """The gate asks about a failure only until the step succeeds."""
    run = _at("write", 60)
    run.fail()
    run.handle("retry")
    asked = run.state.failure
    run.answer()

    assert asked is not None
    assert run.state.failure is None


def test_a_person_may_raise_the_budget_or_stop() -> None:
    """A raised budget replaces the old and the step is tried again; `stop` leads where it says."""
    raised, stopped = _at("write", 60), _at("write", 60)
    raised.fail()
    stopped.fail()

    assert raised.handle("raise_budget", budget=BUDGET) == "write"
    assert raised.state.ledger.budget == BUDGET
    assert stopped.handle("stop") == "stopped"


def test_a_supplied_value_stands_for_the_step_s_own() -> None:
    """It is made from what the step was given, goes the step's ways, and is a person's."""
    run = _at("write", 60)
    run.fail()

    assert run.handle("supply", supplied=run.value(score=1)) == "check"
    draft = run.held("draft")
    assert (draft.trust, draft.produced_by, draft.contract) == (Trust.OPERATOR, "help", "Note@1")
    assert (draft.made_from, draft.about) == (("start:1",), ())
    assert run.state.failure is None


@pytest.mark.parametrize(("borders", "sources"), [(1, ("start:1", "claims:1")), (2, ("start:1",))])
def test_a_supplied_value_rests_on_what_the_step_would_have_seen(
    borders: int, sources: tuple[str, ...]
) -> None:
    """An optional input that is stale would not have been handed over; old runs counted it."""
    run = _at("write", 60, 0, 5, borders=borders)
    run.replace("draft")
    run.fail()
    run.handle("supply", supplied=run.value())

    assert run.held("draft").made_from == sources


def test_a_supplied_report_is_about_its_subject() -> None:
    """A value supplied for a step whose product is about something is about it too."""
    agents = (*AGENTS[:2], an_agent("check", "draft", about=("draft",)), AGENTS[3])
    run = DrivenRun(a_flow(BODY, *agents, head=HELPED))
    run.answer(score=10)
    run.answer()
    run.fail()
    run.handle("supply", supplied=run.value(score=50))

    assert run.held("claims").about == ("draft:1",)
    with pytest.raises(StepFailed, match="nobody vouches for draft:1"):
        run.answer()


@pytest.mark.parametrize(
    ("step", "expected"), [("write", True), ("check", False), ("print", False)]
)
def test_nobody_verifies_or_publishes_by_hand(step: str, expected: bool) -> None:
    """A person may write what an agent could not, but neither vouch nor publish in its place."""
    assert _run().course.may_supply(step) is expected


def test_a_deadline_is_counted_and_then_ends_the_run() -> None:
    """Used up, a deadline leads to the first end whose outcome is failed."""
    run = _at("edit", 60, 0, 50)

    assert [run.expire(), run.expire()] == ["edit", "stopped"]
    assert run.course.last_resort() == "stopped"


def test_a_deadline_that_is_used_up_and_has_nowhere_to_go_is_a_bug() -> None:
    """Without an end whose outcome is failed the run stops with a sentence, when it comes to it."""
    body = BODY.replace("outcome: failed", "outcome: rejected")
    run = DrivenRun(a_flow(body, *AGENTS, head=HELPED))
    run.state.place = "edit"

    assert (run.course.last_resort(), run.expire()) == ("", "edit")
    with pytest.raises(StepFailed) as caught:
        run.expire()
    assert _bug(caught) == "its deadline is used up and no end has the outcome failed"


FAN_OUT = """
slots: {parts: [Note@1]}
start: write
steps:
  write: {agent: write, each: part in start.items, reads: [start], writes: parts, next: done}
  help:
    gate: operator
    answers: failure
    allow: [retry, supply]
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: parts}
  failed: {outcome: failed}
"""
WRITER = an_agent("write", "start", receives={"start": "Note@1", "part": "Note@1.items[]"})
FAN_HEAD = HEAD.replace("otherwise:", "empty: {then: help}\n  otherwise:")


def _fan_out() -> DrivenRun:
    return DrivenRun(a_flow(FAN_OUT, WRITER, head=FAN_HEAD))


def test_an_item_that_a_person_supplied_waits_for_the_next_visit() -> None:
    """The step is visited again and finds the item among those that are already done."""
    run = _fan_out()
    run.fail(item="b")
    supplied = run.value()

    assert run.course.may_supply("write")
    assert run.handle("supply", supplied=supplied) == "write"
    kept = run.state.finished_items["write/b"]
    assert (kept.result, kept.supplied_at) == (StepResult(value=supplied), "help")
    assert kept.inputs == run.course.enter("write").digests()


UNSUPPLIED = {"supplied_at": "", "supplied_by": ""}


def test_who_supplied_an_item_is_an_author_of_the_list() -> None:
    """The person is named once the list is there, and its other items are nobody's."""
    run = _fan_out()
    run.fail(item="b")
    run.handle("supply", supplied=run.value(), who="ann")
    visit = run.course.enter("write")
    kept = run.state.finished_items["write/b"]
    made = run.course.reference(visit, "a", run.value())
    theirs = run.course.reference(visit, "b", kept.result.value)
    taken_up = theirs.model_copy(update={"produced_by": "help"})

    # Another item failed at first: what is done is kept, and stays who it was from.
    run.state.remember_items("write", {"b": kept.model_copy(update=UNSUPPLIED)})
    run.course.accept(visit, [made, taken_up], {})

    assert run.state.authors == {"parts:1": ("ann",)}


def test_nobody_writes_a_whole_list_by_hand() -> None:
    """A fan-out that failed as a whole, as for want of budget, leaves no one item to supply."""
    run = _fan_out()
    run.fail()

    assert not run.course.may_supply("write")


def test_a_fan_out_over_a_stale_value_stops_the_run() -> None:
    """The list that is walked is an input like the others."""
    body = (
        FAN_OUT.replace("start: write", "start: plan")
        .replace(
            "  write: {agent: write, each: part in start.items, reads: [start]",
            "  plan: {agent: plan, reads: [start], writes: plan, next: write}\n"
            "  write: {agent: write, each: part in plan.items, reads: [start]",
        )
        .replace("slots: {", "slots: {plan: Note@1, ")
    )
    run = DrivenRun(a_flow(body, an_agent("plan", "start"), WRITER, head=FAN_HEAD))
    run.answer(**{"keys(items.id)": ("a",)})
    run.replace("start")

    with pytest.raises(StepFailed) as caught:
        run.course.enter("write")

    assert _bug(caught) == "plan has only a stale value here"


def test_a_step_that_returns_what_it_was_given_makes_no_progress() -> None:
    """Only a step that reads the slot it writes can turn on the spot."""
    body = BODY.replace(
        'reads: [start, "claims?"], writes: draft', 'reads: ["draft?"], writes: draft'
    )
    writer = an_agent("write", "draft", optional=("draft",))
    run = DrivenRun(a_flow(body, AGENTS[0], writer, *AGENTS[2:], head=HELPED))
    for score in (60, 0, 5):
        run.answer(score=score)
    visit = run.course.enter("write")
    same = run.held("draft")

    assert run.course.makes_no_progress(visit, same)
    assert not run.course.makes_no_progress(visit, same.model_copy(update={"digest": "9" * 64}))
    assert not run.course.makes_no_progress(run.course.enter("label"), run.held("topic"))


def test_a_product_is_trusted_as_far_as_its_sources() -> None:
    """Trust flows with derivation, and a product is about what its agent says."""
    run = _at("check", 60, 0)
    visit = run.course.enter("check")

    reference = run.course.reference(visit, "", run.value())

    assert (reference.trust, reference.about, reference.made_from) == (
        Trust.MODEL,
        ("draft:1",),
        ("draft:1",),
    )


def test_a_way_tells_what_chose_it() -> None:
    """What a deadline and a person choose is told by its own name, and is no rule of the file."""
    run = _at("write", 60)
    run.fail()

    assert run.course.way_expired("help") == Way("failed", "deadline")
    assert run.course.way_on("write") == Way("check", "else", ordinal=0)


GONE = ("allow: [retry, supply, raise_budget, stop]", "allow: [go, stop]\n    go: [edit, stopped]")


def test_a_person_may_send_a_run_another_way_when_a_step_has_failed() -> None:
    """`go` leads where the gate lists it, and the failed step is left behind."""
    run = _at("check", 5, 50, old=GONE[0], new=GONE[1])
    run.fail(FailureKind.EMPTY)

    assert run.handle("go", to="edit") == "edit"
