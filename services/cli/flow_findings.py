"""Findings about flow files as text for a person, as JSON, and as annotations of a workflow."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel
from rich.text import Text

from contracts.compiled import CompiledFlow
from contracts.flow import FlowDocument, Gate
from services.cli.output import clean, console, say
from services.flows.telling import tell
from workflows.checking.budget_notes import at_prices
from workflows.checking.finding import Severity
from workflows.checking.located import LocatedFinding
from workflows.checking.worst_case import WorstCase

if TYPE_CHECKING:
    from services.flows.examining import Examined


class FileReport(BaseModel):
    """One file and what was found in it."""

    file: str
    ok: bool
    """Whether it may run; notes do not forbid it."""

    flow: str
    """The flow's name; empty where the file does not tell it."""

    findings: tuple[LocatedFinding, ...]
    worst_case: WorstCase | None
    """What no run can exceed; None for a flow with errors."""


class Report(BaseModel):
    """What `orchestra flows check --format json` prints."""

    files: tuple[FileReport, ...]
    errors: int
    notes: int


def report(examined: "Sequence[Examined]") -> Report:
    """Put findings as data."""
    return Report(
        files=tuple(
            FileReport(
                file=each.file,
                ok=not each.errors,
                flow=each.document.flow if each.document else "",
                findings=each.findings,
                worst_case=each.worst_case,
            )
            for each in examined
        ),
        errors=sum(each.errors for each in examined),
        notes=sum(each.notes for each in examined),
    )


def print_text(examined: "Sequence[Examined]") -> None:
    """Print findings as a compiler does, a line for each sound flow, the totals last."""
    shown = console()
    for each in examined:
        shown.print(_coloured(text(each)), soft_wrap=True)
    shown.print(totals(examined), soft_wrap=True)


def text(examined: "Examined") -> str:
    """Write what was found in a file."""
    told = [clean(tell(finding), lines=True) for finding in examined.findings]
    if examined.document and not examined.errors:
        told.insert(0, f"{clean(examined.file)}: ok  {_size(examined.document)}{_bound(examined)}")
    return "\n".join(told)


def _bound(examined: "Examined") -> str:
    """What no run can exceed, beside the budget; where it is above, a note says so."""
    worst = examined.worst_case
    noted = {each.code for each in examined.findings}
    if worst is None or examined.flow is None or "FO401" in noted:
        return ""
    budget = examined.flow.budget
    dollars = f"${worst.microusd / 1_000_000:,.2f}"
    money = "an unknown amount" if worst.unpriced else dollars
    return (
        f"; at worst {worst.calls:,} model calls of {budget.model_calls:,},"
        f" {worst.tokens:,} tokens of {budget.tokens:,},"
        f" {money} of ${budget.microusd / 1_000_000:,.2f}"
        f"{'' if 'FO402' in noted else _priced(examined.flow, worst)}"
    )


def _priced(flow: CompiledFlow, worst: WorstCase) -> str:
    """Name the models that the money is for; which they are, the settings say."""
    if worst.unpriced:
        return f" (nobody knows the price of {', '.join(worst.unpriced)})"
    return at_prices(flow, worst)


def totals(examined: "Sequence[Examined]") -> str:
    """Count files and findings."""
    refused = sum(bool(each.errors) for each in examined)
    found = report(examined)
    cannot = f"; {refused} cannot be run" if refused else ""
    counts = f"{_count(found.errors, 'error')}, {_count(found.notes, 'note')}"
    return f"{_count(len(examined), 'file')}: {counts}{cannot}"


def print_annotations(examined: "Sequence[Examined]") -> None:
    """Print findings as workflow commands, which GitHub shows at their lines; totals aside."""
    for each in examined:
        for finding in each.findings:
            sys.stdout.write(f"{annotation(finding)}\n")
    say(totals(examined))


def annotation(finding: LocatedFinding) -> str:
    """Write one finding as a workflow command."""
    level = "error" if finding.severity is Severity.ERROR else "notice"
    properties = {
        "file": finding.file,
        "line": finding.line,
        "col": finding.column,
        "title": finding.code,
    }
    listed = ",".join(
        f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None
    )
    lines = [f"{finding.place}: {finding.message}", f"remedy: {finding.remedy}"]
    if finding.path:
        lines.append(f"path: {' → '.join(finding.path)}")
    return f"::{level} {listed}::{_data(chr(10).join(lines))}"


def _data(value: str) -> str:
    """Escape a command's message: one line, % for itself, and nothing that steers a terminal."""
    kept = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return clean(kept)


def _property(value: str) -> str:
    """Escape a command's property, which a comma or colon would end."""
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _size(document: FlowDocument) -> str:
    gates = sum(isinstance(node, Gate) for node in document.steps.values())
    steps = len(document.steps) - gates
    counts = ((steps, "step"), (gates, "gate"), (len(document.ends), "end"))
    return ", ".join(_count(*each) for each in counts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _coloured(told: str) -> Text:
    """Colour what the eye looks for; only a terminal shows it."""
    return Text("\n").join(_line(line) for line in told.split("\n"))


def _line(line: str) -> Text:
    word = line.strip().partition(":")[0]
    if not line.startswith(" "):
        return Text(line, "green" if ": ok  " in line else "bold")
    if line.rstrip().endswith("^") and set(line) <= set(" |^"):
        return Text(line, "red")
    return Text(line, {"remedy": "green", "path": "cyan", "witness": "cyan"}.get(word, ""))
