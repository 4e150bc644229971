"""All that there is to say about flow files: form, names and behaviour, in one pass over each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.compiled import CompiledFlow
from contracts.flow import FlowDocument
from services.errors import FlowInvalidError
from services.flows.compile import Catalogue, inspect
from services.flows.document import FlowFile, read_draft
from services.flows.file_text import stored_text, unreadable
from services.flows.source import SourceText
from workflows.checking.finding import Finding, Severity
from workflows.checking.located import LocatedFinding
from workflows.checking.worst_case import WorstCase

_FIRST_NAME_CODE = "FO2"
"""Codes of names and types begin so; a guessed flow's behaviour would say nothing."""


@dataclass(frozen=True)
class Examined:
    """One file and what was found."""

    file: str
    document: FlowDocument | None
    """None where the file does not tell what flow it means."""

    findings: tuple[LocatedFinding, ...]
    """By line; errors and notes."""

    source: SourceText

    flow: CompiledFlow | None = None
    """As runs would carry it; None while its form is not sound."""

    worst_case: WorstCase | None = None
    """What no run can exceed; None while there is an error."""

    @property
    def errors(self) -> int:
        """How many findings forbid to run it."""
        return sum(each.severity is Severity.ERROR for each in self.findings)

    @property
    def notes(self) -> int:
        """How many findings its author should know of."""
        return len(self.findings) - self.errors


def examine_text(name: str, text: str, catalogue: Catalogue) -> Examined:
    """Examine a flow; findings of form do not hide those of names and types."""
    try:
        draft = read_draft(name, text)
    except FlowInvalidError as error:
        return Examined(name, None, error.findings, SourceText(name))
    if draft.document is None:
        return Examined(name, None, draft.text.locate(draft.findings), draft.text)
    found = inspect(FlowFile(draft.text, draft.digest, draft.document), catalogue)
    if not draft.findings:
        located = draft.text.locate(found.findings)
        return Examined(name, draft.document, located, draft.text, found.flow, found.worst_case)
    further = (each for each in found.findings if each.code.startswith(_FIRST_NAME_CODE))
    return Examined(
        name, draft.document, draft.text.locate((*draft.findings, *further)), draft.text
    )


def examine_file(path: Path, name: str, catalogue: Catalogue) -> Examined:
    """Examine a flow file; that it cannot be read is a finding like others.

    Args:
        path: where it is.
        name: what findings call it.
        catalogue: what flows are resolved against.
    """
    try:
        text = stored_text(path, name)
    except FlowInvalidError as error:
        return Examined(name, None, error.findings, SourceText(name))
    return examine_text(name, text, catalogue)


def no_flows_in(folder: str) -> Examined:
    """Say that a folder has nothing to examine, which is hardly what was meant."""
    remedy = "Name a folder with .yaml or .yml files, or a file."
    error = unreadable(folder, "there is no flow file in this folder", remedy)
    return Examined(folder, None, error.findings, SourceText(folder))


def one_of_each_name(examined: Iterable[Examined]) -> list[Examined]:
    """Find flows that cannot be offered together, because an earlier file has the name."""
    first: dict[str, str] = {}
    told = []
    for each in examined:
        if each.document is None or each.errors:
            told.append(each)
        elif earlier := first.get(each.document.flow):
            taken = each.source.locate([name_taken(each.document.flow, earlier)])
            told.append(replace(each, findings=(*taken, *each.findings)))
        else:
            first[each.document.flow] = each.file
            told.append(each)
    return told


def name_taken(flow: str, earlier: str) -> Finding:
    """Say that two files declare one flow."""
    return Finding(
        code="FO108",
        place=("flow",),
        message=f"a flow {flow!r} exists already, in {earlier}",
        remedy="Give one of the two another name.",
    )
