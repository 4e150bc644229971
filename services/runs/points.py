"""Points on the way of a run: what it knew there, rebuilt from what its history tells."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from contracts.compiled import CompiledFlow
from contracts.event import EventKind
from contracts.facts import project
from contracts.reference import FactValue, Reference
from contracts.registry import Registry
from contracts.run import RunStatus
from contracts.work import RunProgress
from services.errors import ConflictError, InputInvalidError, NotFoundError
from services.memory.memory import Memory
from services.runs import view
from services.runs.history import Told
from workflows.ledger import doers
from workflows.retracing import Retracing, before_visit
from workflows.stale_ahead import looked_at


@dataclass(frozen=True)
class Point:
    """A moment before a visit of a step or gate."""

    place: str
    visit: int
    progress: RunProgress
    """What the run knew then."""


@dataclass(frozen=True)
class Wanted:
    """What is changed, for finding where it first matters."""

    inputs: Collection[str] = ()
    """Slots, whichever value they hold."""

    values: Collection[str] = ()
    """Slots, from the last value on that they held."""

    agents: Collection[str] = ()


@dataclass
class PastRun:
    """A run as far as its history tells of it."""

    told: Told
    flow: CompiledFlow
    facts: Mapping[tuple[str, str], dict[str, FactValue]] = field(default_factory=dict)
    """What the flow needs to know of a value, by slot and digest; nothing of what is lost."""

    def at(self, place: str, visit: int | None) -> Point:
        """Stand before a visit of a step or gate, by default the last.

        Raises:
            NotFoundError: the flow has no such place, or the run never came there so often.
        """
        if place not in (*self.flow.steps, *self.flow.gates):
            known = ", ".join((*self.flow.steps, *self.flow.gates))
            raise NotFoundError(f"flow {self.flow.name} has no step {place!r}; it has {known}")
        begun = [number for each, number in self._begun() if each == place]
        wanted = visit or (begun[-1] if begun else 1)
        if wanted not in begun:
            came = f"{len(begun)} time(s)" if begun else "never"
            raise NotFoundError(
                f"run {self.told.start.run!r} came to {place} {came}, and not to visit {wanted};"
                " `orchestra runs steps` lists what it did"
            )
        return self._before(place, wanted)

    def at_failure(self, status: RunStatus) -> Point:
        """Stand where a run failed, with the items of a fan-out that it had finished.

        Raises:
            ConflictError: it goes on, it ended as it was meant to, or nothing in it failed.
        """
        run = self.told.start.run
        if not status.is_final:
            raise ConflictError(f"run {run!r} is {status}; only a run that has ended is retried")
        if status in (RunStatus.SUCCEEDED, RunStatus.REJECTED):
            raise ConflictError(f"run {run!r} {status}; begin somewhere in it with a fork")
        retracing = self._retracing()
        retracing.follow(self.told.ordered())
        retracing.keep_unfinished()
        progress = retracing.state.progress()
        place = self._failed(progress)
        if not place:
            raise ConflictError(
                f"run {run!r} {status} by the rules of its flow, and no step of it failed; begin"
                " somewhere in it with a fork"
            )
        failure_lines = f"{place}.on_failure."
        used = {key: n for key, n in progress.used.items() if not key.startswith(failure_lines)}
        anew = progress.model_copy(update={"failure": None, "used": used})
        return Point(place, progress.visits.get(place, 0) + 1, anew)

    def standing(self) -> Point:
        """Stand where a run is that waits at a gate, or is held up between two steps.

        Raises:
            ConflictError: a step of it is at work.
        """
        retracing = self._retracing()
        retracing.follow(self.told.ordered())
        place = retracing.state.place
        if retracing.is_within and place not in self.flow.gates:
            run = self.told.start.run
            raise ConflictError(
                f"{place} of run {run!r} is at work; `orchestra runs pause {run}`, and move it when"
                " the step has ended"
            )
        if retracing.is_within:
            return self.at(place, None)
        progress = retracing.state.progress()
        return Point(place, progress.visits.get(place, 0) + 1, progress)

    def first_use(self, wanted: Wanted) -> Point:
        """Stand before the first visit that something changed matters to.

        Raises:
            InputInvalidError: it mattered to none.
        """
        last = {
            slot.slot: slot.versions[-1].ordinal
            for slot in view.slots(self.told, self.flow)
            if slot.slot in wanted.values and slot.versions
        }
        retracing = self._retracing()
        for event in self.told.ordered():
            if begun := retracing.begins(event):
                held = retracing.state.slots
                changed = {
                    slot
                    for slot, ordinal in last.items()
                    if slot in held and held[slot].references[0].ordinal == ordinal
                }
                if self._matters(begun[0], {*wanted.inputs, *changed}, wanted.agents):
                    return Point(*begun, retracing.state.progress())
            retracing.follow((event,))
        raise InputInvalidError(
            f"what is changed mattered to no step of run {self.told.start.run!r}; say where to"
            " begin, with `at`"
        )

    def _failed(self, progress: RunProgress) -> str:
        """Find the step or gate that a run failed at; empty where none did."""
        outcome = self.told.outcome
        if progress.failure:
            return progress.failure.step
        if progress.place not in self.flow.ends:
            return progress.place
        if outcome and outcome.failure and outcome.failure.step in self.flow.steps:
            return outcome.failure.step
        left = [each for each in self.told.ordered() if each.kind is EventKind.HANDED_OFF]
        return left[-1].step if left and left[-1].rule.startswith("deadline") else ""

    def _matters(self, place: str, slots: Collection[str], agents: Collection[str]) -> bool:
        if place in self.flow.gates:
            gate = self.flow.gates[place]
            used = {*gate.shows, *looked_at(gate.next, gate.writes or "")}
            return not used.isdisjoint(slots)
        step = self.flow.steps[place]
        used = {*(read.slot for read in step.reads), *looked_at(step.next, step.writes)}
        used |= {step.each.slot} if step.each else set()
        return not used.isdisjoint(slots) or not set(doers(step)).isdisjoint(agents)

    def _begun(self) -> Iterator[tuple[str, int]]:
        retracing = self._retracing()
        for event in self.told.ordered():
            if begun := retracing.begins(event):
                yield begun
            retracing.follow((event,))

    def _before(self, place: str, visit: int) -> Point:
        retracing = self._retracing()
        before_visit(retracing, self.told.ordered(), place, visit)
        return Point(place, visit, retracing.state.progress())

    def _retracing(self) -> Retracing:
        def facts(reference: Reference) -> dict[str, FactValue]:
            return self.facts.get((reference.slot, reference.digest), {})

        return Retracing(self.told.start, self.flow, facts, self.told.decisions)


async def past_run(
    memory: Memory, registry: Registry, tenant: str, told: Told, flow: CompiledFlow
) -> PastRun:
    """Read what retracing a run needs of its values.

    Raises:
        UnavailableError: memory, archive or Temporal does not answer.
    """
    held = [
        each
        for slot in view.slots(told, flow)
        if not flow.list_slot(slot.slot) and flow.facts.get(slot.slot)
        for each in slot.versions
    ]
    bodies = await memory.look_up(tenant, told.start.run, [each.digest for each in held])
    facts = {
        (each.slot, each.digest): facts_of(each, bodies[each.digest], flow, registry)
        for each in held
        if each.digest in bodies
    }
    return PastRun(told, flow, facts)


def facts_of(
    reference: Reference, body: bytes, flow: CompiledFlow, registry: Registry
) -> dict[str, FactValue]:
    """Compute what a flow needs to know of a value.

    Raises:
        MissingMigrationError: the value does not become what the flow's slot holds.
    """
    wanted = flow.slots[reference.slot]
    value = registry.read(body, reference.contract, wanted)
    return project(value, flow.facts.get(reference.slot, ()))
