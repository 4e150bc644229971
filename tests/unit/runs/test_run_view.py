"""What people see of a run, folded from what the interpreter told."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.compiled import CompiledBudget
from contracts.event import Event, EventKind
from contracts.failure import Failure, FailureKind
from contracts.reference import Reference
from contracts.run import StepStatus
from contracts.usage import Usage
from contracts.work import RunOutcome, StepResult
from services.runs import view
from services.runs.history import Told
from services.runs.open_gates import open_gate
from tests.unit.workflows.driven import a_flow, an_agent
from tests.unit.workflows.runs import BUDGET, a_reference, a_start, a_value, asking_flow

FLOW = asking_flow()
DENIED = Failure(
    kind=FailureKind.DENIED, message="no key", step="write", usage=Usage(calls=1, input_tokens=7)
)


def _told(*events: dict[str, Any], **changes: Any) -> Told:
    """Number transitions as the interpreter does; each takes a second."""
    numbered = {
        seq: Event.model_validate({"seq": seq, "at_ms": seq * 1000, **event})
        for seq, event in enumerate(events, start=1)
    }
    return Told(a_start(FLOW), numbered, **changes)


def _of(kind: EventKind) -> Callable[..., dict[str, Any]]:
    return lambda step, **fields: {"kind": kind, "step": step, "visit": 1, **fields}


started = _of(EventKind.STEP_STARTED)
completed = _of(EventKind.STEP_COMPLETED)
failed = _of(EventKind.STEP_FAILED)
opened = _of(EventKind.GATE_OPENED)
decided = _of(EventKind.GATE_DECIDED)
expired = _of(EventKind.GATE_EXPIRED)


def handed(step: str, to: str, rule: str = "else") -> dict[str, Any]:
    """A border that was crossed."""
    return {"kind": EventKind.HANDED_OFF, "step": step, "to": to, "rule": rule}


def _item(key: str, letter: str, visit: int = 1) -> Reference:
    return a_reference("parts", letter, item=key, visit=visit)


def test_a_step_is_shown_with_what_it_received_and_produced() -> None:
    """A completed step has its inputs, its product, its cost and its times."""
    given, made, usage = (a_reference("start"),), (a_reference("first", "b"),), Usage(calls=1)
    told = _told(
        started("one", agent="writer", references=given),
        completed("one", references=made, usage=usage),
    )

    [step] = view.steps(told)

    assert (step.status, step.agent, step.usage) == (StepStatus.COMPLETED, "writer", usage)
    assert (step.received, step.produced) == (given, made)
    assert (step.started_ms, step.ended_ms) == (1000, 2000)


def test_visits_and_items_are_shown_apart() -> None:
    """Every visit of a step and every item of a fan-out is a line of its own, as started."""
    told = _told(
        started("write", item="s1"),
        started("write", item="s2"),
        completed("write", item="s2"),
        started("write", visit=2, item="s1"),
    )

    assert [(step.visit, step.item, step.status) for step in view.steps(told)] == [
        (1, "s1", StepStatus.RUNNING),
        (1, "s2", StepStatus.COMPLETED),
        (2, "s1", StepStatus.RUNNING),
    ]


def test_a_failed_step_says_why() -> None:
    """A failure is shown with the step that failed."""
    told = _told(started("write"), failed("write", failure=DENIED))

    [step] = view.steps(told)

    assert (step.status, step.failure) == (StepStatus.FAILED, DENIED)


def test_a_step_that_was_refused_before_it_began_is_shown() -> None:
    """A step stopped by the budget never started, and is shown as failed all the same."""
    told = _told(failed("write", failure=DENIED))

    [step] = view.steps(told)

    assert (step.status, step.started_ms, step.ended_ms) == (StepStatus.FAILED, 1000, 1000)


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ([], StepStatus.WAITING),
        ([decided("ask")], StepStatus.DECIDED),
        ([expired("ask")], StepStatus.EXPIRED),
    ],
)
def test_a_gate_is_shown_as_it_stands(ending: list[dict[str, Any]], status: StepStatus) -> None:
    """A gate waits, was decided, or nobody answered in time."""
    [gate] = view.steps(_told(opened("ask"), *ending))

    assert gate.status is status


def test_history_may_know_more_than_the_interpreter_has_told() -> None:
    """A result that is in history already shows the step as completed, with its attempts."""
    result = StepResult(value=a_value(), usage=Usage(calls=2))
    told = _told(started("one"), results={1: result}, attempts={1: 3})

    [step] = view.steps(told)

    assert (step.status, step.usage, step.attempt) == (StepStatus.COMPLETED, result.usage, 3)


def test_a_hand_off_says_what_crossed_and_which_rule_chose() -> None:
    """The border between two steps: what went in, what came out, why there."""
    given, made = (a_reference("start"),), (a_reference("first", "b"),)
    told = _told(
        started("one", references=given),
        completed("one", references=made),
        handed("one", "two", "first.score > 3"),
    )

    [crossed] = view.hand_offs(told)

    assert (crossed.source, crossed.target, crossed.rule) == ("one", "two", "first.score > 3")
    assert (crossed.received, crossed.produced) == (given, made)
    assert (crossed.seq, crossed.at_ms) == (3, 3000)


def test_the_items_of_a_fan_out_cross_in_their_order() -> None:
    """Items are handed over in the order of the list, whichever was done first."""
    told = _told(
        *(started("write", item=key) for key in ("s2", "s10", "s1")),
        completed("write", item="s1", references=(_item("s1", "c"),)),
        completed("write", item="s2", references=(_item("s2", "a"),)),
        completed("write", item="s10", references=(_item("s10", "b"),)),
        handed("write", "join"),
    )

    [crossed] = view.hand_offs(told)

    assert [each.item for each in crossed.produced] == ["s2", "s10", "s1"]


def test_a_failed_step_hands_nothing_over() -> None:
    """When a plan leads to a person, nothing of the failed step has crossed."""
    told = _told(
        started("write", item="s1"),
        started("write", item="s2"),
        completed("write", item="s1", references=(_item("s1", "a"),)),
        failed("write", item="s2", failure=DENIED),
        handed("write", "help", "on_failure.denied"),
    )

    [crossed] = view.hand_offs(told)

    assert (crossed.rule, crossed.produced) == ("on_failure.denied", ())


def test_items_done_before_a_failure_cross_with_the_rest() -> None:
    """After a person had the failed item made again, all items are handed over together."""
    told = _told(
        started("write", item="s1"),
        started("write", item="s2"),
        completed("write", item="s1", references=(_item("s1", "a"),)),
        failed("write", item="s2", failure=DENIED),
        handed("write", "help", "on_failure.denied"),
        opened("help", failure=DENIED),
        decided("help"),
        handed("help", "write", "retry"),
        started("write", visit=2, item="s2"),
        completed("write", visit=2, item="s2", references=(_item("s2", "b", visit=2),)),
        handed("write", "join"),
    )

    *_, crossed = view.hand_offs(told)

    assert [(each.item, each.visit) for each in crossed.produced] == [("s1", 1), ("s2", 2)]


def test_a_second_visit_hands_over_its_own_product() -> None:
    """A step in a loop hands over what this visit made, not what an earlier one did."""
    told = _told(
        started("one"),
        completed("one", references=(a_reference("first", "a"),)),
        handed("one", "one", "again"),
        started("one", visit=2),
        completed("one", visit=2, references=(a_reference("first", "b", ordinal=2),)),
        handed("one", "done"),
    )

    assert [[each.version for each in crossed.produced] for crossed in view.hand_offs(told)] == [
        ["first:1"],
        ["first:2"],
    ]


def test_a_gate_hands_over_what_a_person_made() -> None:
    """A decision, and an edit with it, cross the border behind the gate."""
    shown = (a_reference("first"),)
    made = (a_reference("second", "b"), a_reference("decision", "c"))
    told = _told(
        opened("ask", references=shown), decided("ask", references=made), handed("ask", "done")
    )

    [crossed] = view.hand_offs(told)

    assert crossed.received == shown
    assert {each.slot for each in crossed.produced} == {"second", "decision"}


def test_a_slot_is_shown_with_every_value_it_held() -> None:
    """Inputs, products of steps and what people made: oldest first, unset slots empty."""
    told = _told(
        completed("one", references=(a_reference("first", "a"),)),
        completed("one", visit=2, references=(a_reference("first", "b", ordinal=2),)),
        decided("ask", references=(a_reference("decision", "c"),)),
    )

    held = {each.slot: [one.version for one in each.versions] for each in view.slots(told, FLOW)}

    assert held == {
        "start": ["start:1"],
        "first": ["first:1", "first:2"],
        "second": [],
        "decision": ["decision:1"],
    }


def test_an_open_gate_says_what_it_asks() -> None:
    """A waiting gate comes with what it shows, until when, and the digest to name."""
    told = _told(
        opened("ask", references=(a_reference(),), digest="5" * 64, deadline_ms=99, text="editor")
    )

    gate = open_gate(told, FLOW)

    assert gate is not None
    assert (gate.gate, gate.role, gate.shown, gate.deadline_ms) == ("ask", "editor", "5" * 64, 99)
    assert (gate.edits, gate.references, gate.failure) == ("second", (a_reference(),), None)


HELPED = a_flow(
    """
