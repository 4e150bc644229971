"""Everything that is on a map, once more in tables: as markup, escaped."""

from collections.abc import Iterable, Iterator
from html import escape

from services.drawing import wording
from services.drawing.failure_plan import FailurePlan, Grouped
from workflows.context_map.parts import (
    INPUT,
    ContextMap,
    GateNode,
    MapCrossing,
    MapNode,
    MapSlot,
    MapWay,
    ReadAs,
    StepNode,
    WayKind,
)

Cells = tuple[str, ...]
"""One row of a table, as markup."""


def borders(title: str, ways: Iterable[MapWay], context: ContextMap) -> Iterator[str]:
    """Write ways: when each is gone, and what crosses there."""
    nodes = {node.name: node for node in context.nodes}
    rows = (
        (
            _code(wording.place(way.source)),
            _code(way.target),
            _why(way, nodes[way.source]),
            _items(map(_crossing, way.context)) or "<small>nothing</small>",
        )
        for way in ways
    )
    yield from _table(title, ("From", "To", "When", "What crosses"), rows)


def _why(way: MapWay, source: MapNode) -> str:
    if way.kind is WayKind.FAILURE:
        kinds = (", ".join(each.covers) or each.kind for each in way.failures)
        return f"failed: {_code(', '.join(kinds))}"
    lines = [f"{_code(way.answers)} failed"] if way.answers else []
    if way.kind is WayKind.DEADLINE and isinstance(source, GateNode):
        lines.append(f"nobody answers within {wording.duration(source.deadline)}")
    if way.rule:
        lines.append(_code(way.rule))
    if way.at_most:
        lines.append(f"at most {wording.times(way.at_most)}")
    if way.goes_back:
        lines.append("goes back")
    return "<br>".join(lines) or ("the run starts" if way.source == INPUT else "done")


def failures(plan: FailurePlan) -> Iterator[str]:
    """Write what failures lead to: in most steps, then in those that differ."""
    rows = [
        (step, wording.kinds(kinds), str(course))
        for step, grouped in (("any step", plan.shared), *_own(plan))
        for course, kinds in grouped.items()
    ]
    cells = ((_code(step), _code(kinds), _code(course)) for step, kinds, course in rows)
    yield from _table("When a step fails", ("Step", "How", "What happens, in order"), cells)
    if plan.skips_repair:
        yield "<p><small>Code is not repaired: it goes straight on.</small></p>"


def _own(plan: FailurePlan) -> Iterator[tuple[str, Grouped]]:
    for step in dict.fromkeys((*plan.elsewhere, *plan.differently)):
        yield step, {**plan.elsewhere.get(step, {}), **plan.differently.get(step, {})}


def _crossing(each: MapCrossing) -> str:
    by = wording.listed(each.written_by) or "nobody yet"
    fields = escape(", ".join(each.fields))
    return (
        f"{_code(wording.read(each))}"
        f" <small>{escape(each.contract)}: {fields} · {each.trust.value}, by {escape(by)}</small>"
    )


def slots(context: ContextMap) -> Iterator[str]:
    """Write slots: what each holds, who writes and who reads it."""
    rows = (
        (
            _code(slot.name),
            f"{escape(slot.contract)}<br><small>{escape(', '.join(slot.fields))}</small>",
            slot.trust.value,
            escape(wording.listed(slot.written_by)),
            _items(_readers(slot)),
            escape(", ".join(slot.about)),
        )
        for slot in context.slots
    )
    heads = ("Slot", "Holds", "Trust at the least", "Written by", "Read by", "Reports on")
    yield from _table("Slots", heads, rows)


def _readers(slot: MapSlot) -> Iterator[str]:
    for reader in slot.read_by:
        facts = f" <small>{escape(', '.join(reader.facts))}</small>" if reader.facts else ""
        is_rule = reader.read_as is ReadAs.RULE
        yield f"{'a rule after ' if is_rule else ''}{escape(reader.node)}{facts}"


def steps(nodes: Iterable[MapNode]) -> Iterator[str]:
    """Write steps: which agent works there, and with what."""
    rows = (
        (
            _code(node.name),
            escape(f"{node.agent}@{node.agent_version}"),
            escape(
                f"{node.agent_kind.value}: {node.model}" if node.model else node.agent_kind.value
            ),
            _code(", ".join(map(wording.read, node.reads))),
            _code(node.writes.slot),
            node.trust.value,
        )
        for node in nodes
        if isinstance(node, StepNode)
    )
    heads = ("Step", "Agent", "Kind", "Reads", "Writes", "Trust at the least")
    yield from _table("Steps", heads, rows)


def _table(title: str, heads: Cells, rows: Iterable[Cells]) -> Iterator[str]:
    if title:
        yield f"<h2>{escape(title)}</h2>"
    yield "<table>"
    yield f"<tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr>"
    for row in rows:
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
    yield "</table>"


def _items(items: Iterable[str]) -> str:
    lines = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{lines}</ul>" if lines else ""


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
