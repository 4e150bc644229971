"""Who stands in for an agent that has failed: what may be declared, and who is asked when."""

import pytest

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.failure import Failure, FailureKind
from contracts.reference import Trust
from services.errors import FlowInvalidError
from tests.toys import HEAD, toy_errors
from tests.unit.workflows.driven import DrivenRun, a_flow, an_agent
from workflows.ledger import doers, with_stand_ins, worst_case

BODY = """
slots: {{draft: Note@1}}
start: write
steps:
  write:
    agent: writer
    reads: [start]
    writes: draft
    on_failure:
      unavailable: {{retry: 1, fall_back: {fall_back}, then: failed}}
    next: done
ends:
  done: {{outcome: succeeded, output: draft}}
  failed: {{outcome: failed}}
"""
LIMITS = AgentLimits(questions=1, prompt_tokens=100, answer_tokens=10)


def _asking(name: str, **changes: object) -> AgentDeclaration:
    asks = {"kind": AgentKind.MODEL, "model": "writer", "rungs": ("free",), "limits": LIMITS}
    return an_agent(name, "start", **{**asks, **changes})


WRITER = _asking("writer")


def _flow(fall_back: str, *others: AgentDeclaration) -> DrivenRun:
    return DrivenRun(a_flow(BODY.format(fall_back=fall_back), WRITER, *others))


def _next(run: DrivenRun, kind: FailureKind, *tried: str) -> str:
    visit = run.course.enter("write")
    failure = Failure(kind=kind, step="write", message="told so")
    return run.course.stand_in(visit, failure, tried)


def test_the_agents_and_models_of_a_line_try_in_order_and_each_once() -> None:
    """A plan's stand-ins are asked one after the other, and nobody twice in one visit."""
    run = _flow("[{model: judge}, {agent: other}]", _asking("other"))

    first = _next(run, FailureKind.UNAVAILABLE, "writer")
    second = _next(run, FailureKind.UNAVAILABLE, "writer", first)
    third = _next(run, FailureKind.UNAVAILABLE, "writer", first, second)

    assert (first, second, third) == ("writer@judge", "other", "")


def test_a_kind_whose_line_names_nobody_has_no_stand_in() -> None:
    """Who stands in is said for each kind of failure."""
    assert _next(_flow("{model: judge}"), FailureKind.MALFORMED, "writer") == ""


@pytest.mark.parametrize("kind", [FailureKind.BUG, FailureKind.CANCELLED])
def test_nobody_stands_in_after_a_bug_or_for_a_cancelled_step(kind: FailureKind) -> None:
    """A bug is for its author, and a cancelled run is being stopped."""
    assert _next(_flow("{model: judge}"), kind, "writer") == ""


def test_a_stand_in_of_another_model_is_the_same_agent_with_that_model() -> None:
    """The compiled flow pins the stand-in: agent version, prompts and the other model."""
    flow = _flow("{model: judge}").course.flow

    own, other = flow.agents["writer"], flow.agents["writer@judge"]

    assert own.model
    assert other.model
    assert (own.model.alias, other.model.alias) == ("writer", "judge")
    assert own.model_copy(update={"model": None}) == other.model_copy(update={"model": None})


def test_the_worst_case_counts_everybody_who_may_have_to_try() -> None:
    """A step costs at most what its own agent and all its stand-ins cost."""
    flow = _flow("[{model: judge}, {agent: other}]", _asking("other")).course.flow
    step = flow.steps["write"]

    alone = worst_case(step, flow.agents["writer"])

    assert doers(step) == ("writer", "writer@judge", "other")
    assert with_stand_ins(flow, step).calls == 3 * alone.calls


def test_a_model_in_the_flows_own_plan_stands_in_only_where_it_is_another() -> None:
    """One line for all steps: agents that ask no model, or that very model, have no stand-in."""
    head = HEAD.replace("unavailable: {retry: 3,", "unavailable: {fall_back: {model: judge},")
    body = BODY.replace(
        "    on_failure:\n      unavailable: {{retry: 1, fall_back: {fall_back}, then: failed}}\n",
        "",
    ).format()

    plans = [
        a_flow(body, agent, head=head).steps["write"].on_failure["unavailable"].fall_back
        for agent in (WRITER, _asking("writer", model="judge"), an_agent("writer", "start"))
    ]

    assert plans == [("writer@judge",), (), ()]


UNFIT = {
    "another product": (_asking("other", produces="Decision@1"), "produce the same contract"),
    "another subject": (_asking("other", about=("start",)), "report on the same inputs"),
    "other trust": (_asking("other", trust=Trust.UNTRUSTED), "be trusted alike"),
    "another input": (
        _asking("other", receives={"start": "Decision@1"}),
        "receives 'start' as Decision@1",
    ),
    "one input more": (
        _asking("other", receives={"start": "Note@1", "more": "Note@1"}),
        "needs 'more', which this step does not read",
    ),
}


@pytest.mark.parametrize(("other", "told"), UNFIT.values(), ids=list(UNFIT))
def test_an_agent_that_is_not_alike_cannot_stand_in(other: AgentDeclaration, told: str) -> None:
    """What is proved of a step has to hold for whoever does its work."""
    found = toy_errors(HEAD + BODY.format(fall_back="{agent: other}"), WRITER, other)

    assert "FO220" in found
    assert told in found


@pytest.mark.parametrize(
    ("fall_back", "told"),
    [
        ("{model: writer}", "FO220 steps.write.on_failure.unavailable: writer asks the model"),
        ("{agent: writer}", "writer stands in for itself"),
        ("{agent: nobody}", "FO201"),
        ("{model: nobody}", "FO219"),
    ],
)
def test_a_stand_in_that_is_none_is_refused(fall_back: str, told: str) -> None:
    """The same model again, the same agent again, and names that nobody bears mend nothing."""
    assert told in toy_errors(HEAD + BODY.format(fall_back=fall_back), WRITER)


def test_a_stand_in_is_a_model_or_an_agent_and_not_both() -> None:
    """Who does the work has to be plain from the line."""
    text = HEAD + BODY.format(fall_back="{model: judge, agent: other}")

    with pytest.raises(FlowInvalidError, match="a stand-in is"):
        toy_errors(text, WRITER)


def test_nobody_stands_in_for_an_agent_that_publishes() -> None:
    """What a publisher failed at may have gone out; done again by another, it goes out twice."""
    printer = _asking("writer", publishes=True)

    found = toy_errors(HEAD + BODY.format(fall_back="{model: judge}"), printer)

    assert "a text could go out twice" in found
