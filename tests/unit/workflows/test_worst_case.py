"""What no run can exceed: exact for plain flows, and still a bound where it is not exact."""

from dataclasses import replace

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from services.flows.compile import inspect
from services.flows.document import read_text
from tests.toys import toy_catalogue
from tests.unit.workflows.driven import an_agent
from tests.unit.workflows.judged import HEAD, REPORTER, inspected
from workflows.checking.worst_case import WorstCase

ENDS = """
ends:
  done: {outcome: succeeded, output: start}
  failed: {outcome: failed}
"""
HELP = """
  help:
    gate: operator
    answers: failure
    allow: [retry, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
"""


def _asking(name: str, questions: int = 1, **receives: str) -> AgentDeclaration:
    """An agent whose calls take 100 tokens of prompt and 10 of answer: 120 micro-dollars each."""
    return an_agent(
        name,
        kind=AgentKind.MODEL,
        receives={"start": "Note@1", **receives},
        model="writer",
        rungs=("free",),
        limits=AgentLimits(questions=questions, prompt_tokens=100, answer_tokens=10),
    )


ONE, TWO = _asking("one"), _asking("two", 3)
"""Each question is asked once and put once more on the last rung: two calls and six."""


def _worst(steps: str, *agents: AgentDeclaration, head: str = HEAD) -> WorstCase:
    slots = "slots: {report: Report@1, first: Note@1, second: Note@1, parts: [Note@1]}"
    body = f"{slots}\nstart: one\nsteps:\n{steps}{ENDS}"
    worst = inspected(body, *(agents or (ONE, TWO, REPORTER)), head=head).worst_case
    assert worst is not None, "a sound flow has a bound"
    return worst


def _visits(worst: WorstCase) -> dict[str, tuple[int, int]]:
    return {name: (step.visits, step.usage.calls) for name, step in worst.steps.items()}


STRAIGHT = """
  one: {agent: one, reads: [start], writes: first, next: two}
  two: {agent: two, reads: [start], writes: second, next: done}
"""


def test_a_straight_flow_costs_what_its_steps_cost() -> None:
    """Calls, tokens and money are the sums over the steps; the dearest step comes first."""
    worst = _worst(STRAIGHT)

    assert (worst.calls, worst.tokens, worst.microusd) == (8, 880, 960)
    assert list(worst.steps) == ["two", "one"]
    assert _visits(worst) == {"one": (1, 2), "two": (1, 6)}
    assert worst.unpriced == ()


def test_of_two_branches_the_dearer_counts() -> None:
    """A run goes one way, so the bound is the dearer of both and not their sum."""
    worst = _worst("""
  one:
    agent: report
    reads: [start]
    writes: report
    next: [{when: "report.score > 5", to: cheap}, {else: dear}]
  cheap: {agent: one, reads: [start], writes: first, next: done}
  dear: {agent: two, reads: [start], writes: second, next: done}
""")

    assert worst.calls == 6
    assert _visits(worst) == {"dear": (1, 6), "cheap": (1, 2)}


def test_branches_that_exclude_each_other_are_not_added_up() -> None:
    """Two steps that no run visits together, for their rules contradict, do not both count."""
    worst = _worst("""
  one:
    agent: report
    reads: [start]
    writes: report
    next: [{when: "report.score < 50", to: cheap}, {else: last}]
  cheap: {agent: one, reads: [start], writes: first, next: last}
  last:
    agent: one
    reads: [start]
    writes: first
    next: [{when: "report.score >= 50", to: dear}, {else: done}]
  dear: {agent: two, reads: [start], writes: second, next: done}
""")

    assert worst.calls == 2 + 6


def test_a_loop_costs_its_rounds_and_one_more() -> None:
    """A rule that may be taken twice brings a run to its step three times at most."""
    worst = _worst("""
  one: {agent: one, reads: [start], writes: first, next: two}
  two:
    agent: two
    reads: [start]
    writes: second
    next: [{when: "second.score < 50", to: one, at_most: 2}, {else: done}]
""")

    assert worst.calls == 3 * (2 + 6)
    assert _visits(worst) == {"one": (3, 6), "two": (3, 18)}


def test_a_fan_out_costs_its_longest_list() -> None:
    """One visit works on as many items as the contract allows, and no more."""
    worst = _worst(
        """
  one: {agent: report, reads: [start], writes: report, next: two}
  two: {agent: each, each: part in report.items, reads: [start], writes: parts, next: done}
""",
        REPORTER,
        _asking("each", part="Report@1.items[]"),
    )

    assert (worst.steps["two"].visits, worst.steps["two"].items) == (1, 5)
    assert worst.calls == 5 * 2


def test_repairs_cost_a_call_each() -> None:
    """The repairs of all kinds together come on top of each question."""
    repaired = STRAIGHT.replace(
        "writes: first, next: two",
        "writes: first, next: two, on_failure:"
        " {malformed: {repair: 2, then: failed}, empty: {repair: 1, then: failed}}",
    )

    assert _visits(_worst(repaired))["one"] == (1, 2 + 3)


