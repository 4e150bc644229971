"""Folds a run's transitions into the gate that waits: whom it asks, about what, who approved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contracts.compiled import CompiledFlow, CompiledGate
from contracts.content.decision import DecisionVerdict
from contracts.event import Event, EventKind
from contracts.failure import Failure
from contracts.flow import GateAction
from contracts.run import Approval, GateView
from contracts.work import FinishedItem, GateDecision
from services.runs.history import Told
from workflows.authorship import barred, begun_by, credit
from workflows.gates import OpenGate, may_supply, open_roles

_CLOSED = (EventKind.GATE_DECIDED, EventKind.GATE_EXPIRED, EventKind.RUN_ENDED)


@dataclass
class _Waiting:
    """A gate that has opened, and what has happened at it since."""

    opened: Event
    reminded: int = 0
    asked: list[str] = field(default_factory=list)
    """Roles in the order in which they were asked."""

    approvals: list[Approval] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take a transition into account that belongs to this gate."""
        if event.kind is EventKind.REMINDED:
            self.reminded += 1
        elif event.kind is EventKind.ESCALATED:
            self.asked.append(event.role)
        elif event.kind is EventKind.APPROVED:
            approval = Approval(role=event.role, who=event.text, at_ms=event.at_ms)
            self.approvals.append(approval)


def open_gate(told: Told, flow: CompiledFlow) -> GateView | None:
    """Find the gate that waits, if one does."""
    waiting = _waiting(told.ordered())
    if waiting is None or told.outcome or waiting.opened.digest is None:
        return None
    opened = waiting.opened
    gate = flow.gates[opened.step]
    role = waiting.asked[-1] or gate.role
    return GateView(
        run=told.start.run,
        flow=flow.name,
        gate=opened.step,
        visit=opened.visit,
        role=role,
        asks=_asks(gate, opened.failure),
        opened_ms=opened.at_ms,
        deadline_ms=opened.deadline_ms,
        shown=opened.digest or "",
        references=opened.references,
        failure=opened.failure,
        remedy=opened.failure.remedy if opened.failure else "",
        allow=_offered(flow, gate, opened.failure),
        edits=gate.edits,
        go=gate.go,
        verdicts=verdicts(gate),
        escalated_from=tuple(waiting.asked[:-1]),
        reminded=waiting.reminded,
        approvals=tuple(waiting.approvals),
        needed=gate.approvers.need if gate.approvers else 0,
        roles=_roles(gate, role, waiting.approvals),
        not_author=bool(gate.approvers and gate.approvers.not_author),
    )


def as_the_run_sees_it(told: Told, flow: CompiledFlow, view: GateView) -> OpenGate:
    """Rebuild a waiting gate with every approval that was sent to it, taken by a worker or not.

    Where one decides, nothing is counted: the run itself takes the first that reaches it.
    """
    gate = flow.gates[view.gate]
    authors = _authors(told, flow, view) if view.not_author else frozenset()
    opened = OpenGate(view.gate, view.visit, gate, view.shown, authors=authors, role=view.role)
    for decision in told.decisions if gate.approvers else ():
        if _is_for(decision, view) and not opened.objection(decision):
            opened.take(decision)
    return opened


def verdicts(gate: CompiledGate) -> tuple[str, ...]:
    """List what an editor may say at a gate; nothing at one about a failure."""
    if gate.answers_failure:
        return ()
    unable = {
        *(() if gate.edits else (DecisionVerdict.EDITED,)),
        *(() if gate.revises else (DecisionVerdict.REVISE,)),
    }
    return tuple(each.value for each in DecisionVerdict if each not in unable)


def _waiting(events: Iterable[Event]) -> _Waiting | None:
    found: _Waiting | None = None
    for event in events:
        if event.kind is EventKind.GATE_OPENED:
            found = _Waiting(event, asked=[event.text])
        elif event.kind in _CLOSED:
            found = None
        elif found:
            found.add(event)
    return found


def _is_for(decision: GateDecision, view: GateView) -> bool:
    return (decision.gate, decision.visit) == (view.gate, view.visit)


def _authors(told: Told, flow: CompiledFlow, view: GateView) -> frozenset[str]:
    """Who wrote by hand what is shown, or started the run; see `Course.authors`."""
    authors: dict[str, tuple[str, ...]] = {}
    supplied: dict[tuple[str, str, str], str] = {}
    if known := told.start.progress:
        authors |= known.authors
        supplied |= _kept(flow, known.finished_items)
    else:
        begun_by(authors, flow.input, told.start.by)
    asked: Failure | None = None
    for event in told.ordered():
        if event.kind is EventKind.GATE_OPENED:
            asked = event.failure
        elif event.kind is EventKind.GATE_DECIDED:
            _credit(authors, flow.gates[event.step], event)
            if asked and event.outcome == "supply":
                supplied[flow.steps[asked.step].writes, asked.item, event.step] = event.text
    for held in view.references:
        if who := supplied.get((held.slot, held.item, held.produced_by)):
            credit(authors, held, who, is_edit=False)
    return barred(authors, flow.input, view.references)


def _credit(authors: dict[str, tuple[str, ...]], gate: CompiledGate, decided: Event) -> None:
    for made in decided.references:
        if made.slot != gate.writes:
            credit(authors, made, decided.text, is_edit=made.slot == gate.edits)


def _kept(flow: CompiledFlow, items: Mapping[str, FinishedItem]) -> dict[tuple[str, str, str], str]:
    """List who supplied which item of which slot at which gate, before this run began."""
    return {
        (flow.steps[name.partition("/")[0]].writes, name.partition("/")[2], kept.supplied_at): (
            kept.supplied_by
        )
        for name, kept in items.items()
    }


def _roles(gate: CompiledGate, role: str, approvals: Iterable[Approval]) -> tuple[str, ...]:
    if gate.approvers is None:
        return (role,)
    return open_roles(gate.approvers, role, [each.role for each in approvals])


def _asks(gate: CompiledGate, failure: Failure | None) -> str:
    """Say in a few words what a gate is about."""
    if failure:
        where = f"{failure.step} of {failure.item}" if failure.item else failure.step
        return f"{where} failed: {failure.kind}"
    if gate.answers_failure:
        return "a failure"
    about = gate.edits or (gate.shows[-1] if gate.shows else "")
    return f"approve {about}".strip()


def _offered(
    flow: CompiledFlow, gate: CompiledGate, failure: Failure | None
) -> tuple[GateAction, ...]:
    """What the gate allows, less what nobody can do about this failure."""
    supplies = failure is None or may_supply(flow, failure.step, failure.item)
    return tuple(action for action in gate.allow if action != "supply" or supplies)
