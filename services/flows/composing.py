"""YAML into plain data, with the mark of every part; bounded, and without YAML's surprises."""

import math
from dataclasses import dataclass
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from services.errors import FlowInvalidError
from services.flows.source import Mark, SourceText, Span
from workflows.checking.finding import Finding, Place

MOST_PARTS: Final = 50_000
"""Keys and values of one file, what aliases repeat included; a large flow has some thousands."""

DEEPEST_LEVEL: Final = 20
"""A flow needs eight levels."""

MOST_DIGITS: Final = 30
"""Of a whole number, in whatever base; no count, no sum and no time of a flow needs so many."""

_REMEDIES: Final = (
    ("cannot start any token", "Indent with spaces, and quote text that begins with such a sign."),
    ("mapping values are not allowed", "Quote the text that holds `: `, or mend the indentation."),
    ("alias", "Quote text that begins with *, or write its anchor before it."),
    ("expected ',' or", "Close the bracket, or put a comma between the two things before it."),
    ("unexpected end of stream", "Close the quotation mark."),
    ("incompatible YAML", "Remove the line that begins with %YAML."),
    ("another document", "Keep one flow in a file: remove the line --- and what follows it."),
)
"""What to do, by words of the parser's complaint."""

_USUAL_CAUSES: Final = (
    "Look at this line and the one before it: indentation, quotation marks, brackets, commas."
)


@dataclass(frozen=True)
class Composed:
    """What a file says, as plain data."""

    source: SourceText
    data: dict[str, object]
    findings: tuple[Finding, ...]
    """What is wrong with the file and still leaves data."""


def compose(name: str, text: str) -> Composed:
    """Read YAML.

    Raises:
        FlowInvalidError: it is not YAML, no mapping, or too much of it (FO105, FO107).
    """
    source = SourceText.of(name, text)
    root = _parse(source, text)
    if not isinstance(root, MappingNode):
        message = "a flow file is a mapping, from keys to what they mean"
        line = root.start_mark.line + 1 if root else 1
        raise _shapeless(source, line, message, "Begin with `flow: name`.")
    builder = _Builder(source)
    data = builder.mapping(root, ())
    return Composed(source, data, tuple(builder.findings))


def _parse(source: SourceText, text: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _no_yaml(source, place, error.problem or "it breaks off") from error
    except ReaderError as error:
        read = SourceText.of("", text[: error.position]).rows
        message = f"the character U+{error.character:04X} cannot stand in YAML"
        raise _no_yaml(
            source, (len(read), len(read[-1]) + 1), message, "Remove the character."
        ) from error
    except YAMLError as error:
        raise _no_yaml(source, (1, 1), str(error).splitlines()[0]) from error
    except RecursionError:
        raise _too_deep(source, 1) from None
    return node


def _no_yaml(
    source: SourceText, place: tuple[int, int], problem: str, remedy: str = ""
) -> FlowInvalidError:
    line, column = place
    found = (remedy for words, remedy in _REMEDIES if words in problem)
    span = Span(column, column + 1)
    source.marks[()] = Mark(min(line, len(source.rows)), focus=span)
    return source.refusal(
        [_at((), "FO105", f"this is not YAML: {problem}", remedy or next(found, _USUAL_CAUSES))]
    )


def _shapeless(source: SourceText, line: int, message: str, remedy: str) -> FlowInvalidError:
    source.marks[()] = Mark(line)
    return source.refusal([_at((), "FO107", message, remedy)])


def _too_deep(source: SourceText, line: int) -> FlowInvalidError:
    message = f"this nests over {DEEPEST_LEVEL} levels deep; that is no flow file"
    return _shapeless(source, line, message, "Flatten it; an alias must not lead into itself.")


class _Builder:
    """Builds plain data from YAML nodes, marking each."""

    def __init__(self, source: SourceText) -> None:
        self.findings: list[Finding] = []
        self._source = source
        self._parts = 0

    def mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        """Build a mapping and what it holds.

        Raises:
            FlowInvalidError: aliases make it endless, or too much of it, or a key is no word.
        """
        self._count(node, place)
        if not place:
            self._source.marks[place] = Mark(node.start_mark.line + 1)
        self._source.marks.setdefault(place, _mark(None, node))
        data: dict[str, object] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, ScalarNode):
                line = key_node.start_mark.line + 1
                message = "a key is one word, not a list or map"
                raise _shapeless(self._source, line, message, "Quote it if it is meant as text.")
            key = str(key_node.value)
            inner = (*place, key)
            if key in data:
                self.findings.append(
                    _at(inner, "FO101", f"{key!r} stands twice", "Keep one of them.")
                )
            self._source.marks[inner] = _mark(key_node, child)
            data[key] = self._build(child, inner)
        return data

    def _build(self, node: Node, place: Place) -> object:
        if isinstance(node, MappingNode):
            return self.mapping(node, place)
        self._count(node, place)
        self._source.marks.setdefault(place, _mark(None, node))
        if isinstance(node, ScalarNode):
            return _scalar(node)
        assert isinstance(node, SequenceNode)
        return [self._build(child, (*place, index)) for index, child in enumerate(node.value)]

    def _count(self, node: Node, place: Place) -> None:
        line = node.start_mark.line + 1
        self._parts += 1
        if self._parts > MOST_PARTS:
            message = f"this file says over {MOST_PARTS} things, aliases spelt out"
            remedy = "That is no flow file; write fewer aliases of aliases."
            raise _shapeless(self._source, line, message, remedy)
        if len(place) > DEEPEST_LEVEL:
            raise _too_deep(self._source, line)


def _mark(key: ScalarNode | None, value: Node) -> Mark:
    """Mark a part by its key, where it has one, and its value."""
    begin = (key or value).start_mark
    line, start = begin.line + 1, begin.column + 1
    value_end = _end_on(value, begin.line)
    region = Span(start, value_end)
    if key is None:
        return Mark(line, focus=region if value_end > start else None, region=region)
    if isinstance(value, ScalarNode) and value.start_mark.line == begin.line:
        opening = value.start_mark.column + 1
        if value_end > opening:
            return Mark(line, focus=Span(opening, value_end), region=region)
    return Mark(line, focus=Span(start, _end_on(key, begin.line)), region=region)


_REST_OF_LINE: Final = 10_000
"""Beyond every column that is shown."""


def _end_on(node: Node, line: int) -> int:
    """Find the column after a node on a line, from 1; past the line where it goes on below."""
    if node.start_mark.line == line == node.end_mark.line:
        end: int = node.end_mark.column + 1
        return end
    return _REST_OF_LINE


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
    if len(digits) > MOST_DIGITS:
        return text
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


def _at(place: Place, code: str, message: str, remedy: str) -> Finding:
    return Finding(code=code, place=place, message=message, remedy=remedy)
