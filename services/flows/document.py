"""Reads a flow file: YAML with the line of every key, strict, errors that name place and remedy."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from contracts.base import digest
from contracts.flow import Budget, End, FlowDocument, Gate, PlanLine, Rule, Step
from services.errors import FlowInvalidError
from workflows.checking.finding import Finding, Place

_TAGS: Final = frozenset({"step", "gate", "function-before[_as_read(), Read]"})
"""What the parser adds to the path of an error and the file does not have."""

FLOW_FILE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class SourceText:
    """The text of a flow file, with the line of each part of it."""

    name: str
    """The file's name, for messages."""

    rows: tuple[str, ...]
    lines: dict[Place, int] = field(default_factory=dict)
    """Line, from 1, by path into the document."""

    def line(self, place: Place) -> int:
        """Find the line of a place, or of the nearest thing around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def describe(self, findings: Iterable[Finding]) -> str:
        """Write findings as a compiler does: place, code, what is wrong, the line, the remedy."""
        ordered = sorted(findings, key=lambda each: (self.line(each.place), each.code))
        return "\n".join(self._describe(finding) for finding in ordered)

    def _describe(self, finding: Finding) -> str:
        line = self.line(finding.place)
        shown = self.rows[line - 1].strip() if line <= len(self.rows) else ""
        where = ".".join(str(part) for part in finding.place) or "file"
        return (
            f"{self.name}:{line}: {finding.code} {where}: {finding.message}\n"
            f"    {line:>4} | {shown}\n"
            f"    remedy: {finding.remedy}"
        )


@dataclass(frozen=True)
class FlowFile:
    """A flow as written."""

    text: SourceText
    digest: str
    """SHA-256 of the file."""

    document: FlowDocument


def read_file(path: Path) -> FlowFile:
    """Read a flow file.

    Raises:
        FlowInvalidError: it cannot be read or is not a flow; every problem is listed.
    """
    try:
        stored = path.read_bytes()
        if len(stored) > FLOW_FILE_BYTES:
            raise FlowInvalidError(f"{path.name} is over 1 MiB; that is no flow file")
        return read_text(path.name, stored.decode())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise FlowInvalidError(f"{path.name} cannot be read: {reason}") from error


def read_text(name: str, text: str) -> FlowFile:
    """Read a flow from text; see `read_file`."""
    root = _compose(name, text)
    if not isinstance(root, MappingNode):
        raise FlowInvalidError(f"{name}:1: a flow file is a mapping that begins with `flow: name`")
    source = SourceText(name, tuple(text.splitlines()))
    findings: list[Finding] = []
    data = _construct(root, (), source.lines, findings)
    try:
        document = FlowDocument.model_validate(data)
    except ValidationError as error:
        findings += [_finding(problem) for problem in error.errors()]
        raise FlowInvalidError(source.describe(findings)) from error
    if findings:
        raise FlowInvalidError(source.describe(findings))
    return FlowFile(source, digest(text.encode()), document)


def _compose(name: str, text: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FlowInvalidError(f"{name}:{line}: this is not YAML: {error.problem}") from error
    except YAMLError as error:
        raise FlowInvalidError(f"{name}:1: this is not YAML") from error
    return node


def _construct(
    node: Node, place: Place, lines: dict[Place, int], repeated: list[Finding]
) -> object:
    """Build plain data from nodes, noting the line of each."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if isinstance(node, SequenceNode):
        return [
            _construct(child, (*place, index), lines, repeated)
            for index, child in enumerate(node.value)
        ]
    assert isinstance(node, MappingNode)
    data: dict[object, object] = {}
    for key_node, child in node.value:
        key = str(key_node.value)
        inner = (*place, key)
        if key in data:
            repeated.append(
                Finding(
                    code="FO101",
                    place=inner,
                    message=f"{key!r} stands twice",
                    remedy="Keep one of them.",
                )
            )
        lines[inner] = key_node.start_mark.line + 1
        data[key] = _construct(child, inner, lines, repeated)
    return data


def _scalar(node: ScalarNode) -> object:
    """Read a scalar by the YAML 1.2 core schema: `no` and `on` are text."""
    text = str(node.value)
    match node.tag.rpartition(":")[2] if isinstance(node.tag, str) else str(node.ctag.suffix):
        case "int":
            return int(text.replace("_", ""), 0)
        case "float":
            return float(text)
        case "bool":
            return text.lower() == "true"
        case "null":
            return None
        case _:
            return text


_KEYS: Final = sorted(
    {
        alias or name
        for model in (FlowDocument, Step, Gate, End, Rule, PlanLine, Budget)
        for name, alias in ((n, f.alias) for n, f in model.model_fields.items())
    }
)


def _finding(problem: ErrorDetails) -> Finding:
    place = tuple(part for part in problem["loc"] if part not in _TAGS)
    if place and place[-1] == "[key]":
        place = place[:-1]
    key = str(place[-1]) if place else "file"
    match problem["type"]:
        case "extra_forbidden":
            near = get_close_matches(key, _KEYS, 1)
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
