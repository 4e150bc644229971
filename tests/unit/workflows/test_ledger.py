"""What a run may spend: reserved before, settled after, never over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.agent import AgentKind, AgentLimits, Capability
from contracts.compiled import (
    CompiledAgent,
    CompiledBudget,
    CompiledModel,
    CompiledPlanLine,
    CompiledRule,
    CompiledStep,
)
from contracts.reference import Trust
from contracts.usage import Price, Usage
from workflows.ledger import NOTHING, Ledger, calls, one_call, worst_case

BUDGET = CompiledBudget(model_calls=10, tokens=1000, microusd=5000, working_seconds=60)
PRICE = Price(input_microusd_per_million=1_000_000, output_microusd_per_million=3_000_000)


def _agent(kind: AgentKind = AgentKind.MODEL, price: Price | None = PRICE) -> CompiledAgent:
    return CompiledAgent(
        version=1,
        kind=kind,
        pure=False,
        publishes=False,
        verifies=False,
        trust=Trust.MODEL,
        receives={},
        produces="Note@1",
        limits=AgentLimits(questions=2, prompt_tokens=100, answer_tokens=10, seconds=10),
        model=CompiledModel(
            alias="writer",
            name="a-model",
            capability=Capability.WRITES,
            window_tokens=2000,
            price=price,
        ),
    )


STEP = CompiledStep(
    agent="writer",
    reads=(),
    writes="note",
    next=(CompiledRule(to="done"),),
    on_failure={
        "malformed": CompiledPlanLine(repair=2, then="failed"),
        "empty": CompiledPlanLine(repair=1, then="failed"),
        "otherwise": CompiledPlanLine(then="failed"),
    },
)


def test_the_worst_case_covers_every_repair_and_the_last_rung() -> None:
    """Two questions, each asked once, repaired three times and put once more: ten calls."""
    assert worst_case(STEP, _agent()) == Usage(
        calls=10, input_tokens=1000, output_tokens=100, cost_microusd=1300
    )


def test_code_costs_nothing() -> None:
    """An agent that asks no model reserves nothing, whatever its limits say."""
    agent = _agent(AgentKind.CODE)

    assert (worst_case(STEP, agent), one_call(agent)) == (NOTHING, NOTHING)


def test_a_model_without_a_price_counts_as_unpriced() -> None:
    """Calls whose price nobody knows are counted, and never as free money."""
    assert calls(_agent(price=None), 3) == Usage(
        calls=3, input_tokens=300, output_tokens=30, unpriced_calls=3
    )


def test_one_call_is_the_least_worth_starting_with() -> None:
    """A step needs room for at least one prompt and one answer at their limits."""
    assert one_call(_agent()) == Usage(
        calls=1, input_tokens=100, output_tokens=10, cost_microusd=130
    )


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Usage(calls=10, input_tokens=900, output_tokens=100, cost_microusd=5000), True),
        (Usage(calls=11), False),
        (Usage(calls=1, input_tokens=900, output_tokens=101), False),
        (Usage(calls=1, cost_microusd=5001), False),
        (NOTHING, True),
    ],
)
def test_calls_tokens_and_money_are_each_a_bound(wanted: Usage, fits: bool) -> None:
    """A reservation fits when it keeps all three bounds; tokens count in and out together."""
    assert Ledger(BUDGET).fits(wanted) is fits


@pytest.mark.guarantee("budget-holds")
def test_what_is_reserved_is_not_for_others() -> None:
    """Parallel items cannot reserve the same money twice."""
    ledger = Ledger(BUDGET)

    ledger.reserve(Usage(calls=6, input_tokens=600))

    assert not ledger.fits(Usage(calls=5))
    assert ledger.left() == Usage(calls=4, input_tokens=400, cost_microusd=5000)


def test_settling_returns_what_was_not_spent() -> None:
    """After the work only what it really cost is gone."""
    ledger = Ledger(BUDGET)
    reservation = Usage(calls=6, input_tokens=600)
    ledger.reserve(reservation)

    ledger.settle(reservation, Usage(calls=1, input_tokens=50, output_tokens=5))

    assert ledger.reserved == NOTHING
    assert ledger.left() == Usage(calls=9, input_tokens=945, cost_microusd=5000)


def test_a_raised_budget_leaves_more() -> None:
    """When a person raises the budget, what was spent stays spent and the rest grows."""
    ledger = Ledger(BUDGET, spent=Usage(calls=10))

    ledger.budget = BUDGET.model_copy(update={"model_calls": 12})

    assert ledger.left().calls == 2


amounts = st.builds(
    Usage,
    calls=st.integers(0, 4),
    input_tokens=st.integers(0, 300),
    output_tokens=st.integers(0, 300),
    cost_microusd=st.integers(0, 2000),
)
pieces = st.lists(st.tuples(amounts, st.integers(0, 100), st.booleans()), max_size=25)


def _share(amount: Usage, percent: int) -> Usage:
    return Usage(
        calls=amount.calls * percent // 100,
        input_tokens=amount.input_tokens * percent // 100,
        output_tokens=amount.output_tokens * percent // 100,
        cost_microusd=amount.cost_microusd * percent // 100,
    )


@given(pieces)
@settings(deadline=None, derandomize=True, max_examples=100)
@pytest.mark.guarantee("budget-holds")
def test_no_order_of_work_goes_over_the_budget(work: list[tuple[Usage, int, bool]]) -> None:
    """Whatever is wanted, settled early or late, nothing spent or reserved exceeds the budget."""
    ledger = Ledger(BUDGET)
    outstanding: list[tuple[Usage, Usage]] = []
    for wanted, percent, settles in work:
        if ledger.fits(wanted):
            ledger.reserve(wanted)
            outstanding.append((wanted, _share(wanted, percent)))
        if settles and outstanding:
            ledger.settle(*outstanding.pop(0))
        taken = ledger.spent + ledger.reserved
        assert taken.calls <= BUDGET.model_calls
        assert taken.tokens <= BUDGET.tokens
        assert taken.cost_microusd <= BUDGET.microusd


@given(pieces)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_when_all_is_settled_nothing_is_reserved(work: list[tuple[Usage, int, bool]]) -> None:
    """Reservations are returned in full, in whatever order the work ends."""
    ledger = Ledger(BUDGET)
    made = [(wanted, _share(wanted, percent)) for wanted, percent, _ in work]
    for wanted, _ in made:
        ledger.reserve(wanted)

    for wanted, spent in reversed(made):
        ledger.settle(wanted, spent)

    assert ledger.reserved == NOTHING
    assert ledger.spent.calls == sum(spent.calls for _, spent in made)
