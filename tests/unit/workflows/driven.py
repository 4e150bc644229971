"""Drives a run by hand: the interpreter's own course, with every answer and decision given."""

from typing import Any

from contracts.agent import AgentDeclaration, AgentKind
from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.failure import Failure, FailureKind
from contracts.reference import FactValue, Reference, Trust, Value
from contracts.work import GateDecision, SlotVersion
from services.flows.compile import resolve
from services.flows.document import read_text
from tests.toys import HEAD, toy_catalogue
from tests.unit.workflows.runs import a_start
from workflows.course import Course
from workflows.routing import Way
from workflows.state import RunState


def an_agent(name: str, *reads: str, **changes: Any) -> AgentDeclaration:
    """A code agent that makes a note from notes, as far as a flow needs to know it."""
    given = {
        "name": name,
        "version": 1,
        "kind": AgentKind.CODE,
        "summary": "a toy",
        "receives": dict.fromkeys(reads, "Note@1"),
        "produces": "Note@1",
        "trust": Trust.MODEL,
    }
    return AgentDeclaration.model_validate({**given, **changes})


def a_flow(
    body: str, *agents: AgentDeclaration, borders: int = 2, head: str = HEAD
) -> CompiledFlow:
    """Resolve a flow without asking how it behaves, so that what goes wrong can be watched."""
    file = read_text("toy.yaml", head + body)
    flow = resolve(file.document, file.digest, toy_catalogue(*agents))
    return flow.model_copy(update={"borders": borders})


class DrivenRun:
    """One run, one move at a time."""

    def __init__(self, flow: CompiledFlow) -> None:
        self.state = RunState.begin(a_start(flow), flow, now_ms=0)
        self.course = Course(flow, self.state)
        self._made = 0

    @property
    def place(self) -> str:
        """Where the run is."""
        return self.state.place

    def value(self, **facts: FactValue) -> Value:
        """A value like no other, with these facts."""
        self._made += 1
        return Value(digest=digest(str(self._made).encode()), size=1, facts=facts)

    def held(self, slot: str) -> Reference:
        """The current value of a slot."""
        return self.state.slots[slot].references[0]

    def answer(self, **facts: FactValue) -> str:
        """Let the step at hand make a value; returns where that leads."""
        name, value = self.place, self.value(**facts)
        visit = self.course.enter(name)
        self.course.accept(visit, (self.course.reference(visit, "", value),), value.facts)
        return self._go(self.course.way_on(name))

    def fail(self, kind: FailureKind = FailureKind.EMPTY, item: str = "") -> str:
        """Let the step at hand fail, its remedies used up."""
        visit = self.course.enter(self.place)
        failure = Failure(kind=kind, step=visit.name, item=item, message="told so")
        return self._go(self.course.way_after(visit.name, failure))

    def decide(self, verdict: str, edited: Value | None = None) -> str:
        """Let a person decide at the gate at hand."""
        self.course.shown(self.place)
        return self._take(decision=self.value(verdict=verdict), edited=edited)

    def handle(self, action: str, **given: Any) -> str:
        """Let a person answer the failure at hand."""
        return self._take(action=action, **given)

    def expire(self) -> str:
        """Let the deadline of the gate at hand pass."""
        self.state.enter(self.place)
        return self._go(self.course.way_expired(self.place))

    def replace(self, slot: str, *made_from: str) -> None:
        """Put a new value into a slot from outside, made from these versions."""
        fresh = self.held(slot).model_copy(
            update={"ordinal": self.state.next_ordinal(slot), "made_from": made_from, "about": ()}
        )
        self.state.put(slot, (fresh,), self.state.slots[slot].facts)

    def current(self, slot: str) -> SlotVersion:
        """What a slot holds, facts included."""
        return self.state.slots[slot]

    def _take(self, **given: Any) -> str:
        visit = self.state.enter(self.place)
        common = {"id": "d", "gate": self.place, "visit": visit, "shown": "0" * 64, "who": "eva"}
        decision = GateDecision.model_validate({**common, **given})
        return self._go(self.course.way_decided(self.place, visit, decision))

    def _go(self, way: Way) -> str:
        self.state.place = self.state.take(way)
        return self.place
