"""The desk of a model agent: what is asked, kept, judged, repaired and refused."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.agent import AgentKind, AgentLimits, Capability
from contracts.base import Part
from contracts.compiled import CompiledPlanLine, CompiledRule, CompiledStep
from contracts.event import EventKind
from contracts.failure import FailureKind
from contracts.usage import Usage
from services.agents.answer import read
from services.agents.base import Block, Question
from services.errors import StepError
from services.llm.base import Finish, ModelReply, ModelRequest, OnText, Receipt
from services.memory.base import JournalEntry, JournalState
from services.memory.in_process import InProcessStore
from services.worker.journal import Journal
from tests.unit.worker.desk_work import (
    EMPTY,
    MALFORMED,
    PLAN,
    PLENTY,
    WORK,
    Answer,
    a_desk,
    a_model,
    a_question,
    an_agent,
    good,
    said,
)
from workflows.ledger import calls, worst_case


async def test_an_accepted_answer_costs_one_call() -> None:
    """A good first answer is taken, paid once and kept in the journal."""
    bench = await a_desk(good())

    answer = await bench.desk.ask(a_question())

    [entry] = await bench.store.journal(WORK)
    assert answer == Answer(text="fine")
    assert bench.asked == ["writer/free/1/-/1"]
    assert (entry.state, entry.exchange) == (JournalState.ANSWERED, 1)
    assert bench.desk.journal.spent == entry.usage


async def test_a_reply_is_priced_when_it_is_kept() -> None:
    """Ten tokens at a dollar a million and five at two are twenty micro-dollars."""
    bench = await a_desk(good())

    await bench.desk.ask(a_question())

    assert bench.desk.journal.spent == Usage(
        calls=1, input_tokens=10, output_tokens=5, cost_microusd=20
    )


async def test_a_reply_without_a_price_is_unpriced() -> None:
    """A call whose price nobody knows is counted as such, and not as free."""
    bench = await a_desk(good(), agent=an_agent(model=a_model(price=None)))

    await bench.desk.ask(a_question())

    assert bench.desk.journal.spent == Usage(
        calls=1, input_tokens=10, output_tokens=5, unpriced_calls=1
    )


async def test_the_model_sees_prompt_and_quoted_data() -> None:
    """Instructions come from the pinned prompt, data only as labelled blocks."""
    bench = await a_desk(good())

    await bench.desk.ask(a_question())

    [request] = bench.model.asked
    system, user = request.messages
    assert (system.role, system.content) == ("system", "Write about worms.")
    assert user.role == "user"
    assert '{"title":"Worms"}' in user.content
    assert (request.model, request.timeout_seconds) == ("a-model", 10)


async def _after_a_crash(store: InProcessStore, **changes: Any) -> list[str]:
    """Ask again in a second attempt; return what had to be bought."""
    entries = await store.journal(WORK)
    question = a_question(**changes.pop("question", {}))
    bench = await a_desk(good("other"), store=store, entries=entries, attempt=2, **changes)
    await bench.desk.ask(question)
    return bench.asked


@pytest.mark.guarantee("paid-once")
async def test_an_answer_that_was_paid_is_not_bought_again() -> None:
    """After a crash the same call finds its reply in the journal."""
    store = InProcessStore()
    await (await a_desk(good(), store=store)).desk.ask(a_question())

    bench = await a_desk(store=store, entries=await store.journal(WORK), attempt=2)
    answer = await bench.desk.ask(a_question())

    assert answer == Answer(text="fine")
    assert bench.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"question": {"topic": "bokashi"}},
        {"question": {"blocks": {"brief": Block({"title": "Bokashi"})}}},
        {"question": {"schema": {"type": "object"}}},
        {"question": {"max_output_tokens": 10}},
        {"agent": an_agent(prompts={"free": "Write on $topic.", "verbatim": "Choose."})},
        {"agent": an_agent(model=a_model(name="another-model"))},
    ],
    ids=["places", "data", "schema", "length", "prompt", "model"],
)
async def test_another_call_is_another_purchase(changes: dict[str, Any]) -> None:
    """Whatever determines the reply is part of the call's key: a changed call is asked anew."""
    store = InProcessStore()
    await (await a_desk(good(), store=store)).desk.ask(a_question())

    assert await _after_a_crash(store, **changes) == ["writer/free/1/-/1"]


