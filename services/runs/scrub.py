"""Scrubs the memory of runs: what they depend on is checked, and mended where that is asked for."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from temporalio.service import RPCError

from contracts.base import Part
from contracts.compiled import CompiledFlow
from contracts.event import Event
from contracts.run import RunStatus, RunSummary
from services.errors import FlowError, NotFoundError
from services.memory.base import StreamEvent
from services.memory.scrubber import Copy, Inspected, Scrubber
from services.memory.stream_order import lacking
from services.runs.history import Told
from services.runs.holdings import Holding, holdings
from services.runs.listing import Filters, query_for
from services.runs.rebuilding import stream_of
from services.runs.runs import Runs, unavailable

GRACE_SECONDS: Final = 60.0
"""Transitions younger than this may still be on their way into the stream."""

UNKNOWN_KEPT_SECONDS: Final = 86_400
"""How long the memory of a run is kept that Temporal does not know: it may be coming back."""


class ScrubbedRun(Part):
    """What was found of one run and what was done about it."""

    run: str
    flow: str = ""
    status: RunStatus | None = None
    """None: Temporal knows no such run, or could not be asked."""

    checked: int = 0
    """Values that it depends on."""

    missing: int = 0
    """Copies that are not there, of values in memory or archive."""

    wrong: int = 0
    """Copies whose bytes are not those of the address."""

    repaired: int = 0
    """Values that are whole again."""

    lost: tuple[str, ...] = ()
    """Names of values of which no copy is left."""

    events_missing: int = 0
    """Transitions that the event stream lacks."""

    events_rebuilt: int = 0
    unlisted: int = 0
    """Values that the next sweep would take, for memory no longer lists them as the run's."""

    expires: bool = False
    """Whether it had ended without a day on which its memory goes, and got one."""

    problem: str = ""
    """Why it could not be looked at to the end."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was wrong, or all that was is mended."""
        mended = self.repaired or not (self.missing or self.wrong)
        told = self.events_rebuilt >= self.events_missing
        return not (self.lost or self.problem) and bool(mended) and told


@dataclass(frozen=True)
class _Subject:
    """One run under examination."""

    summary: RunSummary
    told: Told
    flow: CompiledFlow
    held: tuple[Holding, ...]


