"""What the check has against short flows of notes and reports, one line a finding."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from contracts.agent import AgentDeclaration
from contracts.base import Contract
from contracts.content.decision import DecisionV1
from contracts.registry import Registry
from services.flows.compile import Inspection, inspect
from services.flows.document import read_text
from tests.toys import Note, NoteItem, toy_catalogue
from tests.unit.workflows.driven import an_agent
from workflows.checking.finding import Finding, Severity


class Verdict(StrEnum):
    """A closed set of three."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class Report(Contract, version=1):
    """A field of every type that a rule can look at."""

    verdict: Verdict = Verdict.GOOD
    final: bool = False
    score: int = Field(default=0, ge=0, le=100)
    items: tuple[NoteItem, ...] = Field(default=(NoteItem(id="a"),), min_length=1, max_length=5)
    text: str = ""
    mark: str = Field(default="m1", pattern="^m[0-9]$")


REPORTS: Final = Registry.of([Note, Report, DecisionV1])

HEAD: Final = """
flow: toy
version: 1
summary: A toy.
input: {start: Note@1}
budget: {model_calls: 50, tokens: 100000, usd: 1.00, working_time: 10m}
on_failure: {otherwise: {then: failed}}
"""

REPORTER: Final = an_agent("report", "start", produces="Report@1")
WRITER: Final = an_agent("write", "start")


def inspected(body: str, *agents: AgentDeclaration, head: str = HEAD) -> Inspection:
    """Check a flow of these agents, whatever comes of it."""
    file = read_text("toy.yaml", head + body)
    return inspect(file, toy_catalogue(*agents, registry=REPORTS))


def errors(body: str, *agents: AgentDeclaration, head: str = HEAD) -> tuple[Finding, ...]:
    """What the check has against a flow, notes left out."""
    findings = inspected(body, *agents, head=head).findings
    return tuple(each for each in findings if each.severity is Severity.ERROR)


def told(body: str, *agents: AgentDeclaration, head: str = HEAD) -> list[str]:
    """Each error as code, place and path: `FO302 steps.two.reads.0: one > two`."""
    return [_line(each) for each in errors(body, *agents, head=head)]


def _line(finding: Finding) -> str:
    place = ".".join(str(part) for part in finding.place)
    way = f": {' > '.join(finding.path)}" if finding.path else ""
    return f"{finding.code} {place}{way}"
