"""Reads files that a person wrote, YAML or JSON, and remembers on which line each value stands."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from services.errors import InputInvalidError, Problem

STDIN: Final = "-"
LARGEST_BYTES: Final = 1024 * 1024
"""What the gateway takes as one input (`services.runs.inputs`)."""

_MAPPING: Final[TypeAdapter[dict[str, JsonValue]]] = TypeAdapter(dict[str, JsonValue])
_Place = tuple[str, ...]


@dataclass(frozen=True)
class WrittenFile:
    """A file as read."""

    name: str
    data: dict[str, JsonValue]
    lines: dict[_Place, int] = field(default_factory=dict)
    """Line, from 1, by path into the data; empty where the text is JSON that is not YAML."""

    def locate(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """Say of problems that somebody found in the data on which line of the file each is."""
        return tuple(Problem(self._where(each.pointer), each.message) for each in problems)

    def _where(self, pointer: str) -> str:
        """Follow a JSON pointer; the receiver may have put the data under a name of its own."""
        parts = pointer.strip("/").split("/")
        given = tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)
        for start in range(len(given)):
            place = given[start:]
            if place[:1] in self.lines:
                return f"{self.name}:{self._line(place)}: {'.'.join(place)}"
        return f"{self.name}: {given[-1]}" if given[-1] else self.name

    def _line(self, place: _Place) -> int:
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]


class _PlainConstructor(SafeConstructor):
    """Reads what looks like a date as text, for JSON has no dates."""


_PlainConstructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def read_mapping(path: Path) -> WrittenFile:
    """Read one mapping from a YAML or JSON file, or from standard input when the path is `-`.

    Raises:
        InputInvalidError: it cannot be read or is something else; file and line are named.
    """
    name, text = read_text(path)
    data = _json(name, text) if path.suffix.casefold() == ".json" else _yaml(name, text)
    if not isinstance(data, dict):
        raise InputInvalidError(f"{name}: this is no mapping; write `key: value` lines")
    try:
        return WrittenFile(name, _MAPPING.validate_python(data), _lines(text))
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InputInvalidError(
            f"{name}: {place}: this value or key has no form in JSON; write it as text"
        ) from error


def read_text(path: Path) -> tuple[str, str]:
    """Read a file, or standard input when the path is `-`, with the name it has in messages.

    Raises:
        InputInvalidError: it cannot be read, is no text, or is too large.
    """
    name = "standard input" if str(path) == STDIN else str(path)
    try:
        if str(path) == STDIN:
            stored = sys.stdin.buffer.read(LARGEST_BYTES + 1)
        else:
            with path.open("rb") as file:
                stored = file.read(LARGEST_BYTES + 1)
        text = stored.decode("utf-8-sig")
    except OSError as error:
        raise InputInvalidError(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputInvalidError(f"{name} is not UTF-8 text; save it as UTF-8") from error
    if len(stored) > LARGEST_BYTES:
        raise InputInvalidError(f"{name} is over 1 MiB; that is no input of a flow")
    return name, text


def _json(name: str, text: str) -> object:
    try:
        data: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputInvalidError(f"{name}:{error.lineno}: this is not JSON: {error.msg}") from error
    return data


def _yaml(name: str, text: str) -> object:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _PlainConstructor
    try:
        data: object = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InputInvalidError(f"{name}:{line}: this is not YAML: {error.problem}") from error
    except (YAMLError, ValueError) as error:
        raise InputInvalidError(f"{name}: this is not YAML: {error}") from error
    return data


def _lines(text: str) -> dict[_Place, int]:
    lines: dict[_Place, int] = {}
    try:
        _note(YAML(typ="safe", pure=True).compose(text), (), lines)
    except YAMLError:
        return {}
    return lines


def _note(node: Node | None, place: _Place, lines: dict[_Place, int]) -> None:
    if isinstance(node, MappingNode):
        for key, child in node.value:
            inner = (*place, str(key.value))
            lines[inner] = key.start_mark.line + 1
            _note(child, inner, lines)
    elif isinstance(node, SequenceNode):
        for index, child in enumerate(node.value):
            inner = (*place, str(index))
            lines[inner] = child.start_mark.line + 1
            _note(child, inner, lines)
