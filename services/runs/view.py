"""Folds a run's transitions into what people ask for: steps, hand-offs, slots."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.compiled import CompiledBudget, CompiledFlow
from contracts.event import Event, EventKind
from contracts.reference import Reference, Trust
from contracts.run import HandOff, SlotView, StepStatus, StepView
from contracts.usage import Usage
from contracts.work import RunStart
from services.runs.history import Told
from workflows.remembering import pinned_reference

_STEP_ENDS = {
    EventKind.STEP_COMPLETED: StepStatus.COMPLETED,
    EventKind.STEP_FAILED: StepStatus.FAILED,
    EventKind.GATE_DECIDED: StepStatus.DECIDED,
    EventKind.GATE_EXPIRED: StepStatus.EXPIRED,
}
_Work = tuple[str, int, str]


def steps(told: Told) -> tuple[StepView, ...]:
    """List every piece of work in the order it was started."""
    views: dict[_Work, StepView] = {}
    for event in told.ordered():
        work = (event.step, event.visit, event.item)
        if event.kind in (EventKind.STEP_STARTED, EventKind.GATE_OPENED):
            views[work] = _started(event)
        elif event.kind in _STEP_ENDS:
            views[work] = _ended(views.get(work), event)
    return tuple(_as_history_knows(view, told) for view in views.values())


def _started(event: Event) -> StepView:
    is_gate = event.kind is EventKind.GATE_OPENED
    return StepView(
        seq=event.seq,
        step=event.step,
        agent=event.agent,
        visit=event.visit,
        item=event.item,
        status=StepStatus.WAITING if is_gate else StepStatus.RUNNING,
        started_ms=event.at_ms,
        received=event.references,
        failure=event.failure,
    )


def _ended(view: StepView | None, event: Event) -> StepView:
    """Close a piece of work; one that was refused before it started begins and ends at once."""
    return (view or _started(event)).model_copy(
        update={
            "status": _STEP_ENDS[event.kind],
            "ended_ms": event.at_ms,
            "produced": event.references,
            "usage": event.usage,
            "failure": event.failure,
        }
    )


def _as_history_knows(view: StepView, told: Told) -> StepView:
    """Add attempts; a result may be in history before the interpreter has told of it."""
    view = view.model_copy(update={"attempt": told.attempts.get(view.seq, 1)})
    result = told.results.get(view.seq)
    if view.status is not StepStatus.RUNNING or result is None:
        return view
    return view.model_copy(update={"status": StepStatus.COMPLETED, "usage": result.usage})


def spent(told: Told) -> Usage:
    """Sum what a run has spent so far, failed steps included."""
    if told.outcome:
        return told.outcome.spent
    for event in reversed(told.ordered()):
        if event.kind is EventKind.RUN_ENDED and event.usage:
            return event.usage
    works = steps(told)
    paid = [work.usage for work in works if work.usage]
    # A gate shows the failure of the step it asks about, which that step has told already.
    lost = [work.failure.usage for work in works if work.failure and work.agent]
    return sum([*paid, *lost], Usage())


def budget(told: Told, flow: CompiledFlow) -> CompiledBudget:
    """The budget in force: the flow's, or what a person raised it to."""
    raised = [event.budget for event in told.ordered() if event.budget]
    before = told.start.progress
    return raised[-1] if raised else before.budget if before else flow.budget


@dataclass
class _Source:
    """What a step or gate was given and has made since it last handed something on."""

    received: tuple[Reference, ...] = ()
    produced: dict[tuple[str, str], Reference] = field(default_factory=dict)
    """By slot and item."""

    items: dict[str, int] = field(default_factory=dict)
    """The items of a fan-out, which are started in their declared order."""

    def start(self, event: Event) -> None:
        """Begin a visit; one that takes up a fan-out again keeps the items that are done."""
        self.received = event.references
        if event.item:
            self.items.setdefault(event.item, len(self.items))
        else:
            self.produced.clear()

    def in_order(self) -> tuple[Reference, ...]:
        """List what was made, the items of a fan-out in their order."""
        return tuple(
            sorted(
                self.produced.values(),
                key=lambda each: (each.slot, self.items.get(each.item, len(self.items))),
            )
        )


def hand_offs(told: Told) -> tuple[HandOff, ...]:
    """List every border that was crossed, in order. A step that failed hands nothing over."""
    crossed: list[HandOff] = []
    sources: dict[str, _Source] = {}
    for event in told.ordered():
        source = sources.setdefault(event.step, _Source())
        if event.kind in (EventKind.STEP_STARTED, EventKind.GATE_OPENED):
            source.start(event)
        elif event.kind in (EventKind.STEP_COMPLETED, EventKind.GATE_DECIDED):
            source.produced.update({(each.slot, each.item): each for each in event.references})
        elif event.kind is EventKind.HANDED_OFF:
            failed = event.rule.startswith("on_failure.")
            crossed.append(
                HandOff(
                    seq=event.seq,
                    at_ms=event.at_ms,
                    source=event.step,
                    target=event.to,
                    rule=event.rule,
                    received=source.received,
                    produced=() if failed else source.in_order(),
                )
            )
            if not failed:
                del sources[event.step]
    return tuple(crossed)


def slots(told: Told, flow: CompiledFlow) -> tuple[SlotView, ...]:
    """List every slot with all the values it held."""
    held: dict[str, list[Reference]] = {name: [] for name in flow.slots}
    for reference in _at_start(told.start, flow):
        held[reference.slot].append(reference)
    pinned = told.start.entries
    for event in told.ordered():
        if event.kind in (EventKind.STEP_COMPLETED, EventKind.GATE_DECIDED):
            for reference in event.references:
                held[reference.slot].append(reference)
    return tuple(
        SlotView(
            slot=name,
            type=flow.slots[name],
            versions=tuple(references),
            entry=pinned[name].entry if name in pinned else "",
            entry_version=pinned[name].version if name in pinned else 0,
        )
        for name, references in held.items()
    )


def _at_start(start: RunStart, flow: CompiledFlow) -> Iterator[Reference]:
    """List what a run begins with: what it was given, or what it goes on with."""
    if start.progress:
        for held in start.progress.slots.values():
            yield from held.references
        return
    for slot, value in start.input.items():
        yield Reference(
            slot=slot,
            ordinal=1,
            contract=flow.slots[slot],
            digest=value.digest,
            size=value.size,
            trust=Trust.OPERATOR,
            produced_by="input",
        )
    for slot, entry in start.entries.items():
        yield pinned_reference(slot, entry)


def place(told: Told) -> str:
    """Where a run is: the end it came to, or the step or gate it entered last."""
    if told.outcome:
        return told.outcome.end
    for event in reversed(told.ordered()):
        if event.kind in (EventKind.HANDED_OFF, EventKind.RUN_ENDED):
            return event.to
        if event.step:
            return event.step
    return ""