@pytest.mark.guarantee("paid-once")
async def test_a_rejected_answer_is_judged_again_and_not_bought_again() -> None:
    """A crash after a rejection costs nothing: the kept answer is rejected again, then mended."""
    store = InProcessStore()
    dying = await a_desk(MALFORMED, StepError(FailureKind.UNAVAILABLE, "gone"), store=store)
    with pytest.raises(StepError):
        await dying.desk.ask(a_question())

    assert await _after_a_crash(store) == ["writer/free/1/-/2"]


async def test_questions_of_one_piece_of_work_are_numbered_on() -> None:
    """The second question's first call is the third exchange when the first one took two."""
    bench = await a_desk(MALFORMED, good(), good())

    await bench.desk.ask(a_question())
    await bench.desk.ask(a_question("bokashi"))

    assert bench.asked == ["writer/free/1/-/1", "writer/free/1/-/2", "writer/free/1/-/3"]


async def test_a_repair_shows_the_answer_and_the_reasons() -> None:
    """The model sees what it said, cut to a bearable length, and why that would not do."""
    roomy = AgentLimits(questions=1, prompt_tokens=3000, answer_tokens=50, seconds=10)
    bench = await a_desk(said("x" * 9000), good(), agent=an_agent(limits=roomy))

    await bench.desk.ask(a_question())

    shown, told = bench.model.asked[1].messages[2:]
    assert (shown.role, len(shown.content)) == ("assistant", 4000)
    assert "That answer was rejected:\n- answer: Invalid JSON" in told.content


@pytest.mark.parametrize("answer", ["x" * 3_000_000, "ü" * 9000, "{" + '"a":1,' * 5000])
async def test_a_repair_always_fits_the_prompt(answer: str) -> None:
    """However long the rejected answer, as much of it is shown as the prompt has room for."""
    bench = await a_desk(said(answer), good())

    assert await bench.desk.ask(a_question()) == Answer(text="fine")

    shown, told = bench.model.asked[1].messages[2:]
    assert answer.startswith(shown.content)
    assert 0 < len(shown.content) < 600
    assert told.content.endswith("Answer again, with this mended.")


class Talkative(Part):
    """A form with a reason for every field that is missing."""

    one_field_with_a_long_name_that_is_missing: str
    another_field_with_a_long_name_that_is_missing: str
    a_third_field_with_a_long_name_that_is_missing: str
    a_fourth_field_with_a_long_name_that_is_missing: str


async def test_reasons_come_before_what_was_said() -> None:
    """When there is room for little, the model sees why before it sees what."""
    tight = AgentLimits(questions=1, prompt_tokens=80, answer_tokens=50, seconds=10)
    bench = await a_desk(
        said("{}"), StepError(FailureKind.DENIED, ""), agent=an_agent(limits=tight)
    )
    [free, _] = a_question().rungs
    picky = replace(free, accept=lambda text: Answer(text=str(read(text, Talkative))))

    with pytest.raises(StepError) as failed:
        await bench.desk.ask(Question((picky,)))

    shown, told = bench.model.asked[1].messages[2:]
    assert failed.value.kind is FailureKind.DENIED
    assert shown.content == "(empty)"
    assert "one_field_with_a_long_name_that_is_missing" in told.content


async def test_an_empty_answer_is_shown_as_empty() -> None:
    """Where nothing was said, the repair says so."""
    bench = await a_desk(said(""), good())

    await bench.desk.ask(a_question())

    assert bench.model.asked[1].messages[2].content == "(empty)"


async def test_every_call_has_a_seed_of_its_own() -> None:
    """A repeated question gets another seed, or a sure model would repeat its mistake."""
    bench = await a_desk(MALFORMED, good())

    await bench.desk.ask(a_question())

    assert [request.seed for request in bench.model.asked] == [1, 2]


