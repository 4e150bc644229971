"""What a flow does on every path: explored once, asked about, and told as findings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.compiled import CompiledFlow
from contracts.flow import OTHERWISE, FlowDocument, Step
from contracts.registry import Registry
from workflows.checking.budget_notes import notes
from workflows.checking.control import Control, Edge, NotDecidedError, explore
from workflows.checking.finding import Finding, Place
from workflows.checking.loops import Cycle, Trap, cycles, traps
from workflows.checking.passes import Found, Passes
from workflows.checking.readings import Reading, readings_of
from workflows.checking.terrain import Terrain, name_of, survey
from workflows.checking.tracker import Wrong
from workflows.checking.unused import Unused, parts_without_a_way, unreached, written_only_by
from workflows.checking.witness import Witness
from workflows.checking.witnessing import UnrealError, path, witness
from workflows.checking.worst_case import WorstCase, bound


@dataclass(frozen=True)
class Behaviour:
    """What the exploration of a flow found."""

    findings: tuple[Finding, ...]
    states: int
    """States of control that were explored."""

    worst_case: WorstCase | None = None
    """None when there is an error, for then no bound holds."""


def behaviour(flow: CompiledFlow, document: FlowDocument, registry: Registry) -> Behaviour:
    """Prove a flow whose form is sound, or say how it goes wrong."""
    terrain = survey(flow)
    try:
        control, findings = _ask(terrain, document, registry)
    except NotDecidedError as error:
        return Behaviour((*parts_without_a_way(document, terrain), _not_decided(error)), 0)
    if findings:
        return Behaviour(findings, len(control.states))
    worst = bound(_counting_failures(control, registry), registry)
    return Behaviour(tuple(notes(flow, worst)), len(control.states), worst)


def _ask(
    terrain: Terrain, document: FlowDocument, registry: Registry
) -> tuple[Control, tuple[Finding, ...]]:
    """Put all questions, and count failures only where it matters how many there were."""
    control = explore(terrain, registry, follow=False)
    try:
        return control, _Asked(control, document, registry).findings()
    except UnrealError:
        control = explore(terrain, registry, follow=True)
        return control, _Asked(control, document, registry).findings()


def _counting_failures(control: Control, registry: Registry) -> Control:
    """The same flow with failures counted, for a closer bound, unless that makes it large."""
    terrain = control.terrain
    counted = any(way.counter for ways in terrain.failures.values() for way in ways)
    if not counted:
        return control
    try:
        return explore(terrain, registry, follow=True, most=MOST_STATES_FOR_A_CLOSER_BOUND)
    except NotDecidedError:
        return control


def _not_decided(error: NotDecidedError) -> Finding:
    return Finding(
        code=UNDECIDED,
        place=(),
        message=f"not decided: {error}, which is more than is explored",
        remedy="Let rules read fewer fields far from where they are written, or lower at_most.",
    )


UNDECIDED: Final = "FO308"
"""The code of what was not found out."""

MOST_STATES_FOR_A_CLOSER_BOUND: Final = 5_000
"""Half a second's work; beyond that every failure that leads back is taken to start all over."""

ROUNDS: Final = 5
"""How often a cycle is followed; what goes stale by going round does so in the first rounds."""

_CODES: Final = {Wrong.UNSET: "FO302", Wrong.STALE: "FO305", Wrong.UNVOUCHED: "FO306"}

_RULE: Final = "this rule"


