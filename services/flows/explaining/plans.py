"""What each step's failures lead to: the plan that most steps share, and who differs in what."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from contracts.agent import AgentKind
from contracts.failure import FailureKind
from contracts.flow import OTHERWISE
from services.flows.explaining.chart import Chart
from workflows.context_map.parts import MapFailure, StepNode, WayKind

Given = TypeVar("Given")


@dataclass(frozen=True)
class Line:
    """What one kind of failure leads to."""

    then: str
    repair: int = 0
    retry: int = 0
    retry_for: int | None = None
    """Seconds."""

    fall_back: tuple[str, ...] = ()
    """Who stands in, in order."""

    at_most: int | None = None
    last: str = ""
    """Where it leads once `then` is used up; empty when it cannot be."""


Plan = Mapping[str, Line]
"""By kind of failure, in the order of the kinds."""


@dataclass(frozen=True)
class Plans:
    """The failure plans of a flow."""

    common: Plan
    """For each kind what most steps do about it; repairs as most that ask a model have them."""

    rest: Line
    """What the common plan does about kinds that the flow does not name."""

    own: Mapping[str, Plan]
    """By step."""

    def differences(self, step: StepNode) -> dict[Line, list[str]]:
        """Group the kinds that a step plans otherwise than most, by what it does instead."""
        found: dict[Line, list[str]] = {}
        for kind, line in self.own[step.name].items():
            usual = self.common.get(kind, self.rest)
            if step.agent_kind is not AgentKind.MODEL:
                usual = replace(usual, repair=0, fall_back=())
            if line != usual:
                found.setdefault(line, []).append(kind)
        return found

    def rows(self) -> dict[Line, list[str]]:
        """Group the kinds of the common plan by what they lead to; the unnamed ones come last."""
        found: dict[Line, list[str]] = {}
        for kind, line in self.common.items():
            found.setdefault(line, []).append(kind)
        if self.rest in found:
            found[self.rest] = found.pop(self.rest)
        return found


def plans(chart: Chart) -> Plans:
    """Find the plan that most steps share, kind by kind, and each step's own."""
    own = {step.name: _plan(chart, step) for step in chart.steps}
    asking = {step.name for step in chart.steps if step.agent_kind is AgentKind.MODEL}
    # What only some can fail with, such as a sub-flow, is told of those.
    first, *others = own.values()
    kinds = [kind for kind in first if all(kind in each for each in others)]
    common = {kind: _usual(kind, own, asking) for kind in kinds}
    rests = Counter(_rest(chart, step) for step in chart.steps)
    return Plans(common=common, rest=Line(rests.most_common(1)[0][0]), own=own)


def _plan(chart: Chart, step: StepNode) -> Plan:
    found: dict[str, Line] = {}
    last: dict[str, str] = {}
    for way in chart.leaving(step.name, WayKind.FAILURE):
        for failure in way.failures:
            if failure.used_up:
                last[failure.kind] = way.target
                continue
            for kind in failure.covers or (failure.kind,):
                found[kind] = _line(way.target, failure)
    for kind, target in last.items():
        found[kind] = replace(found[kind], last=target)
    return {kind.value: found[kind.value] for kind in FailureKind if kind.value in found}


def _line(target: str, failure: MapFailure) -> Line:
    return Line(
        then=target,
        repair=failure.repair,
        retry=failure.retry,
        retry_for=failure.retry_for,
        fall_back=failure.fall_back,
        at_most=failure.at_most,
    )


def _rest(chart: Chart, step: StepNode) -> str:
    """Find where `otherwise` leads; empty when every kind is named and nothing is used up."""
    for way in chart.leaving(step.name, WayKind.FAILURE):
        if any(failure.kind == OTHERWISE or failure.used_up for failure in way.failures):
            return way.target
    return ""


def _usual(kind: str, own: Mapping[str, Plan], asking: set[str]) -> Line:
    lines = {name: plan[kind] for name, plan in own.items() if kind in plan}
    plain = _most([replace(line, repair=0) for line in lines.values()])
    repairs = [
        line.repair
        for name, line in lines.items()
        if name in asking and replace(line, repair=0) == plain
    ]
    return replace(plain, repair=_most(repairs)) if repairs else plain


def _most(given: Sequence[Given]) -> Given:
    return Counter(given).most_common(1)[0][0]
