"""Findings and witnesses in words, as a compiler prints them."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from contracts.reference import FactValue
from workflows.checking.finding import Severity
from workflows.checking.located import LocatedFinding
from workflows.checking.witness import (
    Answered,
    Decided,
    Expired,
    FactsGiven,
    Failed,
    Handled,
    Move,
    Witness,
)

_MARGIN: Final = " " * 4
_GUTTER: Final = 4
"""Digits of a line number; a flow file rarely has more lines."""


def tell(finding: LocatedFinding) -> str:
    """Write a finding: where, what, the line with a caret, the remedy, the way there."""
    return "\n".join((_headline(finding), *_shown(finding), *_below(finding)))


def _one_line(text: str) -> str:
    """Write a name or sentence on one line: a file's name may have line ends in it."""
    return " ".join(text.splitlines())


def told_input(slot: str, facts: FactsGiven) -> str:
    """Write what a run is started with."""
    return f"{slot} is given{_with(facts)}"


def told_move(move: Move) -> str:
    """Write who answers what, in a few words."""
    match move:
        case Answered():
            return f"{move.node} answers{_with(move.facts, ' ')}"
        case Failed():
            return f"{move.node} fails: {move.failure.value}"
        case Decided():
            edited = _with(move.edited or {}, ", edited to ")
            return f"somebody decides {move.verdict} at {move.node}{_with(move.facts)}{edited}"
        case Handled():
            to = f" to {move.to}" if move.to else ""
            return f"somebody answers {move.action}{to} at {told_node(move.node)}"
        case Expired():
            return f"nobody decides at {told_node(move.node)} in time"


def told_node(node: str) -> str:
    """Write a node of the graph: `help@research` is the gate `help`, asked about `research`."""
    gate, _, failed = node.partition("@")
    return f"{gate} about {failed}" if failed else gate


def told_facts(facts: FactsGiven) -> str:
    """Write facts as `verdict = 'accept', len(items) = 0`."""
    return ", ".join(f"{path} = {_told_value(value)}" for path, value in facts.items())


def _headline(finding: LocatedFinding) -> str:
    file = _one_line(finding.file)
    where = file if finding.line is None else f"{file}:{finding.line}"
    note = "note " if finding.severity is Severity.NOTE else ""
    return f"{where}: {note}{finding.code} {finding.place}: {_one_line(finding.message)}"


def _shown(finding: LocatedFinding) -> Iterator[str]:
    if not finding.shown:
        return
    yield f"{_MARGIN}{finding.line:>{_GUTTER}} | {finding.shown}"
    if finding.column and finding.end_column and finding.column <= len(finding.shown):
        before = finding.shown[: finding.column - 1]
        meant = finding.shown[finding.column - 1 : finding.end_column - 1]
        carets = "^" * max(1, sum(map(_cells, meant)))
        yield f"{_MARGIN}{'':>{_GUTTER}} | {''.join(map(_blank, before))}{carets}"


def _below(finding: LocatedFinding) -> Iterator[str]:
    yield f"{_MARGIN}remedy: {finding.remedy}"
    if finding.path:
        yield f"{_MARGIN}path: {' → '.join(map(told_node, finding.path))}"
    witness = finding.witness
    if witness is None:
        return
    choices = list(_choices(witness))
    again = "" if witness.repeats_from is None else ", again and again"
    when = "when" if choices else "whatever is answered"
    yield f"{_MARGIN}witness: it goes wrong at {told_node(witness.at)}{again}, {when}"
    yield from (f"{_MARGIN}  {line}" for line in choices)


def _choices(witness: Witness) -> Iterator[str]:
    """Tell the moves that could have been others; that a step answers is no news."""
    for slot in witness.without:
        yield f"memory has nothing for {slot}"
    for slot, facts in witness.given.items():
        yield told_input(slot, facts)
    for move in witness.moves:
        if not isinstance(move, Answered) or move.facts:
            yield told_move(move)


def _with(facts: FactsGiven, before: str = " with ") -> str:
    return f"{before}{told_facts(facts)}" if facts else ""


def _told_value(value: FactValue) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}'"
        case tuple():
            return f"[{', '.join(map(_told_value, value))}]"
        case _:
            return str(value)


def _cells(character: str) -> int:
    """Count the cells that a character takes on a terminal."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _blank(character: str) -> str:
    return character if character == "\t" else " " * _cells(character)
