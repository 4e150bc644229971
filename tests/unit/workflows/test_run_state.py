"""What a run knows: slots, counters, and transitions that are told exactly once."""

from contracts.event import EventKind
from contracts.failure import Failure, FailureKind
from contracts.reference import Trust
from contracts.usage import Usage
from contracts.work import FinishedItem, StepResult
from tests.unit.workflows.runs import BUDGET, a_reference, a_start, a_value, asking_flow
from workflows.routing import Way
from workflows.state import RunState, reference_to


def _begun() -> RunState:
    flow = asking_flow()
    return RunState.begin(a_start(flow), flow, now_ms=1000)


def test_a_run_begins_with_its_input() -> None:
    """At its start a run holds its inputs, trusted as the operator's, and stands at the start."""
    state = _begun()

    [reference] = state.slots["start"].references
    assert (reference.version, reference.trust) == ("start:1", Trust.OPERATOR)
    assert (state.place, state.context.facts()) == ("one", {"start": {"score": 7}})


def test_visits_are_counted_from_one_and_never_reset() -> None:
    """The identity of work is which entry into the step it is, in the whole run."""
    state = _begun()

    assert [state.enter("one"), state.enter("two"), state.enter("one")] == [1, 1, 2]


def test_taking_a_counted_way_uses_it_up() -> None:
    """A way with a counter is counted, one without is not."""
    state = _begun()

    places = [state.take(Way("two", "again", "one.next.0")), state.take(Way("ask", "else"))]

    assert places == ["two", "ask"]
    assert state.used == {"one.next.0": 1}


def test_values_of_a_slot_are_numbered() -> None:
    """Every new value of a slot has the next number, and its lineage is remembered."""
    state = _begun()
    before = state.next_ordinal("first")
    state.put("first", (a_reference("first", made_from=("start:1",)),), {"score": 1})

    assert (before, state.next_ordinal("first")) == (1, 2)
    assert state.parents["first:1"] == ("start:1",)
    assert state.context.facts()["first"] == {"score": 1}


def test_transitions_are_numbered_without_gaps() -> None:
    """Everything the run tells has the next number."""
    state = _begun()

    numbers = [state.tell(EventKind.STEP_STARTED, 1, step="one") for _ in range(3)]

    assert numbers == [1, 2, 3]


def test_history_gets_every_transition_once() -> None:
    """An activity that history keeps carries what no other has carried, and all of it."""
    state = _begun()
    state.tell(EventKind.RUN_STARTED, 1)
    state.tell(EventKind.STEP_STARTED, 2, step="one")

    first, first_unwritten = state.record()
    state.tell(EventKind.STEP_COMPLETED, 3, step="one")
    second, second_unwritten = state.record()

    assert [event.seq for event in first] == [1, 2]
    assert [event.seq for event in second] == [3]
    assert (first_unwritten, second_unwritten) == (1, 3)


def test_what_a_local_step_wrote_is_not_written_again() -> None:
    """A local step's input leaves no history: its events are carried again, but not written."""
    state = _begun()
    state.tell(EventKind.STEP_STARTED, 1, step="one")
    written, _ = state.write()
    state.tell(EventKind.STEP_COMPLETED, 2, step="one")

    recorded, first_unwritten = state.record()

    assert [event.seq for event in written] == [1]
    assert [event.seq for event in recorded] == [1, 2]
    assert first_unwritten == 2


def test_two_local_steps_write_their_own_events_each() -> None:
    """The second of two local steps writes only what is new since the first."""
    state = _begun()
    state.tell(EventKind.STEP_STARTED, 1, step="one")
    state.write()
    state.tell(EventKind.STEP_COMPLETED, 2, step="one")

    written, first = state.write()

    assert ([event.seq for event in written], first) == ([2], 2)


def test_what_no_activity_carries_the_outcome_tells() -> None:
    """At the end the transitions that history lacks are known, written or not."""
    state = _begun()
    state.tell(EventKind.STEP_COMPLETED, 1, step="one")
    state.record()
    state.tell(EventKind.RUN_ENDED, 2)
    state.write()

    assert [event.kind for event in state.unrecorded()] == [EventKind.RUN_ENDED]


def test_a_run_goes_on_where_it_left_off() -> None:
    """Everything a run knows passes from one execution to the next, and numbers go on."""
    flow = asking_flow()
    state = _begun()
    state.enter("one")
    state.put("first", (a_reference("first", "b"),), {})
    state.take(Way("two", "r", "c"))
    state.ask_about("one", 1, Failure(kind=FailureKind.REFUSED, message="no"))
    state.ledger.reserve(Usage(calls=2))
    state.ledger.settle(Usage(calls=2), Usage(calls=1))
    state.tell(EventKind.CONTINUED, 5)
    state.waiting.begin(0)
    state.waiting.end(77)
    state.record()

    continued = RunState.begin(a_start(flow, progress=state.progress()), flow, now_ms=9999)

    assert continued.progress() == state.progress().model_copy(
        update={"executions": state.executions + 2}
    )
    assert (continued.started_ms, continued.waiting.in_all(9999)) == (1000, 77)
    assert continued.tell(EventKind.RUN_ENDED, 6) == 2
    assert continued.record()[1] == 2


def test_pending_transitions_survive_a_continuation() -> None:
    """What was not yet carried when a run continued as new is carried by the next execution."""
    flow = asking_flow()
    state = _begun()
    state.tell(EventKind.STEP_COMPLETED, 1, step="one")

    continued = RunState.begin(a_start(flow, progress=state.progress()), flow, now_ms=2)
    events, first = continued.record()

    assert ([event.seq for event in events], first) == ([1], 1)


def test_all_that_can_be_read_is_alive() -> None:
    """Current values of all slots and items kept for a fan-out are sealed, each once."""
    state = _begun()
    state.put("first", (a_reference("first", "b"), a_reference("first", "c", item="x")), {})
    state.put("first", (a_reference("first", "d", ordinal=2),), {})
    kept = StepResult(value=a_value("e"))
    state.remember_items("two", {"k": FinishedItem(inputs=(), result=kept, seq=1)})

    assert state.alive() == ("a" * 64, "d" * 64, "e" * 64)


def test_items_of_a_complete_fan_out_are_forgotten() -> None:
    """What was kept for one fan-out goes when it is complete; another's items stay."""
    state = _begun()
    item = FinishedItem(inputs=(), result=StepResult(value=a_value()), seq=1)
    state.remember_items("one", {"k": item})
    state.remember_items("one_more", {"k": item})

    state.forget_items("one")

    assert list(state.finished_items) == ["one_more/k"]


def test_a_raised_budget_replaces_the_old() -> None:
    """After a person raised the budget, the ledger holds the new one."""
    state = _begun()

    state.raise_budget(BUDGET)

    assert state.progress().budget == BUDGET


def test_a_reference_says_where_a_value_comes_from() -> None:
    """A reference carries address, lineage, subject and trust of the value it points at."""
    reference = reference_to(
        a_value("b"),
        "first",
        2,
        contract="Note@1",
        trust=Trust.MODEL,
        produced_by="one",
        visit=3,
        item="k",
        made_from=("start:1",),
        about=("start:1",),
    )

    assert reference == a_reference(
        "first", "b", ordinal=2, visit=3, item="k", made_from=("start:1",), about=("start:1",)
    )
