"""What failures lead to: the plan that most steps share, and the steps that differ from it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from contracts.agent import AgentKind
from contracts.failure import FailureKind
from contracts.flow import OTHERWISE
from services.drawing.wording import duration, times
from workflows.context_map.parts import ContextMap, MapFailure, MapWay, StepNode


class Course(NamedTuple):
    """What one kind of failure leads to, in the order in which it is tried."""

    repair: int
    retry: int
    retry_for: int | None
    fall_back: tuple[str, ...]
    then: str
    at_most: int | None
    afterwards: str
    """Where it leads once `at_most` is used up; empty where nothing is counted."""

    @property
    def remedies(self) -> tuple[str, ...]:
        """What is tried before it leads anywhere."""
        tried = (
            (self.repair, f"repair {times(self.repair)}"),
            (self.retry, f"retry {times(self.retry)}"),
            (self.retry_for, f"retry for {duration(self.retry_for or 1)}"),
            (self.fall_back, f"fall back to {', '.join(self.fall_back)}"),
        )
        return tuple(text for count, text in tried if count)

    @property
    def destinations(self) -> tuple[str, ...]:
        """Where it leads, and how often."""
        then = f"{self.then} {times(self.at_most)}" if self.at_most else self.then
        return (then, self.afterwards) if self.afterwards else (then,)

    def __str__(self) -> str:
        """Write it as `repair twice → help once → failed`."""
        return " → ".join((*self.remedies, *self.destinations))


Courses = Mapping[str, Course]
"""By kind of failure; `otherwise` is all that is not named."""

Grouped = Mapping[Course, tuple[str, ...]]
"""The kinds that lead the same way."""


class FailurePlan(NamedTuple):
    """What failures lead to in a whole flow."""

    shared: Grouped
    """The kinds that lead most steps with a model the same way; `otherwise` last."""

    elsewhere: Mapping[str, Grouped]
    """By step: the kinds that lead it to another place than most."""

    differently: Mapping[str, Grouped]
    """By step: the kinds that lead it to the same place as most, after other remedies."""

    skips_repair: bool
    """Whether some code is not repaired where models are, which alone is no difference."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Where the shared plan leads."""
        found = [target for each in self.shared for target in (each.then, each.afterwards)]
        return tuple(dict.fromkeys(filter(None, found)))


def failure_plan(context: ContextMap) -> FailurePlan:
    """Find the plan that most steps share; of two that are as frequent, that of the first step."""
    nodes = [node for node in context.nodes if isinstance(node, StepNode)]
    steps = {node.name: _courses(context.ways, node.name) for node in nodes}
    models = [node.name for node in nodes if node.agent_kind is AgentKind.MODEL]
    usual = _usual([steps[name] for name in models or steps])
    code = {node.name: node.agent_kind is not AgentKind.MODEL for node in nodes}
    own = {name: _own(courses, usual, code[name]) for name, courses in steps.items()}
    return FailurePlan(
        _grouped(_named(usual)),
        _by_step(own, lambda kind, course: not _leads_as_usual(usual, kind, course)),
        _by_step(own, lambda kind, course: _leads_as_usual(usual, kind, course)),
        any(
            _led(courses, kind) == course._replace(repair=0)
            for name, courses in steps.items()
            for kind, course in usual.items()
            if code[name] and course.repair
        ),
    )


def _courses(ways: Iterable[MapWay], step: str) -> dict[str, Course]:
    """Put the ways of a step's failures together, by kind."""
    first: dict[str, tuple[MapFailure, str]] = {}
    afterwards: dict[str, str] = {}
    for way in ways:
        for failure in way.failures if way.source == step else ():
            if failure.used_up:
                afterwards[failure.kind] = way.target
            else:
                first[failure.kind] = failure, way.target
    return {
        kind: Course(
            failure.repair,
            failure.retry,
            failure.retry_for,
            failure.fall_back,
            target,
            failure.at_most,
            afterwards.get(kind, ""),
        )
        for kind, (failure, target) in first.items()
    }


def _led(courses: Courses, kind: str) -> Course | None:
    return courses.get(kind, courses.get(OTHERWISE))


def _leads_as_usual(usual: Courses, kind: str, course: Course) -> bool:
    expected = _led(usual, kind)
    return expected is not None and course.then == expected.then


def _usual(steps: Sequence[Courses]) -> dict[str, Course]:
    """Find for each kind what it leads most steps to."""
    named = dict.fromkeys(kind for courses in steps for kind in courses)
    found: dict[str, Course] = {}
    for kind in (*FailureKind, OTHERWISE):
        counts = Counter(course for courses in steps if (course := _led(courses, kind)))
        if kind in named and counts:
            found[kind] = max(counts, key=counts.__getitem__)
    return found


def _named(usual: Courses) -> Courses:
    """Leave out what leads where all leads that is not named."""
    rest = usual.get(OTHERWISE)
    return {kind: course for kind, course in usual.items() if kind == OTHERWISE or course != rest}


def _own(courses: Courses, usual: Courses, is_code: bool) -> dict[str, Course]:
    found: dict[str, Course] = {}
    for kind in dict.fromkeys((*usual, *courses)):
        course, expected = _led(courses, kind), _led(usual, kind)
        if expected is None:
            continue
        without_model = is_code and course == expected._replace(repair=0, fall_back=())
        if course and course != expected and not without_model:
            found[kind] = course
    return found


def _grouped(courses: Courses) -> Grouped:
    found: dict[Course, tuple[str, ...]] = {}
    for kind, course in courses.items():
        found[course] = (*found.get(course, ()), kind)
    return found


def _by_step(
    own: Mapping[str, Courses], is_meant: Callable[[str, Course], bool]
) -> dict[str, Grouped]:
    grouped = {
        name: _grouped({kind: course for kind, course in courses.items() if is_meant(kind, course)})
        for name, courses in own.items()
    }
    return {name: found for name, found in grouped.items() if found}