@dataclass
class _Asked:
    """The questions put to one explored flow, and their answers as findings."""

    control: Control
    document: FlowDocument
    registry: Registry

    def findings(self) -> tuple[Finding, ...]:
        """All errors of behaviour; each is where a run first goes wrong, and none twice."""
        flow = self.control.terrain.flow
        locations = self.control.terrain.locations
        passes = Passes(
            self.control, {each: readings_of(flow, self.document, each) for each in locations}
        )
        found = (*passes.unset(), *passes.stale(), *passes.unvouched())
        first = _one_a_read(each for each in found if passes.is_first(each))
        lost, own = self._by_cause(first)
        parts = parts_without_a_way(self.document, self.control.terrain, lost)
        borders = (self._border(passes, together) for together in _one_a_way(own))
        told = (*parts, *borders, *self._endless(passes))
        # A run that dies at a rule goes nowhere from it; what it then misses is no cause.
        dies = any(each.fault.reading.reader == _RULE for each in first)
        unused = Unused(self.control, self.document, self.registry)
        return told if dies else (*told, *unused.findings())

    def _by_cause(self, found: Sequence[Found]) -> tuple[list[Reading], list[Found]]:
        """Tell reads of what only parts without a way to them write from all other faults."""
        apart = unreached(self.document, self.control.terrain)
        lost, own = [], []
        for each in found:
            reading = each.fault.reading
            is_unset = each.fault.wrong is Wrong.UNSET
            if is_unset and written_only_by(self.document, reading.slot, apart):
                lost.append(reading)
            else:
                own.append(each)
        return lost, own

    def _border(self, passes: Passes, together: Sequence[Found]) -> Finding:
        found = together[0]
        wrong, reading = found.fault.wrong, found.fault.reading
        readings = [each.fault.reading for each in together]
        message, remedy = _told(wrong, readings, passes.cause(found))
        if wrong is Wrong.UNSET and reading.slot in self.control.terrain.flow.memory:
            remedy = f"Read {reading.slot} as `{reading.slot}?`, or drop `optional` under memory."
        names = path(self.control, found.start, found.way)
        return Finding(
            code=_CODES[wrong],
            place=reading.place,
            message=message,
            remedy=remedy,
            # A rule is read at its own step, so where it would lead is no part of the path.
            path=names[:-1] if reading.reader == _RULE else names,
            witness=witness(
                self.control,
                found.start,
                found.way,
                found.location,
                sparing=wrong is Wrong.UNSET,
            ),
        )

    def _endless(self, passes: Passes) -> Iterator[Finding]:
        caught: set[str] = set()
        for trap in traps(self.control):
            caught |= self.control.terrain.reach[trap.location]
            if _is_sound(passes, trap):
                yield self._trap(trap)
        told: dict[Place, Finding] = {}
        for cycle in cycles(self.control):
            if cycle.closing[0] not in caught and _is_sound(passes, cycle):
                found = self._cycle(cycle)
                # One line of the shared plan may close a loop at every step; it is one slip.
                told.setdefault(found.place, found)
        yield from told.values()

    def _trap(self, trap: Trap) -> Finding:
        return Finding(
            code="FO304",
            place=("steps", name_of(trap.location)),
            message="no path from here leads to an end",
            remedy="Let some rule lead towards an end.",
            path=path(self.control, trap.start, trap.way),
            witness=self._lasso(trap),
        )

    def _cycle(self, cycle: Cycle) -> Finding:
        source, edge = cycle.closing
        target = name_of(self.control.states[edge.target].location)
        if edge.move.kind == "retried":
            # The person who retries is not to blame; the failure way that asks for ever is.
            source, edge = target, cycle.round[-2]
        return Finding(
            code="FO303",
            place=self._place(source, edge),
            message=f"this closes a loop back to {target} that nothing bounds",
            remedy=self._bounding(self._place(source, edge), cycle),
            path=path(self.control, cycle.start, (*cycle.way, *cycle.round)),
            witness=witness(self.control, cycle.start, cycle.way, target, rounds=cycle.round),
        )

    def _bounding(self, closing: Place, cycle: Cycle) -> str:
        """Say what would bound a loop; what closes it, `else` for one, may take no count."""
        if self._takes_a_count(closing):
            return "Give one rule or failure line of the loop `at_most: N`."
        key = "otherwise" if closing[-1] == OTHERWISE else "else"
        for place in self._places(cycle):
            if self._takes_a_count(place):
                told = ".".join(str(part) for part in place)
                return f"`{key}` takes no at_most; give {told} `at_most: N`."
        if key == OTHERWISE:
            kinds = "unavailable: {then: ..., at_most: N}"
            way = f"name the kinds that may lead back, as in {kinds}"
        else:
            way = "let a rule {when: ..., to: ..., at_most: N} before it lead back"
        return f"`{key}` takes no at_most: {way}, and `{key}` out of the loop."

    def _places(self, cycle: Cycle) -> Iterator[Place]:
        """The lines of the file that a round takes."""
        state = cycle.way[-1].target if cycle.way else cycle.start
        for edge in cycle.round:
            yield self._place(self.control.states[state].location, edge)
            state = edge.target

    def _takes_a_count(self, place: Place) -> bool:
        match place:
            case ("steps", str() as name, "next", int() as ordinal):
                return self.document.steps[name].next[ordinal].when is not None
            case ("steps", _, "on_deadline"):
                return True
            case (*_, "on_failure", str() as key):
                return key != OTHERWISE
            case _:
                return False

    def _place(self, source: str, edge: Edge) -> Place:
        name = name_of(source)
        match edge.move.kind:
            case "answered" | "decided":
                return ("steps", name, "next", edge.move.ordinal)
            case "expired":
                return ("steps", name, "on_deadline")
            case "failed":
                return self._plan_line(name, edge)
            case "went":
                return ("steps", name, "go", edge.move.answer)
            case _:
                return ("steps", name, "allow")

    def _plan_line(self, name: str, edge: Edge) -> Place:
        node = self.document.steps[name]
        assert isinstance(node, Step)
        ways = self.control.terrain.failures[name]
        kind = str(ways[edge.move.answer].kinds[0]) if edge.move.answer >= 0 else "otherwise"
        own, shared = node.on_failure, self.document.on_failure
        for key in (kind, "otherwise"):
            if key in own:
                return ("steps", name, "on_failure", key)
            if key in shared:
                return ("on_failure", key)
        return ("steps", name)

    def _lasso(self, trap: Trap) -> Witness:
        """Go on from a trap, always the first way there is, until a state comes again."""
        state = trap.way[-1].target if trap.way else trap.start
        after: list[Edge] = []
        met: dict[int, int] = {}
        while state not in met:
            met[state] = len(after)
            after.append(self.control.edges[state][0])
            state = after[-1].target
        before, rounds = after[: met[state]], after[met[state] :]
        way = (*trap.way, *before)
        return witness(self.control, trap.start, way, trap.location, rounds)


