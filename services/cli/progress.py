"""Folds a run's events into what can be told of it: which step, how far, how long, at what cost.

Pure: a snapshot or an event in, a new state out. An event that comes twice, or after a snapshot
that tells of it already, changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from contracts.event import Event, EventKind
from contracts.failure import Failure
from contracts.reference import Digest, Reference
from contracts.run import GateView, StepStatus, StepView
from contracts.usage import Usage

DEFAULT_RULE: Final = "else"


@dataclass(frozen=True)
class Item:
    """One piece of work: an item of a fan-out, or the whole of a visit."""

    started_ms: int
    ended_ms: int | None = None
    usage: Usage = field(default_factory=Usage)
    failure: Failure | None = None
    produced: tuple[Reference, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether it has come to an end, good or bad."""
        return self.ended_ms is not None


@dataclass(frozen=True)
class Question:
    """What a gate asks a person."""

    role: str
    shown: Digest
    deadline_ms: int
    failure: Failure | None = None


@dataclass(frozen=True)
class Visit:
    """One visit of a step or a gate."""

    step: str
    number: int
    agent: str = ""
    items: Mapping[str, Item] = field(default_factory=dict)
    """By item key; the key of a visit without items is empty."""

    question: Question | None = None
    """What is asked, when this is a gate."""

    answer: str = ""
    """Who decided, once somebody has."""

    way: str = ""
    """Where it led, when a rule chose."""

    left: bool = False
    """The run has gone on from here."""

    notes: tuple[str, ...] = ()
    """What happened on the way: rejected answers, further attempts, restored memory."""

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Why it failed, for each piece of work that did."""
        return tuple(item.failure for item in self.items.values() if item.failure)

    @property
    def usage(self) -> Usage:
        """What it has cost so far."""
        return sum((item.usage for item in self.items.values()), Usage())

    @property
    def produced(self) -> tuple[Reference, ...]:
        """What came out of it so far."""
        return tuple(reference for item in self.items.values() for reference in item.produced)

    @property
    def is_fan_out(self) -> bool:
        """Whether it works on items."""
        return any(self.items)

    def milliseconds(self, now_ms: int) -> int:
        """Tell how long it has taken, or took."""
        began = min((item.started_ms for item in self.items.values()), default=now_ms)
        ends = [item.ended_ms for item in self.items.values()]
        ended = [each for each in ends if each is not None]
        is_over = self.left or len(ended) == len(ends)
        # Of work that was stopped nobody knows when; what is known is shown.
        return max(0, (max(ended, default=began) if is_over else now_ms) - began)


@dataclass(frozen=True)
class Progress:
    """A run as far as it has told of itself."""

    visits: tuple[Visit, ...] = ()
    """In the order in which they began."""

    seen: frozenset[str] = frozenset()
    outcome: str = ""
    reason: str = ""

    def take_over(self, steps: Iterable[StepView], gate: GateView | None = None) -> "Progress":
        """Add what a snapshot tells."""
        state = self
        for view in sorted(steps, key=lambda each: each.seq):
            state = state._put(_merged(state._find(view.step, view.visit), view))
        if gate:
            asked = Question(gate.role, gate.shown, gate.deadline_ms, gate.failure)
            waiting = state._find(gate.gate, gate.visit)
            items = waiting.items or {"": Item(started_ms=gate.opened_ms)}
            state = state._put(replace(waiting, question=asked, items=items))
        return state._all_but_last_left()

    def ended(self, outcome: str, reason: str = "") -> "Progress":
        """Add that the run has ended."""
        visits = tuple(replace(visit, left=True) for visit in self.visits)
        return replace(
            self, visits=visits, outcome=self.outcome or outcome, reason=self.reason or reason
        )

    def take(self, event: Event) -> "Progress":
        """Add what an event tells."""
        if event.identity() in self.seen or event.kind not in _TOLD:
            return self
        state = replace(self, seen=self.seen | {event.identity()})
        if event.kind is EventKind.RUN_ENDED:
            return state.ended(event.outcome, event.text)
        if event.kind is EventKind.HANDED_OFF:
            return state._hand_off(event)
        visit = _FOLDS[event.kind](state._find(event.step, event.visit), event)
        return state._put(visit)._all_but_last_left()

    def last_visit(self, step: str) -> Visit | None:
        """Find the latest visit of a step."""
        return next((visit for visit in reversed(self.visits) if visit.step == step), None)

    def _find(self, step: str, number: int) -> Visit:
        for visit in self.visits:
            if (visit.step, visit.number) == (step, number):
                return visit
        return Visit(step, number)

    def _put(self, changed: Visit) -> "Progress":
        same = (changed.step, changed.number)
        visits = tuple(
            changed if (visit.step, visit.number) == same else visit for visit in self.visits
        )
        if changed not in visits:
            visits = (*visits, changed)
        return replace(self, visits=visits)

    def _hand_off(self, event: Event) -> "Progress":
        visit = self.last_visit(event.step)
        if visit is None:
            return self
        way = "" if event.rule == DEFAULT_RULE else f"→ {event.to}"
        return self._put(replace(visit, left=True, way=way))

    def _all_but_last_left(self) -> "Progress":
        """A flow goes one way at a time: where a later visit has begun, earlier ones are over."""
        before, last = self.visits[:-1], self.visits[-1:]
        return replace(self, visits=(*(replace(each, left=True) for each in before), *last))


def _merged(visit: Visit, view: StepView) -> Visit:
    """Bring a visit up to what a snapshot knows of one piece of it."""
    # At a gate the failure is what is asked about, not the gate's own.
    failure = view.failure if view.status is StepStatus.FAILED else None
    item = Item(
        started_ms=view.started_ms,
        ended_ms=view.ended_ms,
        usage=view.usage or (failure.usage if failure else Usage()),
        failure=failure,
        produced=view.produced,
    )
    merged = replace(visit, agent=view.agent or visit.agent, items={**visit.items, view.item: item})
    if view.status is StepStatus.WAITING and visit.question is None:
        question = Question(role="", shown="", deadline_ms=0, failure=view.failure)
        return replace(merged, question=question)
    if view.status in (StepStatus.DECIDED, StepStatus.EXPIRED):
        question = visit.question or Question(role="", shown="", deadline_ms=0)
        answer = visit.answer or ("decided" if view.status is StepStatus.DECIDED else "expired")
        return replace(merged, question=question, answer=answer)
    return merged


def _started(visit: Visit, event: Event) -> Visit:
    if event.item in visit.items:
        return visit
    items = {**visit.items, event.item: Item(started_ms=event.at_ms)}
    return replace(visit, agent=event.agent or visit.agent, items=items)


def _produced(visit: Visit, event: Event) -> Visit:
    """Count an item as done when its activity says so; the interpreter tells of it later."""
    item = visit.items.get(event.item)
    if item is None or item.is_done:
        return visit
    return _with(visit, event, replace(item, ended_ms=event.at_ms, usage=event.usage or Usage()))


def _completed(visit: Visit, event: Event) -> Visit:
    item = visit.items.get(event.item, Item(started_ms=event.at_ms))
    done = replace(
        item,
        ended_ms=item.ended_ms or event.at_ms,
        usage=event.usage or item.usage,
        produced=event.references,
    )
    return _with(visit, event, done)


def _failed(visit: Visit, event: Event) -> Visit:
    item = visit.items.get(event.item, Item(started_ms=event.at_ms))
    usage = event.failure.usage if event.failure else item.usage
    ended = replace(item, ended_ms=event.at_ms, failure=event.failure, usage=usage)
    return _with(visit, event, ended)


def _opened(visit: Visit, event: Event) -> Visit:
    if visit.answer:
        return visit
    question = Question(event.text, event.digest or "", event.deadline_ms, event.failure)
    items = visit.items or {"": Item(started_ms=event.at_ms)}
    return replace(visit, question=question, items=items)


def _decided(visit: Visit, event: Event) -> Visit:
    role = f" as {event.role}" if event.role else ""
    how = f"{event.outcome} by {event.text}{role}" if event.text else event.outcome
    return _answered(visit, event, how)


def _reminded(visit: Visit, event: Event) -> Visit:
    return _noted(visit, event, f"{event.role} was reminded")


def _escalated(visit: Visit, event: Event) -> Visit:
    question = replace(visit.question, role=event.role) if visit.question else None
    note = f"{event.text} did not decide; {event.role} is asked now"
    return _noted(replace(visit, question=question), event, note)


def _approved(visit: Visit, event: Event) -> Visit:
    return _noted(visit, event, f"approved by {event.text} as {event.role}")


def _expired(visit: Visit, event: Event) -> Visit:
    return _answered(visit, event, "expired")


def _answered(visit: Visit, event: Event, answer: str) -> Visit:
    item = visit.items.get("", Item(started_ms=event.at_ms))
    question = visit.question or Question(role="", shown="", deadline_ms=0)
    ended = replace(item, ended_ms=event.at_ms, produced=event.references)
    return replace(visit, question=question, answer=answer, items={**visit.items, "": ended})


def _tried_again(visit: Visit, event: Event) -> Visit:
    if event.attempt < 2:
        return visit
    return _noted(visit, event, f"attempt {event.attempt}")


def _attempt_failed(visit: Visit, event: Event) -> Visit:
    why = f"{event.failure.kind}: {event.failure.message}" if event.failure else event.text
    return _noted(visit, event, f"attempt {event.attempt} failed: {why}")


def _rejected(visit: Visit, event: Event) -> Visit:
    return _noted(visit, event, f"answer {event.exchange} rejected: {event.outcome}: {event.text}")


def _restored(visit: Visit, event: Event) -> Visit:
    return _noted(visit, event, f"memory had lost {event.text}; restored")


def _noted(visit: Visit, event: Event, text: str) -> Visit:
    note = f"{event.item}: {text}" if event.item else text
    return replace(visit, notes=(*visit.notes, note))


def _with(visit: Visit, event: Event, item: Item) -> Visit:
    items = {**visit.items, event.item: item}
    return replace(visit, agent=event.agent or visit.agent, items=items)


_FOLDS: Final = {
    EventKind.STEP_STARTED: _started,
    EventKind.STEP_COMPLETED: _completed,
    EventKind.STEP_FAILED: _failed,
    EventKind.PRODUCED: _produced,
    EventKind.GATE_OPENED: _opened,
    EventKind.GATE_DECIDED: _decided,
    EventKind.GATE_EXPIRED: _expired,
    EventKind.REMINDED: _reminded,
    EventKind.ESCALATED: _escalated,
    EventKind.APPROVED: _approved,
    EventKind.ATTEMPT_STARTED: _tried_again,
    EventKind.ATTEMPT_FAILED: _attempt_failed,
    EventKind.ANSWER_REJECTED: _rejected,
    EventKind.MEMORY_RESTORED: _restored,
}
_TOLD: Final = frozenset({*_FOLDS, EventKind.RUN_ENDED, EventKind.HANDED_OFF})
"""Other kinds say nothing of one visit: pauses, a new history, text as it streams."""
