"""What model calls cost, from the price list that genai-prices ships; nothing is fetched.

A model that the list does not know has no price: its calls count as `unpriced_calls` and never as
free. Models that cost nothing (the embedded one) are given `FREE` by whoever starts them.
"""

from decimal import ROUND_CEILING, Decimal
from functools import cache
from typing import Final

from contracts.usage import Price, Usage
from services.settings import ModelSource

FREE: Final = Price(input_microusd_per_million=0, output_microusd_per_million=0)
"""The price of a model that runs on our own machine."""

_MILLION: Final = 1_000_000

# Small enough to fall into the lowest price tier of every model in the list.
_SAMPLE_TOKENS: Final = 1_000


@cache
def price_of(model: str) -> Price | None:
    """Look up the list price of a model by its name, None when nobody knows it.

    Where a model has tiers the lowest counts; discounts for cached input are left out.
    """
    import genai_prices  # noqa: PLC0415 - unpacks a price list that most processes never need

    usage = genai_prices.Usage(input_tokens=_SAMPLE_TOKENS, output_tokens=_SAMPLE_TOKENS)
    try:
        found = genai_prices.calc_price(usage, model)
    except LookupError:
        return None
    return Price(
        input_microusd_per_million=_per_million(found.input_price),
        output_microusd_per_million=_per_million(found.output_price),
    )


def price_at(source: ModelSource, model: str) -> Price | None:
    """Look up what a model costs where it is asked: the ones on our own machine are free."""
    return price_of(model) if source is ModelSource.ENDPOINT else FREE


def _per_million(dollars: Decimal) -> int:
    exact = dollars * _MILLION * _MILLION / _SAMPLE_TOKENS
    return int(exact.to_integral_value(ROUND_CEILING))


def cost(price: Price, input_tokens: int, output_tokens: int) -> int:
    """Price tokens in micro-dollars, rounded up to the next whole one."""
    return price.cost(input_tokens, output_tokens)


def priced(usage: Usage, price: Price | None) -> Usage:
    """Fill in the money of a usage that has none; without a price all its calls are unpriced."""
    if price is None:
        return usage.model_copy(update={"cost_microusd": 0, "unpriced_calls": usage.calls})
    money = cost(price, usage.input_tokens, usage.output_tokens)
    return usage.model_copy(update={"cost_microusd": money, "unpriced_calls": 0})
