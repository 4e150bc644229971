"""The lines of a map: which ways are drawn as one, and what is written on each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.drawing import wording
from services.drawing.failure_plan import Course, FailurePlan
from services.drawing.layout import Size
from services.drawing.shapes import FONTS, Run, Text
from services.drawing.text_width import wrapped
from workflows.context_map.parts import (
    ContextMap,
    GateNode,
    MapNode,
    MapWay,
    WayKind,
)

PLAN: Final = "(plan)"
"""The box that says what failures lead to. No step can be named so."""

_LABEL_LIMIT: Final = 215
_LEAD: Final = 13
_MARGIN: Final = 4

Kind = Literal["onward", "back", "failure", "deadline"]
"""How a line is drawn."""

Row = tuple[Run, ...]
"""One line of a label."""


@dataclass(frozen=True)
class Line:
    """One line from node to node with all that is written on it."""

    source: str
    target: str
    kind: Kind
    label: tuple[Row, ...]
    told: str

    @property
    def key(self) -> str:
        """Names the line."""
        return f"{self.source} {self.target}"

    @property
    def label_size(self) -> Size | None:
        """The room that the label needs."""
        if not self.label:
            return None
        width = max(Text(0, 0, row).width for row in self.label)
        return Size(width + 2 * _MARGIN, _LEAD * len(self.label) + 3)


def lines(context: ContextMap, plan: FailurePlan) -> list[Line]:
    """List what is drawn: what a step or person decides, what is due, what fails elsewhere.

    What most failures lead to is drawn once, from the box that says it; what a person does about
    a failure leads back to where it came from and is said at the gate.
    """
    nodes = {node.name: node for node in context.nodes}
    together: dict[tuple[str, str], list[MapWay]] = {}
    for way in context.ways:
        if not way.answers and (way.kind is not WayKind.FAILURE or _own(way, plan)):
            together.setdefault((way.source, way.target), []).append(way)
    found = [_line(ways, nodes, context, plan) for ways in together.values()]
    return [*found, *(_planned(target) for target in plan.targets)]


def _own(way: MapWay, plan: FailurePlan) -> bool:
    """Tell whether a failure leads its step there and most others not."""
    return any(course.then == way.target for course in plan.elsewhere.get(way.source, ()))


def _planned(target: str) -> Line:
    told = f"When a step fails as planned for all, the run goes to {target}."
    return Line(PLAN, target, "failure", (), told)


def _line(
    ways: list[MapWay], nodes: Mapping[str, MapNode], context: ContextMap, plan: FailurePlan
) -> Line:
    alone = sum(way.source == ways[0].source and way.kind is WayKind.RULE for way in context.ways)
    rows = list(_joined([_rows(way, nodes, plan, is_only=alone == 1) for way in ways]))
    told = " ".join(_told(way) for way in ways)
    return Line(ways[0].source, ways[0].target, _kind(ways), tuple(rows), told)


def _joined(labels: Sequence[Sequence[Row]]) -> Iterator[Row]:
    """Put the labels of ways that share a line together; one without a condition is always gone."""
    for index, rows in enumerate(labels):
        if len(labels) > 1:
            rows = rows or [(Run("when done", "rule"),)]
            before = (Run("or ", "note", "quiet"),) if index else ()
            yield before + rows[0]
            yield from rows[1:]
        else:
            yield from rows


def _kind(ways: Sequence[MapWay]) -> Kind:
    if any(way.goes_back for way in ways):
        return "back"
    kinds = {way.kind for way in ways}
    if kinds <= {WayKind.FAILURE}:
        return "failure"
    return "deadline" if kinds <= {WayKind.DEADLINE} else "onward"


def _rows(
    way: MapWay, nodes: Mapping[str, MapNode], plan: FailurePlan, *, is_only: bool
) -> list[Row]:
    counted = (
        [(Run(f"at most {wording.times(way.at_most)}", "tag", "counted"),)] if way.at_most else []
    )
    if way.kind is WayKind.FAILURE:
        own = plan.elsewhere[way.source].items()
        leading = [_failing(kinds, course) for course, kinds in own if course.then == way.target]
        return [row for text in leading for row in _text(text, "failing")]
    if way.kind is WayKind.DEADLINE:
        source = nodes[way.source]
        assert isinstance(source, GateNode)
        late = f"after {wording.duration(source.deadline)}"
        return [*_text(f"{late}, {way.rule}" if way.rule else late, "due"), *counted]
    is_said = bool(way.rule) and not (is_only and way.rule == "else")
    return [*(_text(way.rule, "") if is_said else ()), *counted]


def _failing(kinds: Sequence[str], course: Course) -> str:
    """Write what fails and what is tried first; where it leads, the line shows."""
    tried = f": {', '.join(course.remedies)}" if course.remedies else ""
    counted = f", at most {wording.times(course.at_most)}" if course.at_most else ""
    rest = f", then {course.afterwards}" if course.afterwards else ""
    return wording.kinds(kinds) + tried + counted + rest


def _text(text: str, css: str) -> list[Row]:
    return [(Run(line, "rule", css),) for line in wrapped(text, FONTS["rule"], _LABEL_LIMIT)]


def _told(way: MapWay) -> str:
    """Say in full what crosses the border: the slots with their fields, makers and trust."""
    source, target = wording.place(way.source), wording.place(way.target)
    crossing = "; ".join(
        f"{each.slot} ({each.contract}: {', '.join(each.fields)}),"
        f" {each.trust.value}, by {wording.listed(each.written_by) or 'nobody yet'}"
        for each in way.context
    )
    return f"{source} to {target}: {crossing or 'no context crosses'}."
