"""Reads a flow file: YAML with the line of every key, strict, errors that name place and remedy."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from contracts.base import digest
from contracts.flow import FlowDocument
from services.flows.complaints import complaints
from services.flows.composing import compose
from services.flows.file_text import stored_text
from services.flows.mending import mended
from services.flows.source import SourceText
from workflows.checking.finding import Finding

_DECLARED: Final = re.compile(r"""^flow *: *["']?([a-z][a-z0-9_]*)["']? *(?:#.*)?\r?$""", re.M)


@dataclass(frozen=True)
class FlowFile:
    """A flow as written."""

    text: SourceText
    digest: str
    """SHA-256 of the file."""

    document: FlowDocument


@dataclass(frozen=True)
class Draft:
    """A file that may have findings of form, and the flow it means where that can be told."""

    text: SourceText
    digest: str
    document: FlowDocument | None
    """With findings: the flow once the slips are mended in the likeliest way, for further checks
    only; None when they leave too much open."""

    findings: tuple[Finding, ...]


def read_file(path: Path) -> FlowFile:
    """Read a flow file.

    Raises:
        FlowInvalidError: it cannot be read or is not a flow; every problem is listed.
    """
    return read_text(path.name, stored_text(path, path.name))


def read_text(name: str, text: str) -> FlowFile:
    """Read a flow from text; see `read_file`."""
    draft = read_draft(name, text)
    if draft.findings or draft.document is None:
        raise draft.text.refusal(draft.findings)
    return FlowFile(draft.text, draft.digest, draft.document)


def read_draft(name: str, text: str) -> Draft:
    """Read as much of a flow as the text holds.

    Raises:
        FlowInvalidError: it is not YAML, or no mapping (FO105, FO107).
    """
    composed = compose(name, text)
    address = digest(text.encode())
    try:
        document = FlowDocument.model_validate(composed.data)
    except ValidationError as error:
        problems = error.errors()
        findings = (*composed.findings, *complaints(problems))
        meant = mended(composed.data, problems)
        return Draft(composed.source, address, meant, findings)
    return Draft(composed.source, address, document, composed.findings)


def declared_name(text: str) -> str:
    """Find the flow that a text says it declares, even one that is no YAML; empty if it does not.

    Args:
        text: a file's text; only a line of its own, `flow: name`, is looked for.
    """
    found = _DECLARED.search(text)
    return found[1] if found else ""
