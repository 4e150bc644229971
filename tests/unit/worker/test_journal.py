"""Background answers at the desk: journaled before they are waited for, fetched, paid once."""

from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from contracts.event import EventKind
from contracts.failure import FailureKind
from contracts.usage import Usage
from services.errors import ForgottenError, StepError
from services.llm.base import ModelReply, ModelRequest, OnText, Receipt
from services.memory.base import JournalEntry, JournalState
from services.memory.in_process import InProcessStore
from services.worker.journal import Journal, in_flight
from tests.unit.worker.desk_work import WORK, a_desk, a_question, an_agent, good
from workflows.ledger import calls

LATE = StepError(FailureKind.TIMED_OUT, "late")
GONE = ForgottenError(FailureKind.UNAVAILABLE, "that answer is no longer known")
PAID = Usage(calls=1, input_tokens=10, output_tokens=5, cost_microusd=20)


@dataclass
class Behind:
    """Implements `LanguageModel`: gives what it is told to, and keeps each call under an id."""

    told: list[ModelReply | StepError]
    fetched: list[str] = field(default_factory=list)
    """For each call the response that was asked for; empty where it was a new one."""

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Keep the call, then give the next reply."""
        assert receipt
        self.fetched.append(receipt.response)
        if not receipt.response:
            receipt.response = f"resp_{len(self.fetched)}"
            await receipt.keep(receipt.response)
        reply = self.told.pop(0)
        if isinstance(reply, ForgottenError):
            receipt.response = ""
        if isinstance(reply, StepError):
            raise reply
        return reply


async def attempt(
    number: int, store: InProcessStore, *told: ModelReply | StepError
) -> tuple[Behind, Journal, list[EventKind]]:
    """Make one attempt at the same question, over what earlier ones have left."""
    model = Behind(list(told))
    bench = await a_desk(store=store, entries=await store.journal(WORK), attempt=number)
    bench.desk._model = model
    with suppress(StepError):
        await bench.desk.ask(a_question())
    return model, bench.desk.journal, [event.kind for event in bench.told]


async def test_a_background_call_is_noted_before_it_is_waited_for() -> None:
    """The journal has the id before the reply, and counts the call once when it has both."""
    store = InProcessStore()

    _, journal, _ = await attempt(1, store, good())

    asked, answered = await store.journal(WORK)
    assert (asked.state, asked.body, asked.attempt) == (JournalState.ASKED, "resp_1", 1)
    assert asked.usage == in_flight(an_agent(), 1)
    assert (answered.state, answered.call_key) == (JournalState.ANSWERED, asked.call_key)
    assert journal.spent == PAID


async def test_a_retry_fetches_what_was_asked_for() -> None:
    """Whatever ended the first attempt, the second asks for that answer and pays nothing more."""
    store = InProcessStore()

    _, first, _ = await attempt(1, store, LATE)
    model, second, _ = await attempt(2, store, good())

    assert model.fetched == ["resp_1"]
    assert first.spent == in_flight(an_agent(), 1)
    # The first attempt gave up without a line of its own here, as a lost worker does.
    assert (second.lost, second.spent) == (1, PAID)


async def test_attempts_lost_while_waiting_cost_nothing_more() -> None:
    """However many workers die over one answer, the call counts once."""
    store = InProcessStore()

    await attempt(1, store, LATE)
    await attempt(2, store, LATE)
    model, journal, _ = await attempt(3, store, good())

    assert (model.fetched, journal.lost, journal.spent) == (["resp_1"], 2, PAID)


async def test_an_attempt_lost_after_its_answer_may_have_asked_again() -> None:
    """Where the last line is a reply, one more call may have been in flight, and counts."""
    store = InProcessStore()

    await attempt(1, store, good())
    _, journal, _ = await attempt(2, store, good())

    assert journal.spent == PAID + in_flight(an_agent(), 1)


async def test_another_question_is_not_answered_by_a_kept_response() -> None:
    """A response belongs to one call key; what it may cost stays counted."""
    store = InProcessStore()
    await attempt(1, store, LATE)
    model = Behind([good()])
    bench = await a_desk(store=store, entries=await store.journal(WORK), attempt=2)
    bench.desk._model = model

    await bench.desk.ask(a_question("snails"))

    assert model.fetched == [""]
    assert bench.desk.journal.spent == in_flight(an_agent(), 1) + PAID


async def test_a_forgotten_answer_is_said_then_asked_for_anew() -> None:
    """An id that is no longer known is told in the stream and counted, then the call is bought."""
    store = InProcessStore()
    await attempt(1, store, LATE)

    model, journal, told = await attempt(2, store, GONE, good())

    states = [entry.state for entry in await store.journal(WORK)]
    assert model.fetched == ["resp_1", ""]
    assert told == [EventKind.ANSWER_REJECTED]
    assert states[-3:] == [JournalState.FAILED, JournalState.ASKED, JournalState.ANSWERED]
    assert journal.spent == calls(an_agent(), 1) + PAID


async def test_a_forgotten_answer_is_not_bought_over_the_budget() -> None:
    """What may have been paid for a forgotten answer is taken from what is left."""
    store = InProcessStore()
    await attempt(1, store, LATE)
    bench = await a_desk(
        store=store,
        entries=await store.journal(WORK),
        attempt=2,
        allowance=Usage(calls=1, input_tokens=9999, cost_microusd=9999),
    )
    bench.desk._model = Behind([GONE, good()])

    with pytest.raises(StepError) as failed:
        await bench.desk.ask(a_question())

    assert failed.value.kind is FailureKind.OVER_BUDGET
    assert failed.value.usage == calls(an_agent(), 1)


async def test_a_failed_call_tells_all_that_was_spent() -> None:
    """A step whose later call breaks off reports the earlier ones as well, so nothing is free."""
    broken = StepError(
        FailureKind.TOO_LARGE, "3 MB", usage=Usage(calls=1, input_tokens=10, output_tokens=40)
    )
    bench = await a_desk(good("one"), broken)
    await bench.desk.ask(a_question())

    with pytest.raises(StepError) as failed:
        await bench.desk.ask(a_question("snails"))

    assert failed.value.usage == PAID + Usage(calls=1, input_tokens=10, output_tokens=40)


def test_lines_from_before_attempts_were_noted_are_read() -> None:
    """A journal that an earlier release wrote folds as it did."""
    line = '{"exchange":1,"call_key":"k","state":"answered","body":"{}","usage":{"calls":1}}'

    journal = Journal.of([JournalEntry.model_validate_json(line)], 1, an_agent())

    assert (journal.lost, journal.spent.calls, journal.spent.estimated_calls) == (1, 2, 1)
