"""A rehearsal in words: what the terminal and the page say alike."""

from collections.abc import Sequence

from services.rehearsal.faults import Port
from services.rehearsal.judge import Garbage
from services.rehearsal.report import Rehearsal, Row


def summary(rehearsal: Rehearsal) -> list[str]:
    """Say in a few sentences what was found."""
    rows = rehearsal.rows
    steps = len({row.step for row in rows})
    lines = [
        f"{len(rows)} faults at {steps} steps and gates of {rehearsal.flow}, seed"
        f" {rehearsal.seed}, in {rehearsal.seconds:.0f} s: {_ends(rows)}.",
        f"Garbage passed that code can tell: {len(rehearsal.silent)} of"
        f" {len(rows) - rehearsal.beyond_code}. That only a judge can tell:"
        f" {len(rehearsal.unrecognised)} of {rehearsal.beyond_code}.",
    ]
    if approved := sum(row.garbage is Garbage.APPROVED for row in rows):
        lines.append(f"Shown to an editor, who approves everything here: {approved}.")
    if rehearsal.unrehearsed:
        places = ", ".join(dict.fromkeys(row.step for row in rehearsal.unrehearsed))
        lines.append(f"Not rehearsed: {len(rehearsal.unrehearsed)} lines, at {places}.")
    if rehearsal.endless:
        lines.append(f"Runs that did not end: {len(rehearsal.endless)}.")
    return lines


def _ends(rows: Sequence[Row]) -> str:
    ended = [row.outcome for row in rows if row.rehearsed]
    counted = {outcome: ended.count(outcome) for outcome in dict.fromkeys(sorted(ended))}
    return ", ".join(f"{count} {outcome}" for outcome, count in counted.items())


def did(row: Row) -> str:
    """Say what a run did about a fault."""
    if not row.rehearsed:
        return "not rehearsed"
    return ", ".join(row.did) or "went on"


def calls(row: Row) -> str:
    """Count model calls, and against the undisturbed run."""
    if not row.rehearsed:
        return ""
    return f"{row.calls} ({row.further_calls:+})" if row.further_calls else f"{row.calls}"


def garbage(row: Row) -> str:
    """Say whether garbage passed, and which."""
    if not row.rehearsed:
        return row.why
    told = {Garbage.NONE: "", Garbage.PASSED: "PASSED", Garbage.APPROVED: "approved"}[row.garbage]
    return f"{told}: {row.why}" if told else ""


def remark(row: Row) -> str:
    """Say in one line what somebody has to look at."""
    told = garbage(row) or "the run did not end"
    return f"{row.step}, {row.fault} ({mode(row)}): {told}"


def mode(row: Row) -> str:
    """Name the failure mode, with a mark where no code can tell the fault."""
    return row.mode if row.recognisable else f"{row.mode}*"


def where(rows: Sequence[Row]) -> str:
    """Say along which ways a step was rehearsed, and which of its items is struck."""
    named = list(dict.fromkeys(row.way for row in rows if row.way))
    items = list(dict.fromkeys(row.item for row in rows if row.item))
    is_gate = any(row.port == Port.GATE.value for row in rows)
    parts = ["a gate" if is_gate else "a step"]
    if named:
        parts.append(f"along: {'; '.join(named)}")
    if items:
        parts.append(f"struck: item {', '.join(items)}")
    return "; ".join(parts)
