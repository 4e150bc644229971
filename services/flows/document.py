"""Reads a flow file: YAML with the line of every key, strict, errors that name place and remedy."""

import math
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

FLOW_FILE_BYTES: Final = 1024 * 1024
MOST_PARTS: Final = 50_000
"""Keys and values of one file, what aliases repeat included; a large flow has some thousands."""

DEEPEST_LEVEL: Final = 20
"""A flow needs eight levels."""

SHOWN_CHARACTERS: Final = 200
"""How much of a line a finding shows."""


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
        shown = self.rows[line - 1].strip()[:SHOWN_CHARACTERS] if line <= len(self.rows) else ""
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
    builder = _Builder(name, source.lines)
    data = builder.build(root, ())
    findings = builder.findings
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
    except RecursionError:
        raise FlowInvalidError(_too_deep(name, 1)) from None
    return node


def _too_deep(name: str, line: int) -> str:
    return f"{name}:{line}: this nests over {DEEPEST_LEVEL} levels deep; that is no flow file"


class _Builder:
    """Builds plain data from YAML nodes, noting the line of each."""

    def __init__(self, name: str, lines: dict[Place, int]) -> None:
        self.findings: list[Finding] = []
        self._name = name
        self._lines = lines
        self._parts = 0

    def build(self, node: Node, place: Place) -> object:
        """Build one node and what it holds.

        Raises:
            FlowInvalidError: aliases make it endless, or too much of it.
        """
        line = node.start_mark.line + 1
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise FlowInvalidError(
                f"{self._name}:{line}: this file says over {MOST_PARTS} things, aliases spelt out;"
                " that is no flow file"
            )
        if len(place) > DEEPEST_LEVEL:
            raise FlowInvalidError(_too_deep(self._name, line))
        self._lines.setdefault(place, line)
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if isinstance(node, SequenceNode):
            return [self.build(child, (*place, index)) for index, child in enumerate(node.value)]
        assert isinstance(node, MappingNode)
        return self._mapping(node, place)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise FlowInvalidError(f"{self._name}:{line}: a key is one word, not a list or map")
            key = str(key_node.value)
            inner = (*place, key)
            if key in data:
                self.findings.append(
                    _at(inner, "FO101", f"{key!r} stands twice", "Keep one of them.")
                )
            self._lines[inner] = line
            data[key] = self.build(child, inner)
        return data


def _scalar(node: ScalarNode) -> object:
    """Read a scalar by the YAML 1.2 core schema: `no` and `on` are text.

    What looks like a number and is none (`0x`, `.inf`) stays text, for its field to refuse.
    """
    text = str(node.value)
    match node.tag.rpartition(":")[2] if isinstance(node.tag, str) else str(node.ctag.suffix):
        case "int":
            return _whole(text)
        case "float":
            return _fraction(text)
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "null":
            return None
        case _:
            return text


def _whole(text: str) -> int | str:
    digits = text.replace("_", "")
    has_base = digits.lstrip("+-")[:2].lower() in ("0b", "0o", "0x")
    try:
        return int(digits, 0 if has_base else 10)
    except ValueError:
        return text


def _fraction(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


_KEYS: Final = sorted(
    {
        alias or name
        for model in (FlowDocument, Step, Gate, End, Rule, PlanLine, Budget)
        for name, alias in ((n, f.alias) for n, f in model.model_fields.items())
    }
)


def _finding(problem: ErrorDetails) -> Finding:
    place = _place(problem["loc"])
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


def _place(location: Place) -> Place:
    """Drop what the parser adds to the path of an error and the file does not have."""
    kept = [part for part in location if part != "[key]" and not str(part).startswith("function-")]
    if kept[:1] == ["steps"] and kept[2:3] in (["step"], ["gate"]):
        del kept[2]
    return tuple(kept)


def _at(place: Place, code: str, message: str, remedy: str) -> Finding:
    return Finding(code=code, place=place, message=message, remedy=remedy)