slots: {first: Note@1, claims: Note@1, parts: [Note@1]}
start: write
steps:
  write: {agent: write, reads: [start], writes: first, next: check}
  check: {agent: check, reads: [first], writes: claims, next: each}
  each: {agent: each, each: part in start.items, reads: [], writes: parts, next: print}
  print: {agent: print, reads: [first], writes: claims, next: done}
  help:
    gate: operator
    answers: failure
    allow: [retry, supply]
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
""",
    an_agent("write", "start"),
    an_agent("check", "first", about=("first",), verifies=True),
    an_agent("each", receives={"part": "Note@1.items[]"}),
    an_agent("print", "first", publishes=True),
)


@pytest.mark.parametrize(
    ("step", "item", "offered"),
    [
        ("write", "", ("retry", "supply")),
        ("each", "a", ("retry", "supply")),
        ("each", "", ("retry",)),
        ("check", "", ("retry",)),
        ("print", "", ("retry",)),
    ],
)
def test_a_gate_offers_what_can_be_done_about_the_failure(
    step: str, item: str, offered: tuple[str, ...]
) -> None:
    """Nobody is asked for a value that the run would not take from a person."""
    failure = DENIED.model_copy(update={"step": step, "item": item})

    gate = open_gate(_told(opened("help", digest="5" * 64, failure=failure)), HELPED)

    assert gate is not None
    assert gate.allow == offered


@pytest.mark.parametrize("ending", [decided("ask"), expired("ask"), {"kind": EventKind.RUN_ENDED}])
def test_a_gate_that_is_over_is_not_open(ending: dict[str, Any]) -> None:
    """Decided, expired or left behind by the run's end: nobody is asked any more."""
    assert open_gate(_told(opened("ask", digest="5" * 64), ending), FLOW) is None