def test_what_people_retry_is_counted() -> None:
    """Each failure that asks a person may bring the step once more, over all its kinds."""
    retried = STRAIGHT.replace(
        "writes: first, next: two",
        "writes: first, next: two, on_failure:"
        " {refused: {then: help, at_most: 1}, empty: {then: help, at_most: 2}}",
    )

    worst = _worst(f"{retried}{HELP}")

    assert _visits(worst)["one"] == (4, 8)
    assert worst.calls == 8 + 6


def test_a_retry_repeats_its_own_step_alone() -> None:
    """What ran before the step that a person retries is not run again."""
    retried = STRAIGHT.replace(
        "writes: second, next: done",
        "writes: second, next: done, on_failure: {empty: {then: help, at_most: 2}}",
    )

    assert _visits(_worst(f"{retried}{HELP}")) == {"two": (3, 18), "one": (1, 2)}


def test_a_failure_that_leads_back_costs_the_way_once_more() -> None:
    """A step that may fail back twice is visited three times, and so is what lies between."""
    worst = _worst(
        STRAIGHT.replace(
            "writes: second, next: done",
            "writes: second, next: done, on_failure: {empty: {then: one, at_most: 2}}",
        )
    )

    assert _visits(worst) == {"two": (3, 18), "one": (3, 6)}
    assert worst.calls == 24


def _chain(steps: int) -> str:
    """Steps in a row, each of which may fail back to the first one twice."""
    return "".join(
        f"  {_name(at)}: {{agent: one, reads: [start], writes: first, next:"
        f" {_name(at + 1) if at + 1 < steps else 'done'},"
        " on_failure: {empty: {then: one, at_most: 2}}}\n"
        for at in range(steps)
    )


def _name(at: int) -> str:
    return "one" if at == 0 else f"s{at}"


def test_many_failures_that_lead_back_are_bounded_exactly_while_they_are_few() -> None:
    """Each way back costs the run up to where it is taken, and the last run all of it."""
    # Two ways back from each of the three: 1 + 1, 2 + 2 and 3 + 3 steps; then all three.
    assert _worst(_chain(3)).calls == (2 * (1 + 2 + 3) + 3) * 2


def test_very_many_failures_that_lead_back_are_bounded_all_the_same() -> None:
    """Where counting each would take too long, every failure is taken to start all over."""
    worst = _worst(_chain(9))

    exact = (2 * sum(range(1, 10)) + 9) * 2
    every_time_all_over = (2 * 9 + 1) * 9 * 2
    assert exact <= worst.calls <= every_time_all_over
    assert 3 <= worst.steps[_name(8)].visits <= 2 * 9 + 1


def test_an_unsound_flow_has_no_bound() -> None:
    """Where a loop has no end nothing is promised about its cost."""
    endless = STRAIGHT.replace("writes: second, next: done", "writes: second, next: one")
    body = f"slots: {{first: Note@1, second: Note@1}}\nstart: one\nsteps:\n{endless}{ENDS}"

    assert inspected(body, ONE, TWO).worst_case is None


def _notes(budget: str) -> list[str]:
    head = HEAD.replace("model_calls: 50, tokens: 100000, usd: 1.00", budget)
    body = f"slots: {{first: Note@1, second: Note@1}}\nstart: one\nsteps:\n{STRAIGHT}{ENDS}"
    return [f"{each.code} {each.message}" for each in inspected(body, ONE, TWO, head=head).findings]


def test_a_budget_that_covers_the_worst_case_needs_no_note() -> None:
    """The note comes when the bound is above the budget, and not when it just fits."""
    assert _notes("model_calls: 8, tokens: 880, usd: 0.00096") == []


def test_a_note_says_all_that_is_above_the_budget() -> None:
    """Calls, tokens and money are told together, with the steps that need most."""
    (note,) = _notes("model_calls: 7, tokens: 879, usd: 0.00095")

    assert note == (
        "FO401 at worst a run would need 8 model calls of 7, 880 tokens of 879, $0.00 of $0.00"
        " at the price of toy-model; most go to two 6 calls, one 2 calls"
    )


def _unpriced(usd: str) -> tuple[list[str], WorstCase | None]:
    head = HEAD.replace("usd: 1.00", f"usd: {usd}")
    body = f"slots: {{first: Note@1, second: Note@1}}\nstart: one\nsteps:\n{STRAIGHT}{ENDS}"
    known = toy_catalogue(ONE, TWO)
    unpriced = {"writer": known.models["writer"].model_copy(update={"price": None})}
    found = inspect(read_text("toy.yaml", head + body), replace(known, models=unpriced))
    return [each.code for each in found.findings], found.worst_case


def test_calls_of_unknown_price_are_bounded_in_calls_and_tokens() -> None:
    """No money is promised for a model whose price nobody knows, and the file is told so."""
    codes, worst = _unpriced("1.00")

    assert codes == ["FO402"]
    assert worst is not None
    assert (worst.calls, worst.tokens, worst.microusd) == (8, 880, 0)
    assert worst.unpriced == ("toy-model",)


def test_without_a_bound_on_money_an_unknown_price_is_no_matter() -> None:
    """A budget that bounds no money is not told about prices."""
    codes, _ = _unpriced("0")

    assert codes == []