async def test_repairs_are_counted_per_kind() -> None:
    """One repair of each kind is allowed; the second malformed answer ends the free rung."""
    bench = await a_desk(MALFORMED, EMPTY, MALFORMED, good())

    await bench.desk.ask(a_question())

    assert bench.asked == [
        "writer/free/1/-/1",
        "writer/free/1/-/2",
        "writer/free/1/-/3",
        "writer/verbatim/1/-/4",
    ]


async def test_the_last_rung_is_asked_once() -> None:
    """When the last rung's answer is rejected as well, the step has failed, and says of what."""
    bench = await a_desk(MALFORMED, MALFORMED, EMPTY)

    with pytest.raises(StepError) as failed:
        await bench.desk.ask(a_question())

    assert bench.asked[-1] == "writer/verbatim/1/-/3"
    assert failed.value.kind is FailureKind.EMPTY
    assert failed.value.reasons == ("the answer was empty",)
    assert failed.value.quarantined == "write/3"
    assert failed.value.usage.calls == 3
    assert str(failed.value).startswith("writer got no acceptable answer from a-model: ")


async def test_a_kind_without_repairs_goes_to_the_last_rung() -> None:
    """What the plan does not repair is not asked again on the same rung."""
    bench = await a_desk(said("", Finish.REFUSED), good())

    await bench.desk.ask(a_question())

    assert bench.asked == ["writer/free/1/-/1", "writer/verbatim/1/-/2"]


async def test_the_last_rung_starts_afresh() -> None:
    """The last rung is put without what was said on the first."""
    bench = await a_desk(MALFORMED, MALFORMED, good())

    await bench.desk.ask(a_question())

    assert [message.role for message in bench.model.asked[2].messages] == ["system", "user"]


async def test_a_model_that_only_chooses_gets_the_last_rung_only() -> None:
    """A small model is never asked to write; its repairs are those of the plan."""
    chooser = an_agent(model=a_model(capability=Capability.CHOOSES))
    bench = await a_desk(MALFORMED, MALFORMED, agent=chooser)

    with pytest.raises(StepError):
        await bench.desk.ask(a_question())

    assert bench.asked == ["writer/verbatim/1/-/1", "writer/verbatim/1/-/2"]
    assert (bench.desk.capability, bench.desk.model) == (Capability.CHOOSES, "a-model")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (said("I cannot", Finish.REFUSED), FailureKind.REFUSED),
        (said('{"text":"fi', Finish.LENGTH), FailureKind.TRUNCATED),
        (said(""), FailureKind.EMPTY),
        (said(" \n"), FailureKind.EMPTY),
        (said('{"text":null}'), FailureKind.EMPTY),
        (said("<html>"), FailureKind.MALFORMED),
        (said('{"txt":"fine"}'), FailureKind.MALFORMED),
        (said('{"text":"fine","mood":"grey"}'), FailureKind.MALFORMED),
    ],
)
@pytest.mark.guarantee("nothing-bad-crosses")
async def test_a_reply_that_will_not_do_has_a_kind(reply: ModelReply, kind: FailureKind) -> None:
    """Refused, cut off, empty and off-schema replies are told apart, and nothing crosses."""
    bench = await a_desk(reply, agent=an_agent(), plan={"otherwise": PLAN["otherwise"]})
    bench.model.replies.append(StepError(FailureKind.DENIED, "stop here"))

    with pytest.raises(StepError, match="stop here"):
        await bench.desk.ask(a_question())

    [kept] = await bench.store.quarantined("t", "r1")
    assert (kept.kind, kept.exchange, kept.answer) == (kind, 1, reply.text)
    [told] = bench.of_kind(EventKind.ANSWER_REJECTED)
    assert (told.outcome, told.exchange, told.seq) == (kind, 1, 7)


async def test_a_failed_call_is_noted_and_passed_on() -> None:
    """A call that fails leaves a line with what it cost; its error goes on to Temporal as it is."""
    gone = StepError(
        FailureKind.UNAVAILABLE,
        "gone",
        retry_after=timedelta(seconds=3),
        usage=Usage(calls=1, input_tokens=10),
    )
    bench = await a_desk(gone)

    with pytest.raises(StepError) as failed:
        await bench.desk.ask(a_question())

    [entry] = await bench.store.journal(WORK)
    assert failed.value is gone
    assert (entry.state, entry.body) == (JournalState.FAILED, "unavailable")
    assert entry.usage == gone.usage


