"""Follows some slots along a path: what each location reads, writes and finds wrong there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.compiled import CompiledStep
from contracts.reference import Trust
from workflows.checking.bits import mask_of
from workflows.checking.control import Label
from workflows.checking.lineage import Row, Rows, put, settle
from workflows.checking.readings import Reading, Readings
from workflows.checking.terrain import Terrain, failed_at, name_of
from workflows.vouching import published, slots_by_input


class Wrong(StrEnum):
    """What can be wrong with a slot that is read."""

    UNSET = "unset"
    STALE = "stale"
    UNVOUCHED = "unvouched"


@dataclass(frozen=True)
class Fault:
    """A slot that is read and should not have been."""

    wrong: Wrong
    reading: Reading


@dataclass(frozen=True)
class _Site:
    """What one location does to the tracked slots."""

    entering: tuple[tuple[int, Reading], ...] = ()
    ruling: tuple[tuple[int, Reading], ...] = ()
    writes: int = -1
    edits: int = -1
    about: int = 0
    knows_edit: bool = False
    """What a person decides with an edit is made from the edited value too."""

    shows: bool = False
    """What it writes is about everything it was shown."""

    trusted: bool = False
    """What it writes is trusted as far as its sources are."""

    publishes: int = 0
    """Slots whose values go out here."""


class Tracker:
    """Tracks a set of slots."""

    def __init__(
        self,
        terrain: Terrain,
        readings: Mapping[str, Readings],
        slots: Iterable[str],
        *,
        vouching: bool,
    ) -> None:
        self._flow = terrain.flow
        self._vouching = vouching
        self._index = {slot: at for at, slot in enumerate(slots)}
        self._sites = {each: self._site(each, readings[each]) for each in terrain.locations}
        self._subjects = 0
        for site in self._sites.values():
            self._subjects |= site.publishes if vouching else 0
        self._writable = {each: self._written(terrain.reach[each]) for each in terrain.locations}
        self._read = self._liveness(terrain, reports=0)
        self._spoken = self._liveness(terrain, self._reports()) if vouching else self._read

    def begin(self, *, sparing: bool) -> Rows:
        """The slots before the first step: inputs are set, and what memory has.

        Nobody knows yet how far an entry will be trusted, so it speaks for nothing.

        Args:
            sparing: whether entries that a run may start without are missing.
        """
        flow = self._flow
        given = dict.fromkeys(flow.input, Row(vouched=self._vouching))
        for slot, entry in flow.memory.items():
            if not (sparing and entry.optional):
                given[slot] = Row()
        return tuple(given.get(slot) for slot in self._index)

    def settle(self, location: str, rows: Rows) -> Rows:
        """Forget what makes no difference from a location on."""
        good = mask_of(at for at, row in enumerate(rows) if row and row.vouches and not row.stale)
        live = self._read[location] | self._spoken[location] & good
        return settle(rows, live, self._writable[location], self._subjects)

    def enter(self, location: str, rows: Rows) -> tuple[Fault, ...]:
        """Find what is wrong with what a location reads when it is entered."""
        site = self._sites[location]
        found = [fault for at, reading in site.entering if (fault := _judge(rows, at, reading))]
        if self._vouching and site.publishes and not found:
            found += [
                Fault(Wrong.UNVOUCHED, reading)
                for at, reading in site.entering
                if site.publishes >> at & 1
                and _is_given(rows, at, reading)
                and not _spoken_for(rows, at)
            ]
        return tuple(found)

    def leave(self, location: str, label: Label, rows: Rows) -> tuple[Rows, tuple[Fault, ...]]:
        """Write what a way writes; then find what is wrong with what the rules read."""
        if not label.writes:
            return rows, ()
        site = self._sites[location]
        after = self._write(site, label, rows)
        faults = tuple(
            fault for at, reading in site.ruling if (fault := _judge(after, at, reading))
        )
        return after, faults

    def newly_stale(self, before: Rows, after: Rows) -> list[str]:
        """Name the slots whose values have gone stale."""
        return [
            slot
            for slot, at in self._index.items()
            if _is_stale(after, at) and not _is_stale(before, at)
        ]

    def _write(self, site: _Site, label: Label, rows: Rows) -> Rows:
        sources = [at for at, reading in site.entering if _is_given(rows, at, reading)]
        shown = mask_of(sources)
        after, gone = rows, None
        if label.edits and site.edits >= 0:
            after = put(rows, site.edits, Row(shown, vouched=self._vouching))
            seen = rows[site.edits]
            # The decision is about what was shown, which the edit has just replaced.
            gone = (site.edits, seen) if seen is not None else None
        if site.writes < 0:
            return after
        # What a person decides is a person's word, whatever they were shown.
        trusted = site.shows or (
            site.trusted and all(row.vouched for at in sources if (row := rows[at]))
        )
        about = shown if site.shows else site.about & shown
        made = Row(shown, 0, about)
        if self._vouching:
            made = made._replace(vouches=label.vouches, vouched=trusted)
        return put(after, site.writes, made, gone, regards=site.knows_edit)

    def _site(self, location: str, readings: Readings) -> _Site:
        flow, name = self._flow, name_of(location)
        entering = self._tracked(readings.entering)
        ruling = self._tracked(readings.ruling)
        if name in flow.steps:
            step = flow.steps[name]
            agent = flow.agents[step.agent]
            return _Site(
                entering,
                ruling,
                writes=self._index.get(step.writes, -1),
                about=self._mask_of(_slots_about(step, agent.about)),
                trusted=agent.trust is Trust.OPERATOR,
                publishes=self._mask_of(published(flow, step)) if agent.publishes else 0,
            )
        if name in flow.gates and not failed_at(location):
            gate = flow.gates[name]
            writes = self._index.get(gate.writes or "", -1)
            edits = self._index.get(gate.edits or "", -1)
            return _Site(entering, ruling, writes, edits, knows_edit=gate.revises, shows=True)
        return _Site(entering, ruling)

    def _tracked(self, readings: Iterable[Reading]) -> tuple[tuple[int, Reading], ...]:
        return tuple(
            (self._index[each.slot], each) for each in readings if each.slot in self._index
        )

    def _mask_of(self, slots: Iterable[str]) -> int:
        return mask_of(self._index[each] for each in slots if each in self._index)

    def _written(self, locations: Iterable[str]) -> int:
        sites = [self._sites[each] for each in locations]
        return mask_of(at for site in sites for at in (site.writes, site.edits) if at >= 0)

    def _liveness(self, terrain: Terrain, reports: int) -> dict[str, int]:
        """Slots that are read before they are written anew, by location of entry."""
        live = dict.fromkeys(terrain.locations, 0)
        changed = True
        while changed:
            changed = False
            for location in reversed(terrain.locations):
                site = self._sites[location]
                ruled = mask_of(at for at, _ in site.ruling)
                for target in terrain.ruled[location]:
                    ruled |= live[target]
                if site.writes >= 0:
                    ruled &= ~(1 << site.writes)
                entered = ruled | mask_of(at for at, _ in site.entering)
                entered |= reports if site.publishes else 0
                for target in terrain.silent[location]:
                    entered |= live[target]
                changed |= entered != live[location]
                live[location] = entered
        return live

    def _reports(self) -> int:
        """Slots that may hold something that speaks for what is published."""
        about = [site for site in self._sites.values() if site.about or site.shows]
        return mask_of(site.writes for site in about if site.writes >= 0)


def _slots_about(step: CompiledStep, about: Iterable[str]) -> list[str]:
    slots = slots_by_input(step)
    return [slots[each] for each in about if each in slots]


def _judge(rows: Rows, at: int, reading: Reading) -> Fault | None:
    if reading.optional:
        return None
    if rows[at] is None:
        return Fault(Wrong.UNSET, reading)
    if not reading.stale_allowed and _is_stale(rows, at):
        return Fault(Wrong.STALE, reading)
    return None


def _is_stale(rows: Rows, at: int) -> bool:
    row = rows[at]
    return row is not None and row.stale


def _is_given(rows: Rows, at: int, reading: Reading) -> bool:
    return rows[at] is not None and (reading.stale_allowed or not _is_stale(rows, at))


def _spoken_for(rows: Rows, slot: int) -> bool:
    """Whether nobody has to vouch for a value, or a fresh report or decision on it does."""
    row = rows[slot]
    if row is None or row.vouched:
        return True
    return any(
        report is not None and report.vouches and report.about >> slot & 1 and not report.stale
        for report in rows
    )
