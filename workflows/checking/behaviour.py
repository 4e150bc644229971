"""What a flow does on every path: explored once, asked about, and told as findings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from contracts.compiled import CompiledFlow
from contracts.flow import FlowDocument, Step
from contracts.registry import Registry
from workflows.checking.control import Control, Edge, NotDecidedError, explore
from workflows.checking.finding import Finding, Place, Severity
from workflows.checking.loops import Cycle, Trap, cycles, traps
from workflows.checking.passes import Found, Passes
from workflows.checking.readings import Reading, readings_of
from workflows.checking.terrain import Terrain, name_of, survey
from workflows.checking.tracker import Wrong
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
    unreached = tuple(_unreached(document, {name_of(each) for each in terrain.locations}))
    try:
        control, findings = _ask(terrain, document, registry)
    except NotDecidedError as error:
        return Behaviour((*unreached, _not_decided(error)), 0)
    findings = (*unreached, *findings)
    if findings:
        return Behaviour(findings, len(control.states))
    worst = bound(_counting_failures(control, registry), registry)
    return Behaviour(tuple(_notes(flow, worst)), len(control.states), worst)


def _ask(
    terrain: Terrain, document: FlowDocument, registry: Registry
) -> tuple[Control, tuple[Finding, ...]]:
    """Put all questions, and count failures only where it matters how many there were."""
    control = explore(terrain, registry, follow=False)
    try:
        return control, _Asked(control, document).findings()
    except UnrealError:
        control = explore(terrain, registry, follow=True)
        return control, _Asked(control, document).findings()


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


def _unreached(document: FlowDocument, places: set[str]) -> Iterator[Finding]:
    for name in (*document.steps, *document.ends):
        if name not in places:
            yield Finding(
                code="FO301",
                place=("steps" if name in document.steps else "ends", name),
                message="no path leads here",
                remedy="Let a rule or a failure plan lead to it, or remove it.",
            )


def _not_decided(error: NotDecidedError) -> Finding:
    return Finding(
        code="FO308",
        place=(),
        message=f"not decided: {error}, which is more than is explored",
        remedy="Let rules read fewer fields far from where they are written, or lower at_most.",
    )


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

    def findings(self) -> tuple[Finding, ...]:
        """All errors of behaviour; each is where a run first goes wrong, and none twice."""
        flow = self.control.terrain.flow
        locations = self.control.terrain.locations
        passes = Passes(
            self.control, {each: readings_of(flow, self.document, each) for each in locations}
        )
        found = (*passes.unset(), *passes.stale(), *passes.unvouched())
        first = _one_a_read(each for each in found if passes.is_first(each))
        told = (*(self._border(passes, each) for each in first), *self._endless(passes))
        # A run that dies at a rule goes nowhere from it; what it then misses is no cause.
        dies = any(each.fault.reading.reader == _RULE for each in first)
        return told if dies else (*told, *self._never_taken())

    def _border(self, passes: Passes, found: Found) -> Finding:
        wrong, reading = found.fault.wrong, found.fault.reading
        message, remedy = _told(wrong, reading, passes.cause(found))
        names = path(self.control, found.start, found.way)
        return Finding(
            code=_CODES[wrong],
            place=reading.place,
            message=message,
            remedy=remedy,
            # A rule is read at its own step, so where it would lead is no part of the path.
            path=names[:-1] if reading.reader == _RULE else names,
            witness=witness(self.control, found.start, found.way, found.location),
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
            remedy="Give one rule or failure line of the loop `at_most: N`.",
            path=path(self.control, cycle.start, (*cycle.way, *cycle.round)),
            witness=witness(self.control, cycle.start, cycle.way, target, rounds=cycle.round),
        )

    def _never_taken(self) -> Iterator[Finding]:
        for name, node in self.document.steps.items():
            for ordinal, rule in enumerate(node.next):
                reached = name in self.control.answers and self._is_entered(name)
                if reached and rule.when and (name, ordinal) not in self.control.taken:
                    yield Finding(
                        code="FO307",
                        place=("steps", name, "next", ordinal),
                        message=f"no run ever goes this way to {rule.target}",
                        remedy="Drop it, or change what it asks: the rules before it, what led"
                        " here, or the field's own bounds leave it nothing.",
                    )

    def _is_entered(self, name: str) -> bool:
        return any(state.location == name for state in self.control.states)

    def _place(self, source: str, edge: Edge) -> Place:
        name = name_of(source)
        match edge.move.kind:
            case "answered" | "decided":
                return ("steps", name, "next", edge.move.ordinal)
            case "expired":
                return ("steps", name, "on_deadline")
            case "failed":
                return self._plan_line(name, edge)
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


def _told(wrong: Wrong, reading: Reading, cause: str) -> tuple[str, str]:
    """Say what is wrong with a read, and what would mend it."""
    slot, reader = reading.slot, reading.reader
    match wrong:
        case Wrong.UNSET:
            message = f"{slot} holds no value on some path that reaches {reader}"
            remedy = f"Write {slot} on every path before"
            spared = f", or read it as `{slot}?` where that will do."
            remedy += "." if reader == _RULE or reader.startswith("end") else spared
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


def _notes(flow: CompiledFlow, worst: WorstCase) -> Iterator[Finding]:
    """What the author should know of the budget; a run is held to it in any case."""
    budget = flow.budget
    over = [
        f"{wanted:,} {unit} of {limit:,}"
        for wanted, limit, unit in (
            (worst.calls, budget.model_calls, "model calls"),
            (worst.tokens, budget.tokens, "tokens"),
        )
        if wanted > limit
    ]
    if worst.microusd > budget.microusd:
        over.append(f"${worst.microusd / 1e6:,.2f} of ${budget.microusd / 1e6:,.2f}")
    if over:
        dearest = [f"{name} {each.usage.calls:,} calls" for name, each in worst.steps.items()]
        yield Finding(
            code="FO401",
            severity=Severity.NOTE,
            place=("budget",),
            message=f"at worst a run would need {', '.join(over)}; most go to"
            f" {', '.join(dearest[:3])}",
            remedy="Nothing, if a run that is out of budget may ask or end as planned; else raise"
            " the budget, or lower at_most and repair in those steps.",
        )
    if worst.unpriced and budget.microusd:
        yield Finding(
            code="FO402",
            severity=Severity.NOTE,
            place=("budget", "usd"),
            message=f"nobody knows the price of {', '.join(worst.unpriced)}, so usd bounds none of"
            " its calls",
            remedy="Rely on model_calls and tokens, or use a model with a known price.",
        )
