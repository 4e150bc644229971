"""Writes how two runs differ, for a terminal in colour and for a pipe in marks."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from contracts.difference import DiffPiece, FieldDiff, RunDiff, RunSide, SlotDiff
from services.cli.lines import spent_in_all
from services.cli.output import clean
from services.cli.tables import origin, pairs, table

CONTEXT_WORDS: Final = 8
"""Words that both have are shown so far around a change."""

_STYLES: Final = {"removed": "red", "added": "green"}
_MARKS: Final = {"removed": ("[-", "-]"), "added": ("{+", "+}")}
_STATES: Final = {
    "same": "same",
    "changed": "changed",
    "only_a": "only in A",
    "only_b": "only in B",
}


def run_difference(found: RunDiff) -> Iterator[RenderableType]:
    """Write both runs, then what is the same, then each difference."""
    yield pairs([("A", _side(found.a)), ("B", _side(found.b)), *_costs(found)])
    yield ""
    yield _overview(found.slots)
    if found.flow:
        yield from ("", Text("flow", style="bold"))
        yield from _fields(found.flow)
    for slot in found.slots:
        if slot.fields:
            yield from ("", Text(_title(slot), style="bold"))
            yield from _fields(slot.fields)


def _side(side: RunSide) -> str:
    of = f", {origin(side.of)}" if side.of else ""
    return f"{side.id}  {side.flow}@{side.flow_version}  {side.status}{of}"


def _costs(found: RunDiff) -> list[tuple[str, str]]:
    return [("A spent", spent_in_all(found.a.spent)), ("B spent", spent_in_all(found.b.spent))]


def _overview(slots: Iterable[SlotDiff]) -> RenderableType:
    made = table("VALUE", "A", "B", "")
    for each in slots:
        name = f"{each.slot}/{each.item}" if each.item else each.slot
        fields = f", {len(each.fields)} field(s)" if each.fields else ""
        made.add_row(clean(name), each.a, each.b, f"{_STATES[each.state]}{fields}")
    return made


def _title(slot: SlotDiff) -> str:
    item = f"/{slot.item}" if slot.item else ""
    return clean(f"{slot.a}{item} → {slot.b}{item}")


def _fields(fields: Iterable[FieldDiff]) -> Iterator[RenderableType]:
    for each in fields:
        text = Text(f"{clean(each.path)}: ", style="dim")
        for number, piece in enumerate(each.pieces):
            is_last = number == len(each.pieces) - 1
            text.append_text(_piece(piece, is_first=number == 0, is_last=is_last))
        yield Padding(text, (0, 0, 0, 2))


def _piece(piece: DiffPiece, *, is_first: bool, is_last: bool) -> Text:
    text = clean(piece.text)
    if piece.change == "kept":
        return Text(_shortened(text, is_first=is_first, is_last=is_last), style="not dim")
    before, after = _MARKS[piece.change]
    return Text(f"{before}{text}{after}", style=f"not dim {_STYLES[piece.change]}")


def _shortened(text: str, *, is_first: bool, is_last: bool) -> str:
    """Leave out the middle of a long text that both have, or its end away from a change."""
    words = text.split(" ")
    if len(words) <= 2 * CONTEXT_WORDS:
        return text
    before = [] if is_first else words[:CONTEXT_WORDS]
    after = [] if is_last else words[-CONTEXT_WORDS:]
    return " ".join([*before, "…", *after])