@pytest.mark.guarantee("paid-once")
async def test_a_call_that_timed_out_counts_in_full() -> None:
    """Nobody knows what a call that was given up has cost, so it counts as the most it can."""
    bench = await a_desk(StepError(FailureKind.TIMED_OUT, "late", may_have_paid=True))

    with pytest.raises(StepError):
        await bench.desk.ask(a_question())

    assert bench.desk.journal.spent == calls(an_agent(), 1)


@pytest.mark.parametrize(
    "allowance",
    [
        Usage(calls=0, input_tokens=9999, cost_microusd=9999),
        Usage(calls=9, input_tokens=249, cost_microusd=9999),
        Usage(calls=9, input_tokens=9999, cost_microusd=299),
    ],
    ids=["calls", "tokens", "money"],
)
@pytest.mark.guarantee("budget-holds")
async def test_no_call_is_made_that_might_not_be_paid(allowance: Usage) -> None:
    """A call whose worst case exceeds what is left is refused before it is made."""
    bench = await a_desk(allowance=allowance)

    with pytest.raises(StepError) as failed:
        await bench.desk.ask(a_question())

    assert failed.value.kind is FailureKind.OVER_BUDGET
    assert bench.asked == []


@pytest.mark.guarantee("budget-holds")
async def test_a_repair_that_cannot_be_paid_is_not_asked() -> None:
    """What is left after the first call decides about the second."""
    allowance = Usage(calls=1, input_tokens=9999, cost_microusd=9999)
    bench = await a_desk(MALFORMED, allowance=allowance)

    with pytest.raises(StepError, match=r"has 0 call\(s\) left for it") as failed:
        await bench.desk.ask(a_question())

    assert failed.value.kind is FailureKind.OVER_BUDGET
    assert failed.value.usage.calls == 1


@pytest.mark.guarantee("budget-holds")
async def test_a_lost_attempt_leaves_less() -> None:
    """After more lost attempts than the allowance has calls, none is left, and never a debt."""
    bench = await a_desk(attempt=4, allowance=PLENTY.model_copy(update={"calls": 2}))

    with pytest.raises(StepError, match=r"has 0 call\(s\) left for it"):
        await bench.desk.ask(a_question())


@pytest.mark.guarantee("sizes-own-error-first")
async def test_a_prompt_over_its_limit_is_not_sent() -> None:
    """A prompt longer than the agent's limit fails as too large, with both sizes."""
    bench = await a_desk()

    with pytest.raises(StepError, match="tokens and 200 fit") as failed:
        await bench.desk.ask(a_question("w" * 3000))

    assert failed.value.kind is FailureKind.TOO_LARGE
    assert bench.asked == []


async def test_prompt_and_answer_share_the_window() -> None:
    """A model's window has to hold the prompt and the longest answer."""
    small = an_agent(
        limits=AgentLimits(questions=1, prompt_tokens=2000, answer_tokens=950, seconds=10),
        model=a_model(window_tokens=1000),
    )
    bench = await a_desk(agent=small)

    with pytest.raises(StepError, match="tokens and 200 fit"):
        await bench.desk.ask(a_question("w" * 3000, max_output_tokens=800))


@pytest.mark.parametrize(("wanted", "asked"), [(10, 10), (500, 50)])
async def test_an_answer_is_never_longer_than_the_agent_s_limit(wanted: int, asked: int) -> None:
    """The budget was reserved for the agent's limit, so no rung may ask for more."""
    bench = await a_desk(good())

    await bench.desk.ask(a_question(max_output_tokens=wanted))

    assert bench.model.asked[0].max_output_tokens == asked


