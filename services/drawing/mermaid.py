"""Writes a map as a Mermaid flowchart, for pages that draw such themselves."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.drawing import wording
from services.drawing.edges import PLAN, Line, lines
from services.drawing.failure_plan import FailurePlan, Grouped, failure_plan
from workflows.context_map.parts import (
    ContextMap,
    EndNode,
    GateNode,
    InputNode,
    MapNode,
    MapRead,
    StepNode,
)

_ARROWS: Final[Mapping[str, str]] = {
    "onward": "-->",
    "back": "==>",
    "failure": "-.->",
    "deadline": "-.->",
}
_CLASSES: Final = (
    "classDef input fill:#eef1f5,stroke:#8b97a5,color:#1c2530",
    "classDef code fill:#e9f3fb,stroke:#4787b8,color:#1c2530",
    "classDef model fill:#f1ecfc,stroke:#7c5cc9,color:#1c2530",
    "classDef flow fill:#e4f4f1,stroke:#2b8c7e,color:#1c2530",
    "classDef memory fill:#fbeef5,stroke:#b4548a,color:#1c2530",
    "classDef gate fill:#fff3d9,stroke:#c38d1d,color:#1c2530",
    "classDef plan fill:#fdf3f2,stroke:#d99a94,color:#1c2530,stroke-dasharray:5 3",
    "classDef succeeded fill:#e5f5e9,stroke:#3f9d5f,color:#1c2530",
    "classDef failed fill:#fde9e7,stroke:#c24a3d,color:#1c2530",
    "classDef rejected fill:#eef1f5,stroke:#8b97a5,color:#1c2530",
    "classDef expired fill:#eef1f5,stroke:#8b97a5,color:#1c2530",
)
_HARMLESS: Final = frozenset(" .,:;'!?+-/=()[]{}@%_→·")
"""Signs that mean nothing inside of a quoted label; all others are written as their number."""


def mermaid(context: ContextMap) -> str:
    """Write nodes with what enters and leaves them, ways with their rules, and failures."""
    plan = failure_plan(context)
    drawn = lines(context, plan)
    keys = {node.name: f"n{index}" for index, node in enumerate(context.nodes)} | {PLAN: "plan"}
    body = [
        *(f"{keys[node.name]}{_node(node, plan)}" for node in context.nodes),
        f"plan{_box('[', _plan(plan), ']')}:::plan",
        *(_edge(line, keys) for line in drawn),
        *_CLASSES,
    ]
    return "\n".join(("flowchart TD", *(f"  {line}" for line in body))) + "\n"


def escaped(text: str) -> str:
    """Write text so that no page takes it for syntax or markup: `#60;script#62;`."""
    return "".join(
        each if each.isalnum() or each in _HARMLESS else f"#{ord(each)};" for each in text
    )


def _node(node: MapNode, plan: FailurePlan) -> str:
    match node:
        case InputNode():
            remembered = {each.slot for each in node.entries}
            slots = ", ".join(each.slot for each in node.writes if each.slot not in remembered)
            kept = [f"memory: {wording.entry(each)}" for each in node.entries]
            return _box("([", ["input", slots, *kept], "])") + ":::input"
        case StepNode():
            rows = [node.name, _agent(node), f"{_reads(node.reads)} → {node.writes.slot}"]
            rows += [wording.remembered(node.remembers)] if node.remembers else []
            rows += _fan_out(node)
            rows += [wording.beside(node.branch)] if node.branch else []
            rows += _differing(plan.differently.get(node.name, {}))
            return f"{_box('[', rows, ']')}:::{node.agent_kind.value}"
        case GateNode():
            return _box("{{", _gate(node), "}}") + ":::gate"
        case EndNode():
            rows = [node.name, node.output.slot if node.output else "", node.reason]
            return f"{_box('([', rows, '])')}:::{node.outcome}"


def _agent(node: StepNode) -> str:
    kind = f"model {node.model_alias}" if node.model_alias else node.agent_kind.value
    roles = [
        kind,
        *(["checks"] if node.verifies else []),
        *(["publishes"] if node.publishes else []),
    ]
    return f"{node.agent}@{node.agent_version}, {', '.join(roles)}"


def _fan_out(node: StepNode) -> list[str]:
    each = node.each
    return [f"each {each.variable} in {each.slot}.{each.path}"] if each else []


def _gate(node: GateNode) -> list[str]:
    rows = [node.name, f"the {node.role} decides within {wording.duration(node.deadline)}"]
    if node.shows or node.writes:
        made = [each.slot for each in (node.writes, node.edits) if each]
        rows.append(f"{_reads(node.shows)} → {', '.join(made)}")
    rows += wording.asking(node)
    return [*rows, f"may {wording.either(node.allow)}" if node.allow else ""]


def _reads(reads: Sequence[MapRead]) -> str:
    return ", ".join(wording.read(each) for each in reads)


def _differing(own: Grouped) -> list[str]:
    return [f"{wording.kinds(kinds)}: {course}" for course, kinds in own.items()]


def _plan(plan: FailurePlan) -> list[str]:
    rows = [f"{wording.kinds(kinds)}: {course}" for course, kinds in plan.shared.items()]
    return ["any step that fails", *rows, "code is not repaired" if plan.skips_repair else ""]


def _box(opening: str, rows: Sequence[str], closing: str) -> str:
    return f'{opening}"{"<br/>".join(escaped(row) for row in rows if row)}"{closing}'


def _edge(line: Line, keys: Mapping[str, str]) -> str:
    rows = ["".join(run.content for run in row) for row in line.label]
    label = f'|"{"<br/>".join(map(escaped, rows))}"|' if rows else ""
    return f"{keys[line.source]} {_ARROWS[line.kind]}{label} {keys[line.target]}"
