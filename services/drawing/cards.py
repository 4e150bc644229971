"""The boxes of a map: what is written on each, and how large that makes it."""

from typing import Final

from contracts.agent import AgentKind
from contracts.reference import Trust
from services.drawing import wording
from services.drawing.card_frame import LEAD, MARGIN, Card, framed, titled
from services.drawing.card_text import LINE_LIMIT, Slots, dot, passage, slot_runs, touched
from services.drawing.failure_plan import Grouped
from services.drawing.layout import Size
from services.drawing.shapes import FONTS, Run, Shape, Text
from services.drawing.text_width import wrapped
from workflows.context_map.parts import (
    EndNode,
    GateNode,
    InputNode,
    MapNode,
    StepNode,
)

_REASON_LIMIT: Final = 190


def card(node: MapNode, slots: Slots, own: Grouped) -> Card:
    """Draw a node.

    Args:
        node: what is drawn.
        slots: the places of slots.
        own: the failures that lead a step elsewhere than most.
    """
    match node:
        case InputNode():
            return _input(node, slots)
        case StepNode():
            return _step(node, slots, own)
        case GateNode():
            return _gate(node, slots)
        case EndNode():
            return _end(node, slots)


def failing_card(key: str) -> Card:
    """Draw the place from which failures go where they lead most steps."""
    runs = (Run("any step that fails", "note", "failing"),)
    width = 2 * MARGIN + Text(0, 0, runs).width
    text = Text(width / 2, 16.5, runs, anchor="middle")
    told = "What failures lead to, unless a step says otherwise"
    return framed(key, Size(width, 25), "plan", [text], told, radius=12.5)


def _input(node: InputNode, slots: Slots) -> Card:
    kept = {each.slot for each in node.entries}
    given = [each for each in node.writes if each.slot not in kept]
    runs = (Run("input ", "name"), dot(Trust.OPERATOR), *slot_runs(given, slots))
    texts = [runs, *((Run(f"memory: {wording.entry(each)}", "note"),) for each in node.entries)]
    width = max(Text(0, 0, line).width for line in texts) + 2 * MARGIN + 6
    placed: list[Shape] = [
        Text(width / 2, 18 + LEAD * index, line, anchor="middle")
        for index, line in enumerate(texts)
    ]
    size = Size(width, 27 + LEAD * (len(texts) - 1))
    return framed(node.name, size, "input", placed, "What a run is given", radius=13.5)


def _step(node: StepNode, slots: Slots, own: Grouped) -> Card:
    tags = [node.agent_kind.value if not node.model_alias else f"model · {node.model_alias}"]
    tags += ["checks"] if node.verifies else []
    tags += ["publishes"] if node.publishes else []
    head = (
        Run(f"{node.name} ", "name"),
        Run(f"{node.agent}@{node.agent_version}", "note", "quiet"),
    )
    lines = [*passage(node.reads, (node.writes,), node.trust, slots)]
    if node.remembers:
        lines.append((Run(wording.remembered(node.remembers), "note", "quiet"),))
    if node.each:
        walked = f"each {node.each.variable} in {node.each.slot}.{node.each.path}"
        lines.append((Run(f"{walked}, {node.parallel} at a time", "note", "quiet"),))
    if node.branch:
        beside = wrapped(wording.beside(node.branch), FONTS["note"], LINE_LIMIT)
        lines += [(Run(line, "note", "quiet"),) for line in beside]
    for course, kinds in own.items():
        differs = wrapped(f"{wording.kinds(kinds)}: {course}", FONTS["rule"], LINE_LIMIT)
        lines += [(Run(line, "rule", "failing"),) for line in differs]
    kind = f"step {node.agent_kind.value}{' stacked' if node.each else ''}"
    css = " ".join((kind, *touched(node.reads, (node.writes,), slots)))
    return titled(node.name, css, head, tags, lines, _told_step(node))


def _gate(node: GateNode, slots: Slots) -> Card:
    edits = f" and may edit {node.edits.slot}" if node.edits else ""
    decides = Run(f"the {node.role} decides{edits}", "note", "quiet")
    head = (Run(f"{node.name} ", "name"), decides)
    writes = tuple(each for each in (node.writes,) if each)
    lines = [*passage(node.shows, writes, Trust.OPERATOR, slots)] if node.shows or writes else []
    if node.answers_failure and node.allow:
        lines.append((Run(f"may {wording.either(node.allow)}", "note", "quiet"),))
    lines += [(Run(line, "note", "quiet"),) for line in _asking(node)]
    edited = tuple(each for each in (node.writes, node.edits) if each)
    css = " ".join(("gate", *touched(node.shows, edited, slots)))
    wait = wording.duration(node.deadline)
    told = f"{node.name}: a person as {node.role}, who has {wait}"
    return titled(node.name, css, head, [f"person · {wait}"], lines, told)


def _asking(node: GateNode) -> list[str]:
    """Say who else has to do with a gate, in lines of a card."""
    told = wording.asking(node)
    return [row for each in told for row in wrapped(each, FONTS["note"], _REASON_LIMIT)]


def _end(node: EndNode, slots: Slots) -> Card:
    head: tuple[Run, ...] = (Run(node.name, "name"),)
    if node.name != node.outcome:
        head += (Run(f" {node.outcome}", "note", "quiet"),)
    if node.output:
        head += (Run(" with ", "note", "quiet"), *slot_runs((node.output,), slots))
    texts = [head]
    reason = wrapped(node.reason, FONTS["note"], _REASON_LIMIT)
    texts += [(Run(line, "note", "quiet"),) for line in reason]
    width = max(Text(0, 0, runs).width for runs in texts) + 2 * MARGIN + 6
    height = 12.5 + LEAD * len(texts)
    placed: list[Shape] = [
        Text(width / 2, 17.5 + LEAD * index, runs, anchor="middle")
        for index, runs in enumerate(texts)
    ]
    css = " ".join((f"end {node.outcome}", *touched((node.output,), (), slots)))
    told = f"{node.name}: the run has {node.outcome}. {node.reason}".strip()
    return framed(node.name, Size(width, height), css, placed, told, radius=13.5)


_KINDS: Final = {
    AgentKind.MODEL: "a model",
    AgentKind.CODE: "code",
    AgentKind.FLOW: "another flow",
    AgentKind.MEMORY: "long-term memory",
}


def _told_step(node: StepNode) -> str:
    who = f"the model behind {node.model_alias}" if node.model_alias else _KINDS[node.agent_kind]
    return (
        f"{node.name}: agent {node.agent}, version {node.agent_version}, is {who}."
        f" Its {node.writes.contract} is {node.trust.value} at the least."
    )
