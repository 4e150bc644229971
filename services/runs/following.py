"""A run as it happens: what is known now, then every event once, through losses of memory.

Knows nothing of HTTP; `services.gateway.sse` writes what comes out of here as an event stream.
"""

import asyncio
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
from services.memory.stream_order import OF_THE_WORK, numbers, place_of
from services.runs.history import Told
from services.runs.marks import START, Mark, dense_up_to, read_mark, write_mark
from services.runs.rebuilding import rebuild_events, stream_of
from services.runs.runs import Runs

SLICE_SECONDS: Final = 1.0
"""How long one wait for events lasts; after each a reader may stop or say that it is there."""

NO_SECONDS: Final = 0.001
"""The shortest wait there is: 0 means for ever to some stores."""

PATIENCE_SECONDS: Final = 5.0
"""How much longer than it should a wait may take before memory counts as gone."""

LOOK_SECONDS: Final = 15.0
"""How often a silent run is looked at: it may have ended, or its memory begun another life."""

GAP_SECONDS: Final = 1.0
"""How long a number may be lacking: steps at work at once write out of turn."""

ENDED: Final = "end"
"""Takes the place of a stream id in the id of the end."""

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
    """A mark; following can be taken up again after it."""

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
            last_id: the id of the last event the reader has; empty or unknown means that it
                begins with a snapshot.
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
        self._position = START
        """The furthest place in the stream of what the reader has."""

        self._seen: set[str] = set()
        self._told: set[int] = set()
        """Numbers of the transitions that the reader has."""

        self._gap_since: float | None = None
        self._must_rebuild = False
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
                    # The same event may be there twice.
                    if self._is_news(each.event):
                        yield self._happened(each)
                self._rebuild_when_lacking()
                if not fresh and self._epoch:
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
        """Go on where the reader is, by its place or, where memory lost that, by numbers."""
        mark = read_mark(self._last_id)
        if mark is None:
            return False
        kept: Sequence[StreamEvent]
        kept = await stream_of(self._store, self._runs.tenant, self._run)
        if self._must_rebuild or not mark.is_in(epoch, kept):
            rebuilt = await self._rebuilt(mark)
            if rebuilt is None:
                return False
            kept = rebuilt
        self._take_up(mark, epoch, kept)
        return True

    async def _rebuilt(self, mark: Mark) -> Sequence[StreamEvent] | None:
        """Bring the stream up to history; none where the reader has to be told anew."""
        self._must_rebuild = False
        if mark.told is None:
            return None
        return await rebuild_events(self._runs, self._run)

    def _take_up(self, mark: Mark, epoch: str, kept: Sequence[StreamEvent]) -> None:
        """Count as seen what the reader has; the stream is read from its start for all else."""
        before = [each for each in kept if mark.has(epoch, each)]
        self._seen |= {each.event.identity() for each in before}
        self._told |= numbers(before) if mark.told is None else mark.told
        self._after = START
        self._position = mark.position if mark.is_in(epoch, kept) else START
        for each in kept:
            if each.event.kind is EventKind.RUN_ENDED and each.event.seq in self._told:
                self._status = RunStatus(each.event.outcome)

    async def _snapshot(self) -> Snapshot:
        """Tell the run from its history; memory's stream is read from its start afterwards."""
        present = await self._runs.present(self._run)
        self._told = set(present.told)
        self._finished = frozenset(
            step.seq for step in present.steps if step.status not in _AT_WORK
        )
        self._has_snapshot = True
        self._last_id, self._after, self._position = "", START, START
        if present.run.status.is_final:
            self._status = present.run.status
        return Snapshot(run=present.run, steps=present.steps, gate=present.gate)

    async def _next(self) -> Sequence[StreamEvent]:
        """Wait a moment for events and leave out what the reader knows."""
        seconds = NO_SECONDS if self._has_ended else self._slice_seconds
        found = await self._wait(seconds)
        while found:
            if fresh := [each for each in found if self._is_news(each.event)]:
                if self._leaves_gap(fresh) and await self._is_other_life():
                    return ()
                self._after = found[-1].id
                return fresh
            self._after = found[-1].id
            found = await self._store.events(self._runs.tenant, self._run, self._after)
        return ()

    def _leaves_gap(self, fresh: Sequence[StreamEvent]) -> bool:
        told = self._told | numbers(fresh)
        return dense_up_to(told) < max(told, default=0)

    async def _is_other_life(self) -> bool:
        """Notice that memory was wiped, before anything is told out of turn."""
        if await self._store.epoch(self._runs.tenant) == self._epoch:
            return False
        self._detach()
        return True

    def _detach(self) -> None:
        """Let the next step of following find the reader's place anew."""
        self._last_id = write_mark(self._epoch, self._position, self._told)
        self._epoch = ""

    def _rebuild_when_lacking(self) -> None:
        """Have a number that stays away looked up in history; the stream has lost it."""
        now = time.monotonic()
        if not self._epoch or not self._leaves_gap(()):
            self._gap_since = None
        elif self._gap_since is None:
            self._gap_since = now
        elif now - self._gap_since > GAP_SECONDS:
            # History may lack it as well, until the next step carries it there.
            self._gap_since = now + self._look_seconds
            self._must_rebuild = True
            self._detach()

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
        if event.kind in OF_THE_WORK:
            return event.identity() not in self._seen and event.seq not in self._finished
        return event.seq not in self._told

    def _happened(self, each: StreamEvent) -> Happened:
        """Note what the reader is told."""
        if each.event.kind in OF_THE_WORK:
            self._seen.add(each.event.identity())
        else:
            self._told.add(each.event.seq)
        if place_of(each.id) > place_of(self._position):
            self._position = each.id
        if each.event.kind is EventKind.RUN_ENDED:
            self._status = RunStatus(each.event.outcome)
        return Happened(write_mark(self._epoch, self._position, self._told), each.event)

    async def _look_when_due(self) -> None:
        """See whether memory began another life, or the run has ended without saying so."""
        if time.monotonic() - self._looked_at < self._look_seconds:
            return
        self._looked_at = time.monotonic()
        if self._epoch and not await self._is_other_life() and await self._was_rolled_back():
            self._detach()
        # A silent Temporal server is no reason to hold events back; the next look may tell.
        with suppress(UnavailableError, TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._has_ended = (await self._runs.summary(self._run)).status.is_final

    async def _was_rolled_back(self) -> bool:
        """Notice that memory is an older one: the reader's last event is not there any more."""
        first, second = place_of(self._position)
        before = f"{first}-{second - 1}" if second else f"{max(first - 1, 0)}-{2**63}"
        if self._position == START:
            return False
        found = await self._store.events(self._runs.tenant, self._run, before, 1)
        return not found or found[0].id != self._position

    async def _interrupt(self, error: FlowError) -> Sequence[Item]:
        """Tell from history what it can tell, and once that a part does not answer."""
        if self._epoch:
            self._detach()
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
    mark = read_mark(after)
    is_first = mark is None or mark.epoch != epoch
    start = START if mark is None or is_first else mark.position
    found = await runs.memory.store.events(runs.tenant, run, start, limit)
    lost = _before(found, told) if is_first else []
    return EventPage(events=(*lost, *found), cursor=f"{epoch}.{found[-1].id if found else start}")


def _before(found: Sequence[StreamEvent], told: Told) -> list[StreamEvent]:
    """List the transitions that history tells and that come before all that memory has."""
    first = min((each.event.seq + (each.event.kind in OF_THE_WORK) for each in found), default=0)
    return [
        StreamEvent(id="", event=event)
        for event in told.ordered()
        if not found or event.seq < first
    ]