class Slow:
    """A model that takes its time over every piece of its answer."""

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Send five pieces, two of them at once."""
        reply = good()
        for piece, seconds in (
            ('{"te', 0.22),
            ('xt":', 0.0),
            ('"fi', 0.22),
            ("ne", 0.22),
            ('"}', 0),
        ):
            await asyncio.sleep(seconds)
            await on_text(piece)
        return reply


async def test_text_is_told_while_it_is_written() -> None:
    """Readers see the answer grow in pieces of a fifth of a second, numbered, under its start."""
    bench = await a_desk(attempt=3)
    bench.desk._model = Slow()

    await bench.desk.ask(a_question())

    told = bench.of_kind(EventKind.TEXT)
    assert 1 < len(told) < 5
    assert '{"text":"fine"}'.startswith("".join(event.text for event in told))
    assert [event.part for event in told] == list(range(1, len(told) + 1))
    assert {(event.seq, event.attempt, event.exchange) for event in told} == {(7, 3, 1)}


def _gave_up(kind: FailureKind) -> JournalEntry:
    return JournalEntry(state=JournalState.GAVE_UP, body=kind.value)


def test_a_journal_counts_attempts_by_kind() -> None:
    """Which kinds of failure ended earlier attempts is known, and so how many left no line."""
    entries = [_gave_up(FailureKind.TIMED_OUT), _gave_up(FailureKind.TIMED_OUT)]

    journal = Journal.of(entries, earlier_attempts=3, agent=an_agent())

    assert journal.attempts[FailureKind.TIMED_OUT] == 2
    assert journal.lost == 1


@pytest.mark.guarantee("paid-once")
def test_a_lost_attempt_counts_at_its_bound() -> None:
    """A worker that died may have had one call in flight, which counts as the most it can cost."""
    paid = JournalEntry(
        exchange=1, state=JournalState.ANSWERED, body="{}", usage=Usage(calls=1, input_tokens=10)
    )

    journal = Journal.of([paid], earlier_attempts=2, agent=an_agent())

    lost = calls(an_agent(), 2) + Usage(estimated_calls=2)
    assert journal.spent == paid.usage + lost


def test_lost_attempts_of_code_cost_nothing() -> None:
    """An agent that asks no model cannot have paid for anything."""
    journal = Journal.of([], earlier_attempts=2, agent=an_agent(kind=AgentKind.CODE, model=None))

    assert (journal.spent, journal.lost) == (Usage(), 2)


REJECTIONS = {
    "malformed": MALFORMED,
    "empty": EMPTY,
    "refused": said("no", Finish.REFUSED),
    "truncated": said("{", Finish.LENGTH),
}


@given(
    st.lists(st.sampled_from(sorted(REJECTIONS)), max_size=30),
    st.dictionaries(st.sampled_from(sorted(REJECTIONS)), st.integers(0, 3)),
    st.sampled_from(Capability),
)
@settings(deadline=None, derandomize=True, max_examples=60)
@pytest.mark.guarantee("budget-holds")
def test_no_answers_cost_more_than_was_reserved(
    rejections: list[str], repairs: dict[str, int], capability: Capability
) -> None:
    """Whatever a model says, it is asked no more often than the worst case that was reserved."""
    plan = {kind: CompiledPlanLine(repair=count, then="failed") for kind, count in repairs.items()}
    step = CompiledStep(
        agent="writer",
        reads=(),
        writes="note",
        next=(CompiledRule(to="done"),),
        on_failure={**plan, "otherwise": CompiledPlanLine(then="failed")},
    )
    agent = an_agent(
        model=a_model(capability=capability), prompts={"free": "$topic", "verbatim": ""}
    )
    replies = [REJECTIONS[kind] for kind in rejections]

    async def ask() -> tuple[int, FailureKind | None]:
        allowance = worst_case(step, agent)
        bench = await a_desk(
            *replies, good(), plan=step.on_failure, agent=agent, allowance=allowance
        )
        failed = None
        try:
            await bench.desk.ask(a_question("x", blocks={}))
        except StepError as error:
            failed = error.kind
        return len(bench.asked), failed

    asked, failed = asyncio.run(ask())

    assert asked <= worst_case(step, agent).calls
    assert failed is not FailureKind.OVER_BUDGET
