"""Follows what a run has told, to the state that its interpreter had at any point of its way.

The transitions are enough: they name every value that was made, every rule that was taken and every
failure. What a rule looked at is not asked again, so that a value that is long gone does no harm.
"""

from collections.abc import Callable, Iterable, Sequence

from contracts.compiled import MISSING, CompiledFlow, CompiledRule
from contracts.event import Event, EventKind
from contracts.failure import Failure
from contracts.reference import FactValue, Reference, Value
from contracts.usage import Usage
from contracts.work import FinishedItem, GateDecision, RunProgress, RunStart, StepResult
from workflows.authorship import credit
from workflows.course import Course
from workflows.failures import StepFailed
from workflows.routing import Way, after_failure
from workflows.state import RunState
from workflows.visits import Visit

Work = tuple[str, str]
"""A step, and the item of its fan-out; the empty one where there is none."""

Facts = Callable[[Reference], dict[str, FactValue]]
"""What a flow needs to know of a value; nothing of one that is lost."""

_OF_PLACES = frozenset(
    {
        EventKind.STEP_STARTED,
        EventKind.STEP_COMPLETED,
        EventKind.STEP_FAILED,
        EventKind.GATE_OPENED,
        EventKind.HANDED_OFF,
    }
)
_BY_FAILURE = "on_failure."


