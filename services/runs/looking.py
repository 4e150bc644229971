"""What a person sees at a gate, and what has changed since they looked last.

Looks are kept in memory under the run, the person as a hash; memory may lose them, and then no
earlier look is known. They matter to nobody but the person.
"""

import hashlib
import json
import time

from pydantic import JsonValue

from contracts.reference import Reference
from contracts.run import (
    ChangedText,
    GateLook,
    GateView,
    ShownValue,
    SinceLook,
    TextPiece,
)
from services.comparing.fields import ChangedField, changed_fields
from services.errors import ConflictError, NotFoundError
from services.memory.base import Look
from services.memory.memory import NotInMemoryError
from services.runs.open_gates import open_gate
from services.runs.runs import Runs
from workflows.gates import person


class Looking:
    """Shows the gates of one tenant's runs to people."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def look(self, run: str, gate: str, who: str = "") -> GateLook:
        """Show what a gate asks about; with a name, also what changed, and the look is kept.

        Raises:
            NotFoundError: there is no such run or gate.
            ConflictError: the gate does not wait.
        """
        told, flow = await self._runs.told(run)
        if gate not in flow.gates:
            known = ", ".join(flow.gates) or "none"
            raise NotFoundError(f"flow {flow.name} has no gate {gate!r}; it has {known}")
        waiting = open_gate(told, flow)
        if waiting is None or waiting.gate != gate:
            other = f"{waiting.gate} does" if waiting else "none of its gates does"
            raise ConflictError(
                f"gate {gate!r} of run {run!r} does not wait for a decision; {other}"
            )
        values = await self._values(run, waiting.references)
        since = await self._since(waiting, values, who) if who else None
        return GateLook(gate=waiting, values=values, since=since)

    async def has_seen(self, gate: GateView, who: str) -> bool:
        """Whether a person has looked at a gate as it is now; False where memory has lost it."""
        look = await self._last(gate, who)
        return look is not None and (look.visit, look.shown) == (gate.visit, gate.shown)

    async def _since(self, gate: GateView, values: tuple[ShownValue, ...], who: str) -> SinceLook:
        last = await self._last(gate, who)
        seen = {_place(each.reference): each.reference.digest for each in values}
        now = int(time.time() * 1000)
        look = Look(at_ms=now, visit=gate.visit, shown=gate.shown, seen=seen)
        await self._runs.memory.store.keep_look(
            self._runs.tenant, gate.run, _reader(self._runs.tenant, gate, who), look
        )
        if last is None:
            return SinceLook(known=False)
        return await self._changes(gate, values, last)

    async def _changes(
        self, gate: GateView, values: tuple[ShownValue, ...], last: Look
    ) -> SinceLook:
        changed: list[ChangedText] = []
        lost: list[str] = []
        for each in values:
            place = _place(each.reference)
            before = last.seen.get(place)
            if before in (None, each.reference.digest):
                continue
            assert before is not None
            stored = await self._stored(gate.run, before)
            if stored is None:
                lost.append(place)
                continue
            differing = changed_fields(json.loads(stored), each.value)
            changed += [_told(place, field) for field in differing]
        places = [_place(each.reference) for each in values]
        return SinceLook(
            known=True,
            at_ms=last.at_ms,
            changes=tuple(changed),
            new=tuple(each for each in places if each not in last.seen),
            gone=tuple(each for each in last.seen if each not in places),
            lost=tuple(lost),
        )

    async def _stored(self, run: str, digest: str) -> bytes | None:
        """Fetch what was shown before; None when it is nowhere any more."""
        try:
            found, _ = await self._runs.memory.read(self._runs.tenant, run, [digest])
        except NotInMemoryError:
            return None
        return found[digest]

    async def _values(self, run: str, references: tuple[Reference, ...]) -> tuple[ShownValue, ...]:
        digests = [each.digest for each in references]
        stored, _ = await self._runs.memory.read(self._runs.tenant, run, digests)

        def value(reference: Reference) -> JsonValue:
            read: JsonValue = json.loads(stored[reference.digest])
            return read

        return tuple(ShownValue(reference=each, value=value(each)) for each in references)

    async def _last(self, gate: GateView, who: str) -> Look | None:
        tenant = self._runs.tenant
        return await self._runs.memory.store.look(tenant, gate.run, _reader(tenant, gate, who))


def _place(reference: Reference) -> str:
    return f"{reference.slot}/{reference.item}" if reference.item else reference.slot


def _reader(tenant: str, gate: GateView, who: str) -> str:
    """Name a person at a gate without their name."""
    text = f"{tenant}\n{gate.run}\n{person(who)}"
    return f"{gate.gate}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _told(place: str, field: ChangedField) -> ChangedText:
    pieces = tuple(TextPiece(change=each.change.value, text=each.text) for each in field.pieces)
    return ChangedText(value=place, path=field.path, pieces=pieces)