def test_a_run_without_a_gate_asks_nobody() -> None:
    """As long as no gate was opened there is nothing to decide."""
    assert open_gate(_told(started("one")), FLOW) is None


def _outcome(end: str = "done") -> RunOutcome:
    return RunOutcome(run="01RUN", outcome="succeeded", end=end, spent=Usage(calls=9))


@pytest.mark.parametrize(
    ("told", "place"),
    [
        (_told(), ""),
        (_told({"kind": EventKind.RUN_STARTED}), ""),
        (_told(started("one")), "one"),
        (_told(started("one"), completed("one"), handed("one", "two")), "two"),
        (_told(opened("ask")), "ask"),
        (_told(started("one"), outcome=_outcome("done")), "done"),
    ],
)
def test_a_run_is_somewhere(told: Told, place: str) -> None:
    """A run is at the step or gate it entered last, or at the end it came to."""
    assert view.place(told) == place


def test_spending_is_counted_once() -> None:
    """What a failed step paid counts once, also while a gate shows that failure."""
    told = _told(
        started("one", agent="writer"),
        completed("one", usage=Usage(calls=2)),
        started("write", agent="writer"),
        failed("write", agent="writer", failure=DENIED),
        opened("help", failure=DENIED),
    )

    assert view.spent(told) == Usage(calls=3, input_tokens=7)


def test_an_ended_run_knows_what_it_spent() -> None:
    """The outcome has the ledger's last word."""
    assert view.spent(_told(outcome=_outcome())) == Usage(calls=9)


def test_the_budget_is_the_last_that_somebody_set() -> None:
    """Until a person raises it the budget is the flow's."""
    raised = BUDGET.model_copy(update={"model_calls": 77})
    told = _told(decided("help", budget=BUDGET), decided("help", budget=raised))

    assert view.budget(_told(), FLOW) == FLOW.budget
    assert isinstance(FLOW.budget, CompiledBudget)
    assert view.budget(told, FLOW) == raised
