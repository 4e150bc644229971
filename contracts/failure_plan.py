"""What a flow file says of failures: a line a kind, with remedies and the way out."""

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from contracts.duration import Duration
from contracts.failure import RETRIED, UNPLANNED, FailureKind
from contracts.notation import WrittenFallBack
from contracts.written import Name, Written

OTHERWISE = "otherwise"
"""The line of a failure plan that covers every kind not named."""


class StandIn(Written):
    """Who does a failed step's work instead: another model for its agent, or another agent."""

    model: Name | None = None
    """The alias of a model; the step's own agent asks it."""

    agent: Name | None = None
    """An agent that receives and produces what the step's own does."""

    @model_validator(mode="after")
    def _is_a_model_or_an_agent(self) -> Self:
        if (self.model is None) == (self.agent is None):
            raise ValueError("a stand-in is {model: alias} or {agent: name}")
        return self


def _as_stand_ins(given: object) -> object:
    return [given] if isinstance(given, dict) else given


StandIns = Annotated[
    list[StandIn],
    Field(max_length=5),
    BeforeValidator(_as_stand_ins, json_schema_input_type=WrittenFallBack),
]
"""One stand-in, or several that are tried in order."""


class PlanLine(Written):
    """What happens when a step fails in one way: first the counted remedies, then the way out."""

    repair: int = Field(default=0, ge=0, le=5)
    """How often the model is shown its rejected answer and asked again."""

    retry: int = Field(default=0, ge=0, le=50)
    """How often the same attempt is made again, later."""

    retry_for: Duration | None = None
    """How long attempts are made again, instead of a count."""

    fall_back: StandIns = Field(default_factory=list)
    """Who does the work when repairs and retries are used up, each once a visit: `{model: judge}`
    or `{agent: another}`."""

    then: Name | None = None
    """The step, gate or end that follows when the remedies are used up."""

    at_most: int | None = Field(default=None, ge=1)
    """How often `then` may be taken for this step and kind; after that `otherwise` applies."""


def _known_kind(key: str) -> str:
    known = {kind.value for kind in FailureKind} - {kind.value for kind in UNPLANNED}
    if key != OTHERWISE and key not in known:
        raise ValueError(f"{key!r} is no kind of failure; there are {', '.join(sorted(known))}")
    return key


def _check_plan(plan: dict[str, PlanLine]) -> dict[str, PlanLine]:
    for key, line in plan.items():
        if (line.retry or line.retry_for) and key not in {kind.value for kind in RETRIED}:
            raise ValueError(f"{key} cannot be retried; only {', '.join(sorted(RETRIED))} can")
        remedies = line.at_most or line.repair or line.fall_back
        if key == OTHERWISE and (remedies or line.then is None):
            raise ValueError("otherwise takes `then` alone: it is the last resort")
    return plan


FailurePlan = Annotated[
    dict[Annotated[str, AfterValidator(_known_kind)], PlanLine], AfterValidator(_check_plan)
]
"""Lines by failure kind, or `otherwise`."""
