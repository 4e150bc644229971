"""Prices and what calls cost."""

import pytest

from contracts.usage import Price, Usage
from services.llm.price import FREE, cost, price_of, priced

PRICE = Price(input_microusd_per_million=250_000, output_microusd_per_million=2_000_000)


def test_known_model_has_its_list_price() -> None:
    """A model of the price list costs what the list says: 0.25 and 2 dollars a million tokens."""
    assert price_of("gpt-5-mini") == PRICE


@pytest.mark.parametrize("model", ["smollm2-135m-instruct", "scripted", "", "gpt-nobody-knows"])
def test_unknown_model_has_no_price(model: str) -> None:
    """A model that the list does not know has no price, which is not the same as none to pay."""
    assert price_of(model) is None


@pytest.mark.parametrize(
    ("input_tokens", "output_tokens", "microusd"),
    [(0, 0, 0), (1, 0, 1), (4, 0, 1), (5, 0, 2), (1_000_000, 1_000_000, 2_250_000), (0, 1, 2)],
)
def test_cost_is_rounded_up(input_tokens: int, output_tokens: int, microusd: int) -> None:
    """A fraction of a micro-dollar counts as a whole one, so that budgets hold."""
    assert cost(PRICE, input_tokens, output_tokens) == microusd


def test_priced_usage_has_its_money() -> None:
    """A usage is given its cost; giving it again changes nothing."""
    usage = priced(Usage(calls=2, input_tokens=1_000, output_tokens=100), PRICE)

    assert (usage.cost_microusd, usage.unpriced_calls) == (450, 0)
    assert priced(usage, PRICE) == usage


def test_usage_without_a_price_is_unpriced() -> None:
    """Calls of a model without a price are counted as such."""
    usage = priced(Usage(calls=2, input_tokens=1_000), None)

    assert (usage.cost_microusd, usage.unpriced_calls) == (0, 2)


def test_free_usage_costs_nothing() -> None:
    """A model on our own machine costs nothing, and that is known."""
    usage = priced(Usage(calls=2, input_tokens=1_000), FREE)

    assert (usage.cost_microusd, usage.unpriced_calls) == (0, 0)
