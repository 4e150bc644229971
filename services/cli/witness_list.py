"""Witnesses as numbered lists: who answers what, until a run goes wrong as a finding says."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from services.cli.output import clean
from services.errors import InputInvalidError, NotFoundError
from services.flows.telling import told_input, told_move, told_node
from workflows.checking.behaviour import UNDECIDED
from workflows.checking.finding import Severity
from workflows.checking.located import LocatedFinding
from workflows.checking.witness import Witness

if TYPE_CHECKING:
    from services.flows.examining import Examined


def print_witnesses(examined: "Sequence[Examined]", code: str) -> None:
    """Print how a run comes to go wrong, for each finding of a code.

    Raises:
        InputInvalidError: there is not exactly one file.
        NotFoundError: it has no such finding, or none that shows itself in a run.
    """
    for finding in witnessed(examined, code):
        assert finding.witness is not None
        sys.stdout.write("".join(f"{line}\n" for line in _lines(finding, finding.witness)))


def witnessed(examined: "Sequence[Examined]", code: str) -> list[LocatedFinding]:
    """Find a file's findings of a code that have a witness; raises as `print_witnesses` does."""
    if len(examined) != 1:
        raise InputInvalidError("a witness is shown of one file; name exactly one")
    [one] = examined
    found = [each for each in one.findings if each.code == code.upper()]
    if not found:
        others = ", ".join(dict.fromkeys(each.code for each in one.findings)) or "none"
        raise NotFoundError(f"{clean(one.file)} has no finding {code}; it has: {others}")
    shown = [each for each in found if each.witness]
    if not shown:
        raise NotFoundError(
            f"{clean(one.file)}: {_why_none(found[0])}, so it has no witness;"
            f" orchestra flows explain-code {code.upper()} says what it means"
        )
    return shown


def _why_none(finding: LocatedFinding) -> str:
    if finding.code == UNDECIDED:
        return f"{finding.code} says that it is undecided whether some run goes wrong"
    if finding.severity is Severity.NOTE:
        return f"{finding.code} is a note, and no run goes wrong by it"
    return f"{finding.code} is wrong as written, whatever a run does"


def _lines(finding: LocatedFinding, witness: Witness) -> Iterator[str]:
    yield clean(f"{finding.file}:{finding.line}: {finding.code} {finding.place}: {finding.message}")
    for slot, facts in witness.given.items():
        yield clean(f"       {told_input(slot, facts)}")
    for number, move in enumerate(witness.moves, start=1):
        yield clean(f"  {number:>3}. {told_move(move)}")
    if witness.repeats_from is not None:
        again = f"{witness.repeats_from + 1} to {len(witness.moves)}"
        yield f"       and {again} again, for ever"
    yield f"       then it goes wrong at {told_node(witness.at)}"
