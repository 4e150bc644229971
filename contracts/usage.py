"""What model calls cost: calls, tokens and money."""

from typing import Self

from pydantic import Field

from contracts.base import Part


class Usage(Part):
    """Calls, tokens and micro-dollars (1e-6 USD). Money of an unpriced model is unknown."""

    calls: int = Field(default=0, ge=0)
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cost_microusd: int = Field(default=0, ge=0)
    """The priced part of the cost."""

    unpriced_calls: int = Field(default=0, ge=0)
    """Calls whose price nobody knows; their cost is not in `cost_microusd`."""

    estimated_calls: int = Field(default=0, ge=0)
    """Calls that nobody reported on, counted at the most they can have cost."""

    @property
    def tokens(self) -> int:
        """Count input and output together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Self) -> "Usage":
        """Sum two usages field by field."""
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in _FIELDS})

    def __sub__(self, other: Self) -> "Usage":
        """Take away field by field, never below zero."""
        return Usage(
            **{name: max(0, getattr(self, name) - getattr(other, name)) for name in _FIELDS}
        )


_FIELDS = tuple(Usage.model_fields)


class Price(Part):
    """What a model costs, in micro-dollars per million tokens."""

    input_microusd_per_million: int = Field(ge=0)
    output_microusd_per_million: int = Field(ge=0)

    def cost(self, input_tokens: int, output_tokens: int) -> int:
        """Price tokens in micro-dollars, rounded up to the next whole one."""
        exact = (
            input_tokens * self.input_microusd_per_million
            + output_tokens * self.output_microusd_per_million
        )
        return -(-exact // 1_000_000)