class Scrub:
    """Scrubs the runs of one tenant."""

    def __init__(self, runs: Runs, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Prepare.

        Args:
            runs: where runs and their memory are.
            grace_seconds: how old a transition has to be to count as missing from the stream.
        """
        self._runs = runs
        self._store = runs.memory.store
        self._scrubber = Scrubber(runs.memory.store, runs.memory.archive)
        self._grace_seconds = grace_seconds

    async def all(self, *, repair: bool) -> AsyncIterator[ScrubbedRun]:
        """Scrub every run that Temporal or memory knows, one after the other.

        Raises:
            UnavailableError: memory or Temporal does not answer.
        """
        for run in sorted({*await self._known(), *await self._store.kept_runs(self._runs.tenant)}):
            # One that Temporal has let go in the meantime is no longer anybody's.
            with suppress(NotFoundError):
                yield await self.run(run, repair=repair)

    async def run(self, run: str, *, repair: bool) -> ScrubbedRun:
        """Scrub one run; a problem with it is told, and stops no other.

        Raises:
            NotFoundError: neither Temporal nor memory knows it.
        """
        try:
            return await self._scrub(await self._subject(run), repair=repair)
        except NotFoundError as error:
            if await self._store.kept_until(self._runs.tenant, run) is None:
                raise
            if repair:
                await self._store.expire(self._runs.tenant, run, UNKNOWN_KEPT_SECONDS)
                return ScrubbedRun(run=run, expires=True)
            return ScrubbedRun(run=run, problem=str(error))
        except FlowError as error:
            return ScrubbedRun(run=run, problem=str(error))

    async def inspect(self, run: str) -> tuple[tuple[Holding, ...], dict[str, Inspected]]:
        """Look at all that a run holds, older values of its slots included; by digest.

        Raises:
            NotFoundError: there is no such run.
            StorageError: the archive cannot be read.
            UnavailableError: Temporal, memory or the archive does not answer.
        """
        subject = await self._subject(run)
        found = await self._inspect(subject, subject.held)
        return subject.held, {each.digest: each for each in found}

    async def _known(self) -> list[str]:
        query = query_for(self._runs.tenant, Filters())
        try:
            listed = [each.id async for each in self._runs.client.list_workflows(query)]
        except RPCError as error:
            raise unavailable(error) from error
        return [each.partition("/")[2] for each in listed]

    async def _subject(self, run: str) -> _Subject:
        summary = await self._runs.summary(run)
        told, flow = await self._runs.told(run)
        return _Subject(summary, told, flow, holdings(told, flow))

    async def _inspect(self, subject: _Subject, held: Sequence[Holding]) -> tuple[Inspected, ...]:
        digests = [each.digest for each in held]
        run, tenant = subject.summary.id, self._runs.tenant
        copies = await self._runs.history.copies(tenant, run, digests)
        return await self._scrubber.inspect(
            tenant, run, digests, lasting=copies.lasting, bodies=copies.bodies
        )

    async def _scrub(self, subject: _Subject, *, repair: bool) -> ScrubbedRun:
        run, tenant = subject.summary.id, self._runs.tenant
        seen = ScrubbedRun(run=run, flow=subject.summary.flow, status=subject.summary.status)
        left = _left(subject)
        if left == 0:
            # Its memory has gone, as it was to, or goes with the next sweep. Memory cannot be asked
            # which of the two: one that was wiped knows of no run.
            return seen
        found = await self._inspect(subject, [each for each in subject.held if each.is_needed])
        lost_events = self._lost(subject.told, await stream_of(self._store, tenant, run))
        listed = await self._store.held(tenant, run)
        unlisted = {each.digest for each in subject.held} - listed
        repaired = rebuilt = 0
        if repair:
            await self._store.hold(tenant, run, unlisted)
            repaired = await self._scrubber.repair(tenant, run, found)
            rebuilt = await self._store.rebuild_events(tenant, run, lost_events)
        until = await self._store.kept_until(tenant, run)
        forgot = left is not None and until == float("inf")
        if repair and forgot:
            await self._store.expire(tenant, run, left or 0)
        copies = [copy for each in found for copy in each.copies]
        return seen.model_copy(
            update={
                "checked": len(found),
                "missing": copies.count(Copy.MISSING),
                "wrong": copies.count(Copy.WRONG),
                "repaired": repaired,
                "lost": _names(subject.held, found),
                "events_missing": len(lost_events),
                "events_rebuilt": rebuilt,
                "unlisted": len(unlisted),
                "expires": forgot and repair,
                "problem": _forgotten(subject) if forgot and not repair else "",
            }
        )

    def _lost(self, told: Told, kept: Sequence[StreamEvent]) -> list[Event]:
        before_ms = (time.time() - self._grace_seconds) * 1000
        return [each for each in lacking(kept, told.ordered()) if each.at_ms <= before_ms]


def _names(held: Sequence[Holding], found: Sequence[Inspected]) -> tuple[str, ...]:
    lost = {each.digest for each in found if each.body is None}
    return tuple(each.name for each in held if each.digest in lost and each.is_needed)


def _left(subject: _Subject) -> int | None:
    """Count the seconds for which an ended run's memory is to be kept; None while it goes on."""
    ended = subject.summary.ended_at
    if not subject.summary.status.is_final or ended is None:
        return None
    since = time.time() - datetime.fromisoformat(ended).timestamp()
    return max(0, subject.flow.retention - int(since))


def _forgotten(subject: _Subject) -> str:
    return f"it {subject.summary.status} and its memory would be kept for ever"
