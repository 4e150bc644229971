"""What a run holds: every value its history tells of, and which of them it still depends on."""

from collections.abc import Iterator
from typing import Final

from contracts.base import Part
from contracts.compiled import CompiledFlow
from contracts.reference import Digest, Reference, Value
from services.runs import view
from services.runs.history import Told

FLOW: Final = "compiled flow"


class Holding(Part):
    """One value of a run."""

    name: str
    """`draft:2`, `section:1/intro`, or what it is where it is in no slot."""

    digest: Digest
    size: int
    slot: str = ""
    made_by: str = ""
    """The step or gate that made it, `input`, or empty for the compiled flow."""

    visit: int = 0
    made_from: tuple[str, ...] = ()
    """Versions, as `slot:ordinal`."""

    is_needed: bool = True
    """Whether the run may still read it; an older value of a slot can only be looked at."""


def holdings(told: Told, flow: CompiledFlow) -> tuple[Holding, ...]:
    """List what a run holds: its flow, its slots, and what is on the way into them."""
    carried = told.start.flow
    in_slots = tuple(_in_slots(told, flow))
    known = {each.digest for each in in_slots}
    coming = (each for each in (*_results(told, flow), *_decided(told)) if each.digest not in known)
    return (
        Holding(name=FLOW, digest=carried.digest, size=carried.size),
        *in_slots,
        *{each.digest: each for each in coming}.values(),
    )


def _in_slots(told: Told, flow: CompiledFlow) -> Iterator[Holding]:
    for slot in view.slots(told, flow):
        ordinals = sorted({held.ordinal for held in slot.versions})
        # Of a fan-out under way the items are kept beside the list that they will replace.
        needed = set(ordinals[-2:] if flow.list_slot(slot.slot) else ordinals[-1:])
        for held in slot.versions:
            yield _holding(held, is_needed=held.ordinal in needed)


def _holding(held: Reference, *, is_needed: bool) -> Holding:
    return Holding(
        name=f"{held.version}/{held.item}" if held.item else held.version,
        digest=held.digest,
        size=held.size,
        slot=held.slot,
        made_by=held.produced_by,
        visit=held.visit,
        made_from=held.made_from,
        is_needed=is_needed,
    )


def _results(told: Told, flow: CompiledFlow) -> Iterator[Holding]:
    """List what activities have returned and the interpreter has not told of yet."""
    for seq, result in told.results.items():
        started = told.events.get(seq)
        if started is not None and started.step in flow.steps:
            slot = flow.steps[started.step].writes
            item = f"/{started.item}" if started.item else ""
            name = f"{slot}{item} (just made)"
            yield _coming(result.value, name, slot, started.step, started.visit)


def _decided(told: Told) -> Iterator[Holding]:
    """List what people have sent and the interpreter has not told of yet."""
    for sent in told.decisions:
        values = {"decision": sent.decision, "edit": sent.edited, "supplied value": sent.supplied}
        for what, value in values.items():
            if value is not None:
                yield _coming(value, f"{what} at {sent.gate}", "", sent.gate, sent.visit)


def _coming(value: Value, name: str, slot: str, made_by: str, visit: int) -> Holding:
    return Holding(
        name=name,
        digest=value.digest,
        size=value.size,
        slot=slot,
        made_by=made_by,
        visit=visit,
    )
