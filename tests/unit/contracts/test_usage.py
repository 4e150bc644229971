"""Counting calls, tokens and money."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.usage import Price, Usage
from tests.unit.contracts.strategies import thoroughly

_amounts = st.integers(0, 10**9)
usages = st.builds(
    Usage,
    calls=_amounts,
    input_tokens=_amounts,
    output_tokens=_amounts,
    cost_microusd=_amounts,
    unpriced_calls=_amounts,
)
prices = st.builds(
    Price,
    input_microusd_per_million=st.integers(0, 10**9),
    output_microusd_per_million=st.integers(0, 10**9),
)


@given(usages, usages)
@thoroughly
def test_taking_away_undoes_adding(one: Usage, other: Usage) -> None:
    """What was added can be taken away again, field by field."""
    assert (one + other) - other == one


@given(usages, usages)
@thoroughly
def test_nothing_goes_below_nought(one: Usage, other: Usage) -> None:
    """Taking away more than there is leaves nothing, not a debt."""
    left = one - other

    assert left.calls == max(0, one.calls - other.calls)
    assert left.tokens >= 0


@given(prices, _amounts, _amounts)
@thoroughly
def test_a_price_is_rounded_up_to_a_micro_dollar(price: Price, given_: int, made: int) -> None:
    """A call costs its exact price, rounded up to the next whole micro-dollar."""
    exact = given_ * price.input_microusd_per_million + made * price.output_microusd_per_million

    rounded = price.cost(given_, made) * 1_000_000

    assert 0 <= rounded - exact < 1_000_000


def test_half_a_micro_dollar_costs_a_whole_one() -> None:
    """One token at half a dollar a million is not free."""
    price = Price(input_microusd_per_million=500_000, output_microusd_per_million=0)

    assert (price.cost(1, 0), price.cost(2, 0), price.cost(3, 0)) == (1, 1, 2)
