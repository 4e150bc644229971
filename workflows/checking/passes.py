"""Passes over the explored control: which slots are read unset, stale or unvouched, and where.

One pass a question. Presence is one pass for all slots at once, because each slot's presence
follows from the path alone; freshness and vouching follow the slots that can be replaced while
something still rests on them, in the product of control and lineage.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.compiled import CompiledFlow
from workflows.checking.bits import mask_of
from workflows.checking.control import Control, Edge, Label, NotDecidedError
from workflows.checking.lineage import Rows
from workflows.checking.readings import Readings
from workflows.checking.tracker import Fault, Tracker, Wrong
from workflows.vouching import published

MOST_PAIRS: Final = 300_000
"""How many pairs of a control state and a lineage are followed."""


@dataclass(frozen=True)
class Found:
    """A fault and the shortest way there."""

    fault: Fault
    start: int
    """The state of control in which the run begins."""

    way: tuple[Edge, ...]
    location: str
    """Where the slot is read; for a rule, where the last way of all begins."""


@dataclass(frozen=True)
class FirstFault:
    """Where a way first goes wrong."""

    faults: tuple[Fault, ...]
    at_end: bool
    """It is what the way was followed for, and nothing before it."""

    blamed: Mapping[str, str]
    """By slot that has gone stale on the way: which slot was written then, and where."""


@dataclass
class Passes:
    """All questions about slots, over one flow."""

    control: Control
    readings: Mapping[str, Readings]

    def unset(self) -> Iterator[Found]:
        """Reads of slots that hold nothing on some path."""
        for slot in self._slots_read_unset():
            yield from self._follow((slot,), Wrong.UNSET)

    def stale(self) -> Iterator[Found]:
        """Reads of values that are stale on some path."""
        if replaced := self._replaced():
            yield from self._follow(self._resting_on(replaced), Wrong.STALE)

    def unvouched(self) -> Iterator[Found]:
        """Publications of values that nobody vouches for on some path."""
        if going_out := self._published():
            concerned = self._sources_of({*going_out, *self._reports()})
            yield from self._follow(concerned, Wrong.UNVOUCHED)

    def is_first(self, found: Found) -> bool:
        """Whether nothing else goes wrong earlier on the way, and hides this fault."""
        first = self._first_on_way_to(found)
        return first is not None and first.at_end and found.fault in first.faults

    def cause(self, found: Found) -> str:
        """Say why a value is stale, in words; empty for other faults."""
        first = self._first_on_way_to(found)
        assert first is not None
        return first.blamed.get(found.fault.reading.slot, "")

    def first_fault(
        self, start: int, way: tuple[Edge, ...], last: str = "", *, sparing: bool = False
    ) -> FirstFault | None:
        """Follow one way with every slot and every question, to the first fault if there is one.

        With `last`, what the location at its end reads is judged as well. Entries of memory that a
        run may start without are missing when `sparing`, else they are there.
        """
        control = self.control
        slots = control.terrain.flow.slots
        tracker = Tracker(control.terrain, self.readings, slots, vouching=True)
        rows, state = tracker.begin(sparing=sparing), start
        blamed: dict[str, str] = {}
        for taken, edge in enumerate(way):
            location = control.states[state].location
            faults = tracker.enter(location, rows)
            if faults:
                return FirstFault(faults, at_end=False, blamed=blamed)
            before = rows
            rows, faults = tracker.leave(location, edge.label, rows)
            for slot in tracker.newly_stale(before, rows):
                blamed[slot] = self._blame(location, edge)
            if faults:
                at_end = taken == len(way) - 1 and location == last
                return FirstFault(faults, at_end, blamed)
            state = edge.target
        location = control.states[state].location
        faults = tracker.enter(location, rows) if location == last else ()
        return FirstFault(faults, at_end=True, blamed=blamed) if faults else None

    def _first_on_way_to(self, found: Found) -> FirstFault | None:
        sparing = found.fault.wrong is Wrong.UNSET
        return self.first_fault(found.start, found.way, found.location, sparing=sparing)

    def _blame(self, location: str, edge: Edge) -> str:
        slots = _written(self.control.terrain.flow, location, edits=edge.label.edits)
        return f"{slots[-1]} has been replaced since, at {location}"

    def _follow(self, slots: Iterable[str], wanted: Wrong) -> Iterator[Found]:
        vouching = wanted is Wrong.UNVOUCHED
        tracker = Tracker(self.control.terrain, self.readings, slots, vouching=vouching)
        return _Search(self.control, tracker, wanted).run()

    def _slots_read_unset(self) -> list[str]:
        """Every slot that may be read before it is written: one forward pass, a bit a slot."""
        flow, control = self.control.terrain.flow, self.control
        index = {slot: at for at, slot in enumerate(flow.slots)}
        demands = {each: _demands(self.readings[each], index) for each in self.readings}
        unset: list[int | None] = [None] * len(control.states)
        waiting = deque(control.starts)
        for start in control.starts:
            unset[start] = mask_of(at for slot, at in index.items() if slot not in flow.given)
        read = 0
        while waiting:
            state = waiting.popleft()
            location = control.states[state].location
            before = unset[state] or 0
            entering, ruling = demands[location]
            read |= before & entering
            written = mask_of(index[slot] for slot in _written(flow, location))
            for edge in control.edges[state]:
                after = before & ~written if edge.label.writes else before
                read |= after & ruling if edge.label.writes else 0
                known = unset[edge.target]
                if known is None or after & ~known:
                    unset[edge.target] = after | (known or 0)
                    waiting.append(edge.target)
        return [slot for slot, at in index.items() if read >> at & 1]

    def _replaced(self) -> frozenset[str]:
        """Slots that can hold two values in turn."""
        terrain = self.control.terrain
        found = set()
        for slot, writers in self._writers().items():
            is_given = slot in terrain.flow.input or slot in terrain.flow.memory
            again = is_given or any(
                second in terrain.reach[target]
                for first in writers
                for target in terrain.targets[first]
                for second in writers
            )
            if again:
                found.add(slot)
        return frozenset(found)

    def _writers(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for location in self.control.terrain.locations:
            for slot in _written(self.control.terrain.flow, location, edits=True):
                found.setdefault(slot, []).append(location)
        return found

    def _resting_on(self, replaced: frozenset[str]) -> tuple[str, ...]:
        slots = self.control.terrain.flow.slots
        return tuple(each for each in slots if replaced & set(self._sources_of({each})))

    def _sources_of(self, slots: set[str]) -> tuple[str, ...]:
        """The slots given and everything that their values may be made from."""
        writers = self._writers()
        found, waiting = set(slots), sorted(slots)
        while waiting:
            for location in writers.get(waiting.pop(), ()):
                for reading in self.readings[location].entering:
                    if reading.slot not in found:
                        found.add(reading.slot)
                        waiting.append(reading.slot)
        return tuple(each for each in self.control.terrain.flow.slots if each in found)

    def _published(self) -> set[str]:
        flow = self.control.terrain.flow
        steps = (step for step in flow.steps.values() if flow.agents[step.agent].publishes)
        return {slot for step in steps for slot in published(flow, step)}

    def _reports(self) -> set[str]:
        flow = self.control.terrain.flow
        steps = {step.writes for step in flow.steps.values() if flow.agents[step.agent].verifies}
        return steps | {gate.writes for gate in flow.gates.values() if gate.writes}


class _Search:
    """Breadth first through pairs of a control state and a lineage, until nothing new comes."""

    def __init__(self, control: Control, tracker: Tracker, wanted: Wrong) -> None:
        self._control = control
        self._tracker = tracker
        self._wanted = wanted
        self._pairs: list[tuple[int, Rows]] = []
        self._numbers: dict[tuple[int, Rows], int] = {}
        self._came: list[tuple[int, Edge | None]] = []
        self._entered: dict[tuple[str, Rows], tuple[Fault, ...]] = {}
        self._left: dict[tuple[str, Label, str, Rows], tuple[Rows, tuple[Fault, ...]]] = {}
        self._told: set[Fault] = set()

    def run(self) -> Iterator[Found]:
        """Find each fault once, by the shortest way there.

        Raises:
            NotDecidedError: there are over `MOST_PAIRS` pairs.
        """
        for start in self._control.starts:
            location = self._control.states[start].location
            rows = self._tracker.settle(
                location, self._tracker.begin(sparing=self._wanted is Wrong.UNSET)
            )
            self._meet(start, rows, -1, None)
        at = 0
        while at < len(self._pairs):
            yield from self._visit(at)
            at += 1

    def _visit(self, at: int) -> Iterator[Found]:
        state, rows = self._pairs[at]
        location = self._control.states[state].location
        if faults := self._enter(location, rows):
            yield from self._tell(faults, at, None, location)
            return
        for edge in self._control.edges[state]:
            target = self._control.states[edge.target].location
            after, faults = self._leave(location, edge.label, target, rows)
            if faults:
                yield from self._tell(faults, at, edge, location)
            else:
                self._meet(edge.target, after, at, edge)

    def _enter(self, location: str, rows: Rows) -> tuple[Fault, ...]:
        key = (location, rows)
        if key not in self._entered:
            self._entered[key] = self._tracker.enter(location, rows)
        return self._entered[key]

    def _leave(
        self, location: str, label: Label, target: str, rows: Rows
    ) -> tuple[Rows, tuple[Fault, ...]]:
        key = (location, label, target, rows)
        if key not in self._left:
            after, faults = self._tracker.leave(location, label, rows)
            self._left[key] = self._tracker.settle(target, after), faults
        return self._left[key]

    def _meet(self, state: int, rows: Rows, source: int, edge: Edge | None) -> None:
        key = (state, rows)
        if key in self._numbers:
            return
        if len(self._pairs) == MOST_PAIRS:
            raise NotDecidedError(f"over {MOST_PAIRS} pairs of a state and a lineage")
        self._numbers[key] = len(self._pairs)
        self._pairs.append(key)
        self._came.append((source, edge))

    def _tell(
        self, faults: Iterable[Fault], at: int, last: Edge | None, location: str
    ) -> Iterator[Found]:
        for fault in faults:
            if fault.wrong is self._wanted and fault not in self._told:
                self._told.add(fault)
                start, way = self._way_to(at)
                yield Found(fault, start, (*way, last) if last else way, location)

    def _way_to(self, at: int) -> tuple[int, tuple[Edge, ...]]:
        way: list[Edge] = []
        while True:
            source, edge = self._came[at]
            if edge is None:
                return self._pairs[at][0], tuple(reversed(way))
            way.append(edge)
            at = source


def _demands(readings: Readings, index: Mapping[str, int]) -> tuple[int, int]:
    """The slots that have to be set when a location is entered, and when its rules are decided."""
    entering = mask_of(index[each.slot] for each in readings.entering if not each.optional)
    return entering, mask_of(index[each.slot] for each in readings.ruling)


def _written(flow: CompiledFlow, location: str, *, edits: bool = False) -> tuple[str, ...]:
    """The slots that a location writes; an edit only replaces what was shown."""
    if location in flow.steps:
        return (flow.steps[location].writes,)
    gate = flow.gates.get(location)
    slots = (gate.writes, gate.edits if edits else None) if gate else ()
    return tuple(slot for slot in slots if slot)
