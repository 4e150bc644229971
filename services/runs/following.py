"""A run as it happens: what is known now, then every event once, through losses of memory.

Knows nothing of HTTP; `services.gateway.sse` writes what comes out of here as an event stream.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from contracts.base import Part
from contracts.event import Event, EventKind
from contracts.run import GateView, RunStatus, RunView, StepStatus, StepView
from services.errors import FlowError, StorageError, UnavailableError
from services.memory.base import StreamEvent
from services.runs.history import Told
from services.runs.runs import Runs

SLICE_SECONDS: Final = 1.0
"""How long one wait for events lasts; after each a reader may stop or say that it is there."""

NO_SECONDS: Final = 0.001
"""The shortest wait there is: 0 means for ever to some stores."""

PATIENCE_SECONDS: Final = 5.0
"""How much longer than it should a wait may take before memory counts as gone."""

LOOK_SECONDS: Final = 15.0
"""How often a silent run is looked at: it may have ended, or its memory begun another life."""

START: Final = "0-0"
"""Before the first event of a stream."""

ENDED: Final = "end"
"""Takes the place of a stream id in the id of the end."""

_OF_THE_WORK: Final = frozenset(
    {
        EventKind.ATTEMPT_STARTED,
        EventKind.ATTEMPT_FAILED,
        EventKind.ANSWER_REJECTED,
        EventKind.MEMORY_RESTORED,
        EventKind.TEXT,
        EventKind.PRODUCED,
    }
)
"""What activities tell while they work; they carry the number of the start they belong to."""

_STREAM_ID: Final = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")
_AT_WORK: Final = frozenset({StepStatus.RUNNING, StepStatus.WAITING})


class Snapshot(Part):
    """A run as it stands: whoever follows it begins with this and drops what was known before."""

    run: RunView
    steps: tuple[StepView, ...]
    gate: GateView | None = None
    """The gate that waits for a person, if one does."""


@dataclass(frozen=True)
class Happened:
    """One event that the snapshot does not tell of."""

    id: str
    """`{epoch}.{stream id}`; following can be taken up again after it."""

    event: Event


@dataclass(frozen=True)
class Quiet:
    """Nothing has happened for a moment."""


@dataclass(frozen=True)
class Interrupted:
    """A part does not answer. Following goes on, and a snapshot comes where events were missed."""

    error: FlowError


@dataclass(frozen=True)
class Ended:
    """The run has ended; nothing follows."""

    id: str
    status: RunStatus


Item = Snapshot | Happened | Quiet | Interrupted | Ended


class EventPage(Part):
    """Events of a run as memory keeps them, oldest first."""

    events: tuple[StreamEvent, ...]
    """The id is empty for what memory has lost and history still tells."""

    cursor: str
    """Where the next page begins. It can be given as `Last-Event-ID` as well."""


class Following:
    """Follows one run for one reader."""

    def __init__(
        self,
        runs: Runs,
        run: str,
        last_id: str = "",
        *,
        slice_seconds: float = SLICE_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            runs: where the run is.
            run: which run; whether it exists shows when it is read.
            last_id: the id of the last event the reader has; empty or of another life of memory
                means that it begins with a snapshot.
            slice_seconds: how long one wait for events lasts.
            look_seconds: how often a silent run is looked at.
        """
        self._runs = runs
        self._store = runs.memory.store
        self._run = run
        self._last_id = last_id
        self._slice_seconds = slice_seconds
        self._look_seconds = look_seconds
        self._looked_at = float("-inf")
        self._epoch = ""
        self._after = START
        self._seen: set[str] = set()
        self._told: frozenset[int] = frozenset()
        self._finished: frozenset[int] = frozenset()
        self._has_snapshot = False
        self._is_interrupted = False
        self._has_ended = False
        self._status: RunStatus | None = None
        """How the run ended, once the reader has been told."""

    async def items(self) -> AsyncGenerator[Item, None]:
        """Give everything in order until the run has ended.

        Raises:
            NotFoundError: there is no such run.
        """
        while self._status is None:
            try:
                if not self._epoch:
                    if snapshot := await self._attach():
                        yield snapshot
                    continue
                await self._look_when_due()
                fresh = await self._next() if self._epoch else ()
                for each in fresh:
                    yield self._happened(each)
                if not fresh:
                    # Memory may have lost how the run ended, which history tells in any case.
                    yield await self._snapshot() if self._has_ended else Quiet()
            except (UnavailableError, StorageError) as error:
                for item in await self._interrupt(error):
                    yield item
                if self._status is None:
                    await asyncio.sleep(self._slice_seconds)
        yield Ended(f"{self._epoch}.{ENDED}", self._status)

    async def _attach(self) -> Snapshot | None:
        """Find the place in memory's stream; where the reader missed something, tell it anew."""
        epoch = await self._store.epoch(self._runs.tenant)
        snapshot = None if await self._resume(epoch) else await self._snapshot()
        self._epoch = epoch
        self._is_interrupted = False
        self._looked_at = float("-inf")
        return snapshot

    async def _resume(self, epoch: str) -> bool:
        """Find the last event that the reader has; all before it counts as seen."""
        wanted, _, last = self._last_id.rpartition(".")
        if wanted != epoch:
            return False
        after, seen = START, set[str]()
        while found := await self._store.events(self._runs.tenant, self._run, after):
            for each in found:
                seen.add(each.event.identity())
                if each.id == last:
                    self._seen |= seen
                    self._after = last
                    self._happened(each)
                    return True
            after = found[-1].id
        return False

    async def _snapshot(self) -> Snapshot:
        """Tell the run from its history; memory's stream is read from its start afterwards."""
        present = await self._runs.present(self._run)
        self._told = present.told
        self._finished = frozenset(
            step.seq for step in present.steps if step.status not in _AT_WORK
        )
        self._has_snapshot = True
        self._last_id, self._after = "", START
        if present.run.status.is_final:
            self._status = present.run.status
        return Snapshot(run=present.run, steps=present.steps, gate=present.gate)

    async def _next(self) -> Sequence[StreamEvent]:
        """Wait a moment for events and leave out what the reader knows."""
        seconds = NO_SECONDS if self._has_ended else self._slice_seconds
        found = await self._wait(seconds)
        while found:
            self._after = found[-1].id
            if fresh := [each for each in found if self._is_news(each.event)]:
                return fresh
            found = await self._store.events(self._runs.tenant, self._run, self._after)
        return ()

    async def _wait(self, seconds: float) -> Sequence[StreamEvent]:
        """Wait for events, but not for ever on a server that vanished without a word."""
        try:
            async with asyncio.timeout(seconds + PATIENCE_SECONDS):
                return await self._store.wait_for_events(
                    self._runs.tenant, self._run, self._after, seconds
                )
        except TimeoutError as error:
            raise UnavailableError("memory does not answer; check that the server runs") from error

    def _is_news(self, event: Event) -> bool:
        identity = event.identity()
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return event.seq not in (self._finished if event.kind in _OF_THE_WORK else self._told)

    def _happened(self, each: StreamEvent) -> Happened:
        """Note what the reader is told, or was told before the stream was cut."""
        if each.event.kind is EventKind.RUN_ENDED:
            self._status = RunStatus(each.event.outcome)
        return Happened(f"{self._epoch}.{each.id}", each.event)

    async def _look_when_due(self) -> None:
        """See whether memory began another life, or the run has ended without saying so."""
        if time.monotonic() - self._looked_at < self._look_seconds:
            return
        self._looked_at = time.monotonic()
        if self._epoch and await self._store.epoch(self._runs.tenant) != self._epoch:
            self._epoch = self._last_id = ""
        # A silent Temporal server is no reason to hold events back; the next look may tell.
        with suppress(UnavailableError, TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._has_ended = (await self._runs.summary(self._run)).status.is_final

    async def _interrupt(self, error: FlowError) -> Sequence[Item]:
        """Tell from history what it can tell, and once that a part does not answer."""
        if self._epoch:
            self._last_id, self._epoch = f"{self._epoch}.{self._after}", ""
        items: list[Item] = []
        try:
            if self._has_snapshot:
                await self._look_when_due()
            if self._has_ended or not self._has_snapshot:
                items.append(await self._snapshot())
        except (UnavailableError, StorageError) as second:
            error = second
        if self._status is None:
            items.append(Quiet() if self._is_interrupted else Interrupted(error))
        self._is_interrupted = True
        return items


async def page(runs: Runs, run: str, after: str, limit: int) -> EventPage:
    """Read one page of a run's events.

    `after` is a cursor; one of another life of memory begins from the start again. The first page
    also has the transitions that memory has lost and the run's history still tells.

    Raises:
        NotFoundError: there is no such run.
        UnavailableError: memory or Temporal does not answer.
    """
    told, _ = await runs.told(run)
    epoch = await runs.memory.store.epoch(runs.tenant)
    wanted, _, last = after.rpartition(".")
    is_first = wanted != epoch or not _STREAM_ID.fullmatch(last)
    start = START if is_first else last
    found = await runs.memory.store.events(runs.tenant, run, start, limit)
    lost = _before(found, told) if is_first else []
    return EventPage(events=(*lost, *found), cursor=f"{epoch}.{found[-1].id if found else start}")


def _before(found: Sequence[StreamEvent], told: Told) -> list[StreamEvent]:
    """List the transitions that history tells and that come before all that memory has."""
    first = min((each.event.seq + (each.event.kind in _OF_THE_WORK) for each in found), default=0)
    return [
        StreamEvent(id="", event=event)
        for event in told.ordered()
        if not found or event.seq < first
    ]
