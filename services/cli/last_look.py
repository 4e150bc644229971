"""Writes what changed at a gate since a person looked last: words [-removed-] and {+added+}."""

import textwrap
from collections.abc import Sequence
from typing import Final

from contracts.run import ChangedText, SinceLook, TextPiece
from services.cli.lines import moment
from services.cli.output import WIDTH, clean

CONTEXT_WORDS: Final = 8
"""Words that are kept are shown so far around a change."""


def since_last_look(since: SinceLook) -> list[str]:
    """Write it for a person to read from top to bottom."""
    if not since.known:
        return ["no earlier look of yours is known: this is all new to you", ""]
    told = [f"since you looked on {moment(since.at_ms)}:"]
    told += [row for change in since.changes for row in _change(change)]
    told += [f"  {name} was not shown then" for name in since.new]
    told += [f"  {name} is no longer shown" for name in since.gone]
    told += [f"  {name} has changed; what it was is lost" for name in since.lost]
    return [*(told if len(told) > 1 else [f"{told[0]} nothing has changed"]), ""]


def _change(change: ChangedText) -> list[str]:
    text = "".join(_piece(each, change.pieces) for each in change.pieces)
    return textwrap.wrap(
        f"{change.value} {change.path}: {clean(text)}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
    )


def _piece(piece: TextPiece, pieces: Sequence[TextPiece]) -> str:
    match piece.change:
        case "added":
            return f"{{+{piece.text}+}}"
        case "removed":
            return f"[-{piece.text}-]"
        case _:
            return _shortened(piece.text, piece is pieces[0], piece is pieces[-1])


def _shortened(text: str, is_first: bool, is_last: bool) -> str:
    """Leave out the middle of a long text that was kept, or its end away from the change."""
    words = text.split(" ")
    if len(words) <= 2 * CONTEXT_WORDS:
        return text
    before = [] if is_first else words[:CONTEXT_WORDS]
    after = [] if is_last else words[-CONTEXT_WORDS:]
    return " ".join([*before, "…", *after])
