"""Compares two runs: what each slot holds, word by word, and by which flow it came about."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from contracts.compiled import CompiledFlow
from contracts.difference import DiffPiece, FieldDiff, RunDiff, RunSide, SlotDiff
from contracts.reference import Digest, Reference
from contracts.run import SlotView
from services.comparing.fields import changed_fields
from services.comparing.words import Piece
from services.memory.memory import Memory, NotInMemoryError
from services.runs import view
from services.runs.history import Told
from services.runs.runs import Runs

Versions = Literal["final", "all"]
"""Which values of each slot are compared: the last ones, or each with the one of its number."""


@dataclass(frozen=True)
class _Side:
    told: Told
    flow: CompiledFlow
    shown: RunSide
    slots: Mapping[str, SlotView]


@dataclass(frozen=True)
class _Pair:
    """What stands side by side: a value, or nothing, in each run."""

    a: Reference | None
    b: Reference | None


async def run_diff(runs: Runs, a: str, b: str, versions: Versions = "final") -> RunDiff:
    """Compare two runs of whatever flows.

    Raises:
        NotFoundError: there is no such run.
        NotInMemoryError: a value that differs is nowhere to be found.
        UnavailableError: memory or Temporal does not answer.
    """
    first, second = await _side(runs, a), await _side(runs, b)
    names = dict.fromkeys((*first.slots, *second.slots))
    pairs = [
        pair
        for name in names
        for pair in _pairs(first.slots.get(name), second.slots.get(name), versions)
    ]
    differing = [each for each in pairs if each.a and each.b and each.a.digest != each.b.digest]
    texts = await _read(runs.memory, runs.tenant, first, [each.a for each in differing if each.a])
    texts |= await _read(runs.memory, runs.tenant, second, [each.b for each in differing if each.b])
    flow = changed_fields(_pinned(first.flow), _pinned(second.flow))
    return RunDiff(
        a=first.shown,
        b=second.shown,
        flow=tuple(FieldDiff(path=each.path, pieces=_told(each.pieces)) for each in flow),
        slots=tuple(_slot_diff(each, texts) for each in pairs),
    )


async def _side(runs: Runs, run: str) -> _Side:
    present = await runs.present(run)
    told, flow = await runs.told(run)
    shown = RunSide(
        id=run,
        flow=flow.name,
        flow_version=flow.version,
        status=present.run.status,
        of=present.run.of,
        spent=present.run.spent,
    )
    held = {each.slot: each for each in view.slots(told, flow) if each.versions}
    return _Side(told, flow, shown, held)


def _pairs(a: SlotView | None, b: SlotView | None, versions: Versions) -> Iterable[_Pair]:
    """Put side by side what stands for the same thing; the items of a list by their key."""
    mine, others = _by_key(a, versions), _by_key(b, versions)
    for key in dict.fromkeys((*mine, *others)):
        yield _Pair(mine.get(key), others.get(key))


def _by_key(slot: SlotView | None, versions: Versions) -> dict[tuple[int, str], Reference]:
    if slot is None:
        return {}
    last = slot.versions[-1].ordinal
    if versions == "final":
        return {(0, each.item): each for each in slot.versions if each.ordinal == last}
    return {(each.ordinal, each.item): each for each in slot.versions}


async def _read(
    memory: Memory, tenant: str, side: _Side, held: Sequence[Reference]
) -> dict[Digest, bytes]:
    digests = [each.digest for each in held]
    found = await memory.look_up(tenant, side.shown.id, digests)
    if lost := [digest for digest in digests if digest not in found]:
        raise NotInMemoryError(lost)
    return found


def _slot_diff(pair: _Pair, texts: Mapping[Digest, bytes]) -> SlotDiff:
    known = pair.a or pair.b
    assert known is not None
    return SlotDiff(
        slot=known.slot,
        item=known.item,
        state=_state(pair),
        a=pair.a.version if pair.a else "",
        b=pair.b.version if pair.b else "",
        fields=_fields(pair, texts),
    )


def _state(pair: _Pair) -> Literal["same", "changed", "only_a", "only_b"]:
    if pair.a is None:
        return "only_b"
    if pair.b is None:
        return "only_a"
    return "same" if pair.a.digest == pair.b.digest else "changed"


def _fields(pair: _Pair, texts: Mapping[Digest, bytes]) -> tuple[FieldDiff, ...]:
    if pair.a is None or pair.b is None or pair.a.digest == pair.b.digest:
        return ()
    before: JsonValue = json.loads(texts[pair.a.digest])
    after: JsonValue = json.loads(texts[pair.b.digest])
    return tuple(
        FieldDiff(path=each.path, pieces=_told(each.pieces))
        for each in changed_fields(before, after)
    )


def _told(pieces: Iterable[Piece]) -> tuple[DiffPiece, ...]:
    return tuple(DiffPiece(change=each.change.value, text=each.text) for each in pieces)


def _pinned(flow: CompiledFlow) -> JsonValue:
    """What of a flow decides how a run goes, as far as people change it from run to run."""
    agents: dict[str, JsonValue] = {
        name: {
            "version": agent.version,
            "model": agent.model.name if agent.model else None,
            "prompts": dict(agent.prompts),
        }
        for name, agent in flow.agents.items()
    }
    return {"flow": flow.name, "version": flow.version, "agents": agents}