class Retracing:
    """The state of a run as far as its transitions have been followed."""

    def __init__(
        self, start: RunStart, flow: CompiledFlow, facts: Facts, decisions: Sequence[GateDecision]
    ) -> None:
        """Stand at the beginning of a run.

        Args:
            start: what its oldest known execution began with.
            flow: the compiled flow that it carries.
            facts: what the flow needs to know of a value.
            decisions: what people decided in it, in the order they sent it.
        """
        self.state = RunState.begin(start, flow, 0)
        self._flow = flow
        self._course = Course(flow, self.state)
        self._facts = facts
        self._decisions = decisions
        self._started: dict[Work, Event] = {}
        self._made: dict[Work, Event] = {}
        self._failures: dict[Work, Failure] = {}
        self._arrive()

    def follow(self, events: Iterable[Event]) -> None:
        """Follow transitions, in the order of their numbers."""
        for event in events:
            if event.seq > self.state.seq:
                self._follow(event)
                self.state.seq = event.seq

    def begins(self, event: Event) -> tuple[str, int] | None:
        """The place whose next visit begins with a transition, and which visit that is."""
        place = self.state.place
        if self._has_entered or event.step != place or event.kind not in _OF_PLACES:
            return None
        return place, self.state.visits.get(place, 0) + 1

    @property
    def is_within(self) -> bool:
        """Whether the place where the run stands has been entered, and not left."""
        return self._has_entered

    def keep_unfinished(self) -> None:
        """Keep what was made when the run was stopped, and is in no slot."""
        self._keep_made()
        self._arrive()

    def _arrive(self) -> None:
        self._has_entered = False
        self._visit: Visit | None = None
        self._decided: Event | None = None

    def _follow(self, event: Event) -> None:
        if self.begins(event):
            self._enter(event.step)
        match event.kind:
            case EventKind.STEP_STARTED:
                self._started[event.step, event.item] = event
                # Ahead of its turn or not, the work counts as a visit from its start.
                self.state.visits[event.step] = event.visit
            case EventKind.STEP_COMPLETED:
                self._made[event.step, event.item] = event
                if event.step != self.state.place:
                    self._keep(event.step, event.item)
            case EventKind.STEP_FAILED if event.failure:
                self._failures[event.step, event.item] = event.failure
            case EventKind.FELL_BACK:
                self._failures.pop((event.step, event.item), None)
            case EventKind.GATE_DECIDED:
                self._decide(event)
            case EventKind.HANDED_OFF:
                self.state.place = self.state.take(self._way(event))
                self._forget(event.step)
                self._arrive()
            case _:
                pass

    def _forget(self, step: str) -> None:
        """Leave a step; what others of its block have made ahead of their turn is still to come."""
        for told in (self._started, self._made, self._failures):
            for work in [each for each in told if each[0] == step]:
                del told[work]

    def _enter(self, place: str) -> None:
        self._has_entered = True
        if any(step == place for step, _ in self._started):
            self.state.visits[place] -= 1
        if place in self._flow.gates:
            self.state.enter(place)
            return
        try:
            self._visit = self._course.enter(place)
        except StepFailed:
            # Refused by the guards, as the run was, or for want of a fact that is lost by now.
            self._visit = None

    def _way(self, event: Event) -> Way:
        if event.rule.startswith(_BY_FAILURE):
            return self._way_after_failure(event)
        gate = self._flow.gates.get(event.step)
        if gate is None:
            self._accept(event.step)
            return self._by_rule(event.step, self._flow.steps[event.step].next, event)
        if self._decided is None:
            is_counted = gate.on_deadline.at_most and event.rule == "deadline"
            return Way(event.to, event.rule, f"{event.step}.on_deadline" if is_counted else "")
        if not gate.answers_failure:
            return self._by_rule(event.step, gate.next, event)
        return self._answered(event)

    def _way_after_failure(self, event: Event) -> Way:
        step = self._flow.steps[event.step]
        self._keep_made()
        failure = self._failure_of(event.step)
        self.state.ask_about(event.step, self.state.visits[event.step], failure)
        return after_failure(event.step, step, failure.kind, self.state.used)

    def _failure_of(self, step: str) -> Failure:
        """The failure that decided: the first one, or the first in the items' order."""
        failures = {item: failure for (of, item), failure in self._failures.items() if of == step}
        if self._flow.steps[step].partial:
            for key in self._keys(step):
                if key in failures:
                    return failures[key]
        return next(iter(failures.values()))

    def _accept(self, name: str) -> None:
        """Make what a step has produced its slot's current value, as `StepRunner` does."""
        step, self.state.failure = self._flow.steps[name], None
        if step.each is None:
            [reference] = self._made[name, ""].references
            self.state.forget_items(name)
            self.state.put(step.writes, (reference,), self._facts(reference))
            return
        keys = self._keys(name) or tuple(item for of, item in self._made if of == name)
        references = [found for key in keys if (found := self._item(name, key))]
        facts: dict[str, FactValue] = {"len()": len(references)}
        if step.partial:
            facts[MISSING] = len(keys) - len(references)
        if references:
            self.state.put(step.writes, references, facts)
        self._course.credit_suppliers(name, references)
        self.state.forget_items(name)

    def _item(self, step: str, key: str) -> Reference | None:
        if made := self._made.get((step, key)):
            return made.references[0]
        kept = self.state.finished_items.get(f"{step}/{key}")
        if kept is None or self._visit is None or kept.inputs != self._visit.digests():
            return None
        return self._course.reference(self._visit, key, kept.result.value)

    def _keys(self, step: str) -> tuple[str, ...]:
        each = self._flow.steps[step].each
        assert each is not None
        keys = self.state.slots[each.slot].facts.get(each.fact)
        return keys if isinstance(keys, tuple) else ()

    def _keep_made(self) -> None:
        for step, item in self._made:
            if step == self.state.place and (step, item) not in self._failures:
                self._keep(step, item)

    def _keep(self, step: str, item: str) -> None:
        """Keep what was made before its slot holds it: an item, or a step ahead of its turn."""
        started = self._started.get((step, item))
        if started is None:
            # Taken up from an earlier visit, and kept since.
            return
        inputs = tuple(held.digest for held in started.references)
        result = _result(self._made[step, item])
        kept = FinishedItem(inputs=inputs, result=result, seq=self.state.seq)
        self.state.remember_items(step, {item: kept})

    def _decide(self, event: Event) -> None:
        self._decided = event
        gate = self._flow.gates[event.step]
        edits = gate.edits
        # An edit takes its place before the decision that speaks of what was shown.
        made = sorted(event.references, key=lambda each: (each.slot != edits, each.slot))
        for reference in made:
            self.state.put(reference.slot, (reference,), self._facts(reference))
            if reference.slot != gate.writes:
                is_edit = reference.slot == edits
                credit(self.state.authors, reference, event.text, is_edit=is_edit)
        if event.budget:
            self.state.raise_budget(event.budget)

    def _answered(self, event: Event) -> Way:
        """Leave a gate that answers failures; supplying a value is as good as the step's work."""
        asked, decided = self.state.failure, self._decided
        if asked is None or decided is None or decided.outcome != "supply":
            return Way(event.to, event.rule)
        step = self._flow.steps[asked.step]
        if step.each and asked.failure.item:
            for each in self._decisions:
                if _is_of(each, decided):
                    return self._course.way_decided(decided.step, decided.visit, each)
        self.state.failure = None
        return self._by_rule(asked.step, step.next, event)

    def _by_rule(self, place: str, rules: Sequence[CompiledRule], event: Event) -> Way:
        """Find the rule that was taken; of several alike the first that was not used up."""
        for ordinal, rule in enumerate(rules):
            counter = f"{place}.next.{ordinal}" if rule.at_most else ""
            is_spent = rule.at_most and self.state.used.get(counter, 0) >= rule.at_most
            if (rule.text, rule.to) == (event.rule, event.to) and not is_spent:
                return Way(rule.to, rule.text, counter, ordinal)
        return Way(event.to, event.rule)


def before_visit(retracing: Retracing, events: Iterable[Event], place: str, visit: int) -> bool:
    """Follow a run's transitions up to a visit of a step or gate. Returns whether it came there."""
    for event in events:
        if retracing.begins(event) == (place, visit):
            return True
        retracing.follow((event,))
    return False


def begun_anew(progress: RunProgress, place: str) -> RunProgress:
    """Let another run begin from what one knew: at a place, with nothing told or spent yet."""
    return progress.model_copy(
        update={
            "place": place,
            "seq": 0,
            "pending": (),
            "notices": (),
            "spent": Usage(),
            "started_ms": 0,
            "waited_ms": 0,
            "executions": 1,
        }
    )


def _result(done: Event) -> StepResult:
    [made] = done.references
    return StepResult(value=Value(digest=made.digest, size=made.size), usage=done.usage or Usage())


def _is_of(sent: GateDecision, decided: Event) -> bool:
    about = (sent.gate, sent.visit, sent.shown, sent.who, sent.action)
    return about == (
        decided.step,
        decided.visit,
        decided.digest,
        decided.text,
        decided.outcome,
    )
