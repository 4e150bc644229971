"""Which way a run goes: pure functions of facts and counters, never of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.compiled import CompiledFlow, CompiledPlanLine, CompiledRule, CompiledStep
from contracts.failure import FailureKind
from contracts.flow import OTHERWISE
from workflows.rules import Facts, evaluate


@dataclass(frozen=True)
class Way:
    """Where a run goes next and which rule said so."""

    to: str
    rule: str
    counter: str = ""
    """The counter that taking this way uses up once, or empty."""

    ordinal: int = field(default=-1, compare=False)
    """Which rule of the list was taken, from 0; -1 when it was no rule."""


def choose(place: str, rules: Sequence[CompiledRule], facts: Facts, used: Mapping[str, int]) -> Way:
    """Take the first rule that matches and is not used up; the default always does."""
    for ordinal, rule in enumerate(rules):
        counter = f"{place}.next.{ordinal}" if rule.at_most else ""
        if rule.at_most and used.get(counter, 0) >= rule.at_most:
            continue
        if rule.when is None or evaluate(rule.when, facts):
            return Way(rule.to, rule.text, counter, ordinal)
    raise AssertionError(f"{place} has no default rule")


def after_deadline(place: str, rule: CompiledRule, stop: str, used: Mapping[str, int]) -> Way:
    """Leave a gate that nobody answered; used up, the run stops."""
    counter = f"{place}.on_deadline" if rule.at_most else ""
    if rule.at_most and used.get(counter, 0) >= rule.at_most:
        return Way(stop, "deadline, used up")
    return Way(rule.to, "deadline", counter)


def after_failure(
    place: str, step: CompiledStep, kind: FailureKind, used: Mapping[str, int]
) -> Way:
    """Follow the step's plan for this kind; used up or not named, `otherwise` applies."""
    line = plan_line(step, kind)
    counter = f"{place}.on_failure.{kind}" if line.at_most else ""
    if line.at_most and used.get(counter, 0) >= line.at_most:
        return Way(step.on_failure[OTHERWISE].then, f"on_failure.{OTHERWISE}")
    name = kind.value if kind.value in step.on_failure else OTHERWISE
    return Way(line.then, f"on_failure.{name}", counter)


def last_resort(flow: CompiledFlow) -> str:
    """The end of a run whose counted deadline route is used up; empty without such an end."""
    return next((name for name, end in flow.ends.items() if end.outcome == "failed"), "")


def plan_line(step: CompiledStep, kind: FailureKind) -> CompiledPlanLine:
    """Find the line of a step's failure plan that covers a kind."""
    return step.on_failure.get(kind.value) or step.on_failure[OTHERWISE]
