"""Reads a flow file: YAML with the line of every key, strict, errors that name place and remedy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contracts.base import digest
from contracts.flow import FlowDocument
from services.errors import FlowInvalidError
from services.flows.composing import compose
from services.flows.mending import KEYS, mended, place_of
from services.flows.source import SourceText
from workflows.checking.finding import Finding, Place

FLOW_FILE_BYTES: Final = 1024 * 1024


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
        findings = (*composed.findings, *map(_finding, _told_once(problems)))
        meant = mended(composed.data, problems)
        return Draft(composed.source, address, meant, findings)
    return Draft(composed.source, address, document, composed.findings)


def stored_text(path: Path, name: str) -> str:
    """Read a file's text.

    Args:
        path: where it is.
        name: what findings call it.

    Raises:
        FlowInvalidError: it is missing, over 1 MiB or not UTF-8 (FO106).
    """
    try:
        stored = path.read_bytes()
    except OSError as error:
        remedy = "Name a flow file, or a folder of them, that this user may read."
        raise unreadable(name, f"it cannot be read: {error.strerror}", remedy) from error
    if len(stored) > FLOW_FILE_BYTES:
        remedy = "Name a flow file; the largest there are have some 100 KiB."
        raise unreadable(name, "it is over 1 MiB; that is no flow file", remedy)
    try:
        return stored.decode()
    except UnicodeDecodeError as error:
        raise unreadable(
            name, "it cannot be read: it is not UTF-8 text", "Save it as UTF-8."
        ) from error


def unreadable(name: str, message: str, remedy: str) -> FlowInvalidError:
    """Say that there is no text to look at."""
    return SourceText(name).refusal([_at((), "FO106", message, remedy)])


def _told_once(problems: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Leave out that a key is missing where another stands that was meant to be it."""
    meant = {
        (*place[:-1], near)
        for problem in problems
        if problem["type"] == "extra_forbidden"
        for place in (place_of(problem),)
        for near in get_close_matches(str(place[-1]), KEYS, 1)
    }
    for problem in problems:
        if problem["type"] != "missing" or place_of(problem) not in meant:
            yield problem


def _finding(problem: ErrorDetails) -> Finding:
    place = place_of(problem)
    key = str(place[-1]) if place else "file"
    match problem["type"]:
        case "extra_forbidden":
            near = get_close_matches(key, KEYS, 1)
            remedy = f"Did you mean {near[0]!r}?" if near else "Remove it."
            return _at(place, "FO102", f"{key!r} is not a key of a flow here", remedy)
        case "missing":
            return _at(place, "FO103", f"{key!r} is missing", f"Add `{key}:`.")
        case "value_error":
            message = problem["msg"].removeprefix("Value error, ")
            return _at(place, "FO104", message, "Change it as the message says.")
        case "string_pattern_mismatch":
            remedy = "Use lower-case letters, digits and underscores, a letter first."
            return _at(place, "FO104", f"{problem['input']!r} is no name", remedy)
        case _:
            return _at(place, "FO104", problem["msg"], "Change the value to what is asked for.")


def _at(place: Place, code: str, message: str, remedy: str) -> Finding:
    return Finding(code=code, place=place, message=message, remedy=remedy)
