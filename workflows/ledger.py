"""What a run has reserved and spent. Reserved before a call, settled after, also when it fails."""

from dataclasses import dataclass, field

from contracts.agent import AgentKind
from contracts.compiled import CompiledAgent, CompiledBudget, CompiledFlow, CompiledStep
from contracts.usage import Usage

NOTHING = Usage()


@dataclass
class Ledger:
    """Budget, spending and open reservations of one run."""

    budget: CompiledBudget
    spent: Usage = field(default_factory=Usage)
    reserved: Usage = field(default_factory=Usage)

    def left(self) -> Usage:
        """What nobody has spent or reserved."""
        limit = Usage(
            calls=self.budget.model_calls,
            input_tokens=self.budget.tokens,
            cost_microusd=self.budget.microusd,
        )
        taken = self.spent + self.reserved
        return limit - Usage(
            calls=taken.calls, input_tokens=taken.tokens, cost_microusd=taken.cost_microusd
        )

    def fits(self, wanted: Usage) -> bool:
        """Whether a reservation can be made in full."""
        left = self.left()
        return (
            wanted.calls <= left.calls
            and wanted.tokens <= left.input_tokens
            and wanted.cost_microusd <= left.cost_microusd
        )

    def reserve(self, amount: Usage) -> None:
        """Set an amount aside."""
        self.reserved = self.reserved + amount

    def settle(self, reservation: Usage, spent: Usage) -> None:
        """Replace a reservation by what was really spent."""
        self.reserved = self.reserved - reservation
        self.spent = self.spent + spent


def worst_case(step: CompiledStep, agent: CompiledAgent) -> Usage:
    """What one piece of work may cost at most while its journal is intact.

    Each question is asked once, repaired as often as the plan allows over all kinds, and put once
    more on the last rung.
    """
    if agent.budget is not None:
        return whole(agent.budget)
    if agent.kind is not AgentKind.MODEL:
        return NOTHING
    repairs = sum(line.repair for line in step.on_failure.values())
    return calls(agent, agent.limits.questions * (2 + repairs))


def with_stand_ins(flow: CompiledFlow, step: CompiledStep) -> Usage:
    """What one piece of work may cost at most when all who stand in have to try as well."""
    return sum((worst_case(step, flow.agents[name]) for name in doers(step)), NOTHING)


def doers(step: CompiledStep) -> tuple[str, ...]:
    """Who may do a step's work: its own agent, and whoever its failure plan lets stand in."""
    named = (name for line in step.on_failure.values() for name in line.fall_back)
    return tuple(dict.fromkeys((step.agent, *named)))


def at_most(amount: Usage, limit: Usage) -> Usage:
    """Cut an amount down to a limit, calls, tokens and money each on their own."""
    return Usage(
        calls=min(amount.calls, limit.calls),
        input_tokens=min(amount.tokens, limit.tokens),
        cost_microusd=min(amount.cost_microusd, limit.cost_microusd),
        unpriced_calls=min(amount.calls, limit.unpriced_calls),
    )


def at_the_most(reservation: Usage) -> Usage:
    """Count a reservation as spent: nobody knows what a lost or cancelled attempt really paid."""
    return reservation.model_copy(update={"estimated_calls": reservation.calls})


def one_call(agent: CompiledAgent) -> Usage:
    """The least that is worth starting with: a single call."""
    if agent.budget is not None and agent.budget.model_calls:
        return Usage(calls=1)
    return calls(agent, 1) if agent.kind is AgentKind.MODEL else NOTHING


def whole(budget: CompiledBudget) -> Usage:
    """All that a budget allows."""
    return Usage(
        calls=budget.model_calls, input_tokens=budget.tokens, cost_microusd=budget.microusd
    )


def cut(budget: CompiledBudget, allowance: Usage) -> CompiledBudget:
    """Cut a sub-flow's budget down to what was reserved for it."""
    return budget.model_copy(
        update={
            "model_calls": min(budget.model_calls, allowance.calls),
            "tokens": min(budget.tokens, allowance.tokens),
            "microusd": min(budget.microusd, allowance.cost_microusd),
        }
    )


def calls(agent: CompiledAgent, count: int) -> Usage:
    """What so many calls cost at most: every prompt and every answer at its limit."""
    prompt, answer = agent.limits.prompt_tokens * count, agent.limits.answer_tokens * count
    price = agent.model.price if agent.model else None
    return Usage(
        calls=count,
        input_tokens=prompt,
        output_tokens=answer,
        cost_microusd=price.cost(prompt, answer) if price else 0,
        unpriced_calls=0 if price else count,
    )
