"""What the matrix and the mutants came to, as text, as data and as a page."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from tests.modes.case import MODES, Guard
from tests.modes.matrix import Cell, Outcome, System
from tests.modes.mutants import Proof
from tests.modes.mutations import UNDECIDED

_SHORT = {
    Outcome.PREVENTED: "prevented",
    Outcome.REPAIRED: "repaired",
    Outcome.STOPPED: "stopped",
    Outcome.PASSED: "PASSED",
}
_CLASSES = {
    Guard.PREVENTED: "prevented by construction",
    Guard.DETECTED: "detected by a check",
    Guard.REDUCED: "for a judge or a person",
}


def passed_through(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """List where ours let a declared part pass."""
    return tuple(
        cell
        for cell in cells
        if cell.system is System.OURS and cell.case.declared and cell.outcome is Outcome.PASSED
    )


def text(cells: Sequence[Cell], proof: Proof) -> str:
    """Write both tables for a terminal."""
    lines = [f"{'mode':5}{'fault':42}" + "".join(f"{system:20}" for system in System)]
    for row in _rows(cells):
        case = row[0].case
        name = case.name if case.declared else f"{case.name} *"
        lines.append(f"{case.mode:5}{name:42}" + "".join(f"{_SHORT[c.outcome]:20}" for c in row))
    lines += ["* not declared: only a judge or a person can see it", "", "silent failures"]
    for label, chosen in _groups(cells):
        lines.append(f"{label:47}" + "".join(f"{_rate(chosen, s):20}" for s in System))
    lines += ["", "verifiers by mutation"]
    for name, caught, made in _catches(proof):
        lines.append(f"{name:47}{caught} of {made}")
    lines.append(f"{'good sentences turned down':47}{len(proof.false_alarms)} of {proof.good}")
    return "\n".join(lines) + "\n"


def data(cells: Sequence[Cell], proof: Proof, commit: str) -> dict[str, JsonValue]:
    """Collect everything as JSON."""
    return {
        "commit": commit,
        "cells": [
            {
                "mode": cell.case.mode,
                "fault": cell.case.name,
                "injected": cell.case.injected,
                "class": str(cell.case.guard),
                "declared": cell.case.declared,
                "system": str(cell.system),
                "outcome": str(cell.outcome),
                "why": cell.ending.why,
            }
            for cell in cells
        ],
        "silent_failures": {
            label: {str(system): _rate(chosen, system) for system in System}
            for label, chosen in _groups(cells)
        },
        "mutants": {name: {"caught": c, "made": m} for name, c, m in _catches(proof)},
        "good_sentences": proof.good,
        "false_alarms": list(proof.false_alarms),
    }


def page(cells: Sequence[Cell], proof: Proof, commit: str, method: str) -> str:
    """Write the tables as Markdown, under the method's text."""
    systems = " | ".join(System)
    parts = [method.replace("COMMIT", commit), f"| silent failures | {systems} |"]
    parts.append("| --- " * (len(System) + 1) + "|")
    for label, chosen in _groups(cells):
        parts.append(f"| {label} | " + " | ".join(_rate(chosen, s) for s in System) + " |")
    parts += ["", "## By mode", "", f"| mode | faults | {systems} |"]
    parts.append("| --- " * (len(System) + 2) + "|")
    parts += [_mode_row(mode, cells) for mode in MODES]
    parts += ["", "## Every fault", "", f"| mode | fault | injected | class | {systems} |"]
    parts.append("| --- " * (len(System) + 4) + "|")
    parts += [_fault_row(row) for row in _rows(cells)]
    parts += ["", "## The verifiers by mutation", "", "| class | made | caught by code |"]
    parts.append("| --- | --- | --- |")
    for name, caught, made in _catches(proof):
        open_class = " (decided in part)" if name in UNDECIDED else ""
        parts.append(f"| {name}{open_class} | {made} | {_percent(caught, made)} |")
    alarms = f"{len(proof.false_alarms)} of {proof.good}"
    parts += ["", f"Good sentences turned down: {alarms}. Half of them are quotes, half reworded."]
    return "\n".join(parts) + "\n"


def _rows(cells: Sequence[Cell]) -> list[list[Cell]]:
    rows: dict[str, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.case.id, []).append(cell)
    return list(rows.values())


def _groups(cells: Sequence[Cell]) -> list[tuple[str, list[Cell]]]:
    by_class = [
        (f"class {guard}: {label}", [cell for cell in cells if cell.case.guard is guard])
        for guard, label in _CLASSES.items()
    ]
    declared = [cell for cell in cells if cell.case.declared]
    return [("all faults", list(cells)), ("declared parts", declared), *by_class]


def _rate(cells: Sequence[Cell], system: System) -> str:
    own = [cell for cell in cells if cell.system is system]
    silent = sum(cell.outcome is Outcome.PASSED for cell in own)
    return f"{silent} of {len(own)} ({_percent(silent, len(own))})"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _mode_row(mode: str, cells: Sequence[Cell]) -> str:
    own = [cell for cell in cells if cell.case.mode == mode]
    name, share = MODES[mode]
    columns = []
    for system in System:
        counted = Counter(_SHORT[cell.outcome] for cell in own if cell.system is system)
        columns.append(", ".join(f"{counted[s]} {s}" for s in _SHORT.values() if counted[s]))
    return f"| {mode} {name} ({share}) | {len(own) // len(System)} | {' | '.join(columns)} |"


def _fault_row(row: Sequence[Cell]) -> str:
    case = row[0].case
    mark = "" if case.declared else " \\*"
    outcomes = " | ".join(_SHORT[cell.outcome] for cell in row)
    return f"| {case.mode} | {case.name}{mark} | {case.injected} | {case.guard} | {outcomes} |"


def _catches(proof: Proof) -> list[tuple[str, int, int]]:
    return [(name, each.by_fact_check, each.made) for name, each in proof.classes.items()]