def _one_a_read(found: Iterable[Found]) -> list[Found]:
    """What is unset on one path and stale on another is one slip of whoever wrote the read."""
    first: dict[tuple[Place, str], Found] = {}
    for each in found:
        first.setdefault((each.fault.reading.place, each.fault.reading.slot), each)
    return list(first.values())


def _one_a_way(found: Iterable[Found]) -> list[list[Found]]:
    """What one place misses on one and the same way is one slip: whatever should write it."""
    together: dict[tuple[object, ...], list[Found]] = {}
    for number, each in enumerate(found):
        reading = each.fault.reading
        way = tuple((edge.target, edge.move.kind) for edge in each.way)
        alone = None if each.fault.wrong is Wrong.UNSET else number
        key = (alone, each.start, way, each.location, reading.reader, reading.place[:3])
        together.setdefault(key, []).append(each)
    return list(together.values())


def _listed(words: Sequence[str]) -> str:
    return " and ".join(each for each in (", ".join(words[:-1]), words[-1]) if each)


def _told(wrong: Wrong, readings: Sequence[Reading], cause: str) -> tuple[str, str]:
    """Say what is wrong with a read, or with several of one reader, and what would mend it."""
    slot, reader = readings[0].slot, readings[0].reader
    match wrong:
        case Wrong.UNSET:
            slots = _listed([each.slot for each in readings])
            verb = "holds" if len(readings) == 1 else "hold"
            message = f"{slots} {verb} no value on some path that reaches {reader}"
            remedy = f"Write {slots} on every path before"
            spared = [f"`{each.slot}?`" for each in readings if each.dispensable]
            it = "it" if len(spared) == 1 else "them"
            remedy += f", or read {it} as {_listed(spared)} where that will do." if spared else "."
        case Wrong.STALE:
            message = f"{slot} is stale on some path that reaches {reader}: {cause}"
            remedy = f"Lead the path through a step that writes {slot} anew"
            allowed = f", or read {{slot: {slot}, stale: allowed}} if the old value is meant"
            remedy += "." if reader == _RULE or reader.startswith("end") else f"{allowed}."
        case Wrong.UNVOUCHED:
            message = f"nobody vouches for the {slot} that {reader} publishes on some path"
            remedy = (
                f"Lead every path through a verifier of {slot} whose report is good, or a gate"
                f" that shows {slot} and approves it."
            )
    return message, remedy


def _is_sound(passes: Passes, found: Cycle | Trap) -> bool:
    """Whether a run gets that far, and goes round, without anything else going wrong."""
    rounds = found.round * ROUNDS if isinstance(found, Cycle) else ()
    return passes.first_fault(found.start, (*found.way, *rounds)) is None
