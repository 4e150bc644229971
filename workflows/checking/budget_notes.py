"""What an author should know of a flow's budget, held against the worst case."""

from collections.abc import Iterator

from contracts.compiled import CompiledFlow
from workflows.checking.finding import Finding, Severity
from workflows.checking.worst_case import WorstCase


def priced_models(flow: CompiledFlow) -> tuple[str, ...]:
    """Name the models whose prices the worst case is reckoned at, as the settings call them."""
    models = (agent.model for agent in flow.agents.values())
    return tuple(dict.fromkeys(each.name for each in models if each and each.price is not None))


def at_prices(flow: CompiledFlow, worst: WorstCase) -> str:
    """Say whose prices an amount of money is reckoned at; empty when no call is priced."""
    models = priced_models(flow)
    if not worst.microusd or not models:
        return ""
    return f" at the {'price' if len(models) == 1 else 'prices'} of {', '.join(models)}"


def notes(flow: CompiledFlow, worst: WorstCase) -> Iterator[Finding]:
    """What the author should know of the budget; a run is held to it in any case."""
    budget = flow.budget
    over = [
        f"{wanted:,} {unit} of {limit:,}"
        for wanted, limit, unit in (
            (worst.calls, budget.model_calls, "model calls"),
            (worst.tokens, budget.tokens, "tokens"),
        )
        if wanted > limit
    ]
    if worst.microusd > budget.microusd:
        amounts = f"${worst.microusd / 1e6:,.2f} of ${budget.microusd / 1e6:,.2f}"
        over.append(f"{amounts}{at_prices(flow, worst)}")
    if over:
        dearest = [f"{name} {each.usage.calls:,} calls" for name, each in worst.steps.items()]
        yield Finding(
            code="FO401",
            severity=Severity.NOTE,
            place=("budget",),
            message=f"at worst a run would need {', '.join(over)}; most go to"
            f" {', '.join(dearest[:3])}",
            remedy="Nothing, if a run that is out of budget may ask or end as planned; else raise"
            " the budget, or lower at_most and repair in those steps.",
        )
    if worst.unpriced and budget.microusd:
        yield Finding(
            code="FO402",
            severity=Severity.NOTE,
            place=("budget", "usd"),
            message=f"nobody knows the price of {', '.join(worst.unpriced)}, so usd bounds none of"
            " its calls",
            remedy="Rely on model_calls and tokens, or use a model with a known price.",
        )
