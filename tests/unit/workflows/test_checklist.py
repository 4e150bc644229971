"""The run's page in Temporal's own UI."""

from contracts.compiled import CompiledBlock
from contracts.usage import Usage
from tests.unit.workflows.runs import a_start, asking_flow
from workflows.progress import checklist
from workflows.state import RunState


def _state(place: str, visits: dict[str, int], spent: Usage | None = None) -> str:
    flow = asking_flow()
    state = RunState.begin(a_start(flow), flow, now_ms=0)
    state.place = place
    state.visits.update(visits)
    state.ledger.spent = spent or Usage()
    return checklist(flow, state)


def test_steps_are_ticked_off_in_the_order_of_the_file() -> None:
    """The page lists what is done, what is at work and what is to come."""
    page = _state("two", {"one": 2, "two": 1})

    assert page.splitlines()[:5] == [
        "**toy** version 1",
        "",
        "- ✔ one done, 2 visits",
        "- ▶ two at work",
        "- · ask",
    ]


def test_the_branches_of_a_block_are_at_work_side_by_side() -> None:
    """While a block is worked on, the page says so of each of its steps."""
    flow = asking_flow()
    block = CompiledBlock(branches={"left": ("one",), "right": ("two",)})
    state = RunState.begin(a_start(flow), flow, now_ms=0)

    page = checklist(flow.model_copy(update={"blocks": {"both": block}}), state)

    assert "- ▶ one at work\n- ▶ two at work, side by side\n- · ask" in page


def test_a_gate_says_that_a_person_is_needed() -> None:
    """Whoever opens the run in Temporal sees that it waits for somebody."""
    page = _state("ask", {"one": 1, "two": 1, "ask": 1})

    assert "- ▶ ask waiting for a person" in page
    assert "- ✔ two done" in page


def test_cost_says_what_is_not_in_it() -> None:
    """Money is told with the calls whose price nobody knows, never as if they were free."""
    priced = Usage(calls=3, input_tokens=90, output_tokens=10, cost_microusd=12_300)
    partly = priced.model_copy(update={"unpriced_calls": 2})

    assert "3 model calls, 100 tokens, $0.0123" in _state("one", {}, priced)
    assert "$0.0123 and 2 unpriced" in _state("one", {}, partly)


def test_an_ended_run_says_where_it_ended() -> None:
    """The page of an ended run names the declared end."""
    assert _state("done", {"one": 1}).endswith("Ended at **done**.")
