"""What every language model promises, asked of the adapter over real HTTP and of the fake."""

import asyncio
import json
from datetime import timedelta

import pytest

from contracts.failure import FailureKind
from contracts.usage import Usage
from services.llm.base import Finish
from services.llm.scripted.calls import Outcome
from services.llm.scripted.script import Fault, Line, Script
from services.llm.streaming import TEXT_BYTES
from tests.unit.llm.builders import Ear, a_request, a_work, eventually, failure_of
from tests.unit.llm.conftest import Subject

FAILURES = [
    (Fault.HTTP_500, FailureKind.UNAVAILABLE),
    (Fault.HTTP_503_RETRY_AFTER, FailureKind.UNAVAILABLE),
    (Fault.HTTP_429_RETRY_AFTER, FailureKind.RATE_LIMITED),
    (Fault.HTTP_429_QUOTA, FailureKind.QUOTA),
    (Fault.HTTP_401, FailureKind.DENIED),
    (Fault.HTTP_404_MODEL, FailureKind.DENIED),
    (Fault.HTTP_400_CONTEXT, FailureKind.TOO_LARGE),
    (Fault.RESET, FailureKind.UNAVAILABLE),
    (Fault.CUT_STREAM, FailureKind.UNAVAILABLE),
    (Fault.STALL, FailureKind.TIMED_OUT),
    (Fault.HANG, FailureKind.TIMED_OUT),
    (Fault.HTML, FailureKind.MALFORMED),
    (Fault.OVERSIZE, FailureKind.TOO_LARGE),
]

REPLIES = [
    (Fault.SLOW, Finish.STOP, '{"id":"e1","text":"A sentence that says nothing."}'),
    (Fault.EMPTY, Finish.STOP, ""),
    (Fault.BLANK, Finish.STOP, " \n\t "),
    (Fault.TRUNCATED, Finish.LENGTH, '{"id":"e1","text":"A sent'),
    (Fault.HALF_JSON, Finish.STOP, '{"id":"e1","text":"A sent'),
    (Fault.WRONG_SCHEMA, Finish.STOP, '{"nobody_asked_for_this":[1,2,3]}'),
    (Fault.UNKNOWN_ID, Finish.STOP, '{"id":"x404","text":"A sentence that says nothing."}'),
    (Fault.REFUSAL, Finish.REFUSED, "I cannot help with that."),
    (Fault.CONTENT_FILTER, Finish.REFUSED, '{"id":"e1","text":"A sent'),
]


def always(fault: Fault, after_ms: int | None = None) -> Script:
    """A script in which every call meets a fault."""
    return Script(lines=(Line(fault=fault, times=None, after_ms=after_ms),))


def test_every_fault_has_a_place_here() -> None:
    """No fault of the scripted model is left untried."""
    tried = {fault for fault, *_ in FAILURES} | {fault for fault, *_ in REPLIES}
    others = {Fault.NOT_JSON, Fault.EXTRA_FIELD, Fault.NO_USAGE, Fault.WRONG_MODEL_NAME}

    assert tried | others == set(Fault)


async def test_good_answer_is_whole(subject: Subject) -> None:
    """A good answer comes with its text, its end, its model and what it used."""
    ear = Ear()

    reply = await subject.model.complete(a_request(), ear)

    assert json.loads(reply.text)["id"] == "e1"
    assert (reply.finish, reply.model) == (Finish.STOP, "some-model")
    assert reply.usage == Usage(calls=1, input_tokens=10, output_tokens=13)
    assert ear.heard == reply.text
    assert len(ear.pieces) > 1


@pytest.mark.parametrize(("fault", "kind"), FAILURES)
async def test_fault_has_its_kind(subject: Subject, fault: Fault, kind: FailureKind) -> None:
    """Each way in which an endpoint fails is named as what it is."""
    subject.perform(always(fault))

    error = await failure_of(subject.model, a_request(timeout_seconds=1))

    assert error.kind is kind
    assert str(error)


@pytest.mark.parametrize(
    ("fault", "may_have_paid"),
    [
        (Fault.RESET, True),
        (Fault.CUT_STREAM, True),
        (Fault.HANG, True),
        (Fault.HTTP_500, False),
        (Fault.HTTP_401, False),
    ],
)
async def test_a_call_that_broke_off_may_have_been_paid(
    subject: Subject, fault: Fault, may_have_paid: bool
) -> None:
    """What was sent and never answered may cost; what the endpoint itself refused does not."""
    subject.perform(always(fault))

    error = await failure_of(subject.model, a_request(timeout_seconds=1))

    assert error.may_have_paid is may_have_paid


@pytest.mark.parametrize(("fault", "finish", "text"), REPLIES)
async def test_poor_answer_is_handed_over(
    subject: Subject, fault: Fault, finish: Finish, text: str
) -> None:
    """What a model says badly is handed over as it is, for somebody else to judge."""
    subject.perform(always(fault))

    reply = await subject.model.complete(a_request(), Ear())

    assert (reply.finish, reply.text) == (finish, text)


async def test_prose_is_handed_over(subject: Subject) -> None:
    """An answer that is not JSON is still an answer."""
    subject.perform(always(Fault.NOT_JSON))

    reply = await subject.model.complete(a_request(), Ear())

    assert reply.text.startswith("Of course!")


async def test_further_field_is_handed_over(subject: Subject) -> None:
    """An answer with a field that nobody asked for arrives with that field."""
    subject.perform(always(Fault.EXTRA_FIELD))

    reply = await subject.model.complete(a_request(), Ear())

    assert json.loads(reply.text)["nobody_asked_for_this"] is True


async def test_missing_usage_is_estimated(subject: Subject) -> None:
    """A call whose endpoint counts no tokens is counted all the same."""
    subject.perform(always(Fault.NO_USAGE))

    reply = await subject.model.complete(a_request(), Ear())

    assert reply.usage == Usage(calls=1, input_tokens=10, output_tokens=13)


async def test_answering_model_is_named(subject: Subject) -> None:
    """The reply names the model that the endpoint says has answered."""
    subject.perform(always(Fault.WRONG_MODEL_NAME))

    reply = await subject.model.complete(a_request(), Ear())

    assert reply.model == "another-model"


@pytest.mark.parametrize("fault", [Fault.HTTP_429_RETRY_AFTER, Fault.HTTP_503_RETRY_AFTER])
async def test_endpoints_wait_is_passed_on(subject: Subject, fault: Fault) -> None:
    """How long the endpoint asks to wait travels with the failure."""
    subject.perform(always(fault, after_ms=7_000))

    error = await failure_of(subject.model, a_request())

    assert error.retry_after == timedelta(seconds=7)


async def test_cut_answer_is_counted(subject: Subject) -> None:
    """A reply that breaks off half-way has cost what was said until then."""
    subject.perform(always(Fault.CUT_STREAM))

    error = await failure_of(subject.model, a_request())

    assert error.usage == Usage(calls=1, input_tokens=10, output_tokens=7)


async def test_refused_request_costs_nothing(subject: Subject) -> None:
    """A request that the endpoint turns away is not counted as a call."""
    subject.perform(always(Fault.HTTP_401))

    error = await failure_of(subject.model, a_request())

    assert error.usage == Usage()


async def test_oversized_answer_is_cut_off(subject: Subject) -> None:
    """Of an answer of 3 MB no more than 256 KiB is taken."""
    subject.perform(always(Fault.OVERSIZE))
    ear = Ear()

    with pytest.raises(Exception, match="262144 bytes"):
        await subject.model.complete(a_request(), ear)

    assert 0 < len(ear.heard) <= TEXT_BYTES


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.STALL])
async def test_cancelled_call_leaves(subject: Subject, fault: Fault) -> None:
    """A call that is cancelled closes its stream, so that the endpoint stops working for it."""
    subject.perform(always(fault))
    call = asyncio.create_task(subject.model.complete(a_request(), Ear()))
    await eventually(lambda: subject.calls())

    call.cancel()
    await asyncio.gather(call, return_exceptions=True)

    await eventually(lambda: subject.calls()[0].outcome in {Outcome.LEFT, Outcome.CANCELLED})
    assert call.cancelled()


async def test_listeners_error_is_its_own(subject: Subject) -> None:
    """What goes wrong in the listener is not taken for a failure of the model."""

    async def deaf(text: str) -> None:
        raise TimeoutError("the listener gave up")

    with pytest.raises(TimeoutError, match="the listener gave up"):
        await subject.model.complete(a_request(), deaf)


async def test_work_reaches_the_endpoint(subject: Subject) -> None:
    """The endpoint is told which piece of work each call belongs to."""
    work = a_work(agent="reviewer", rung="verbatim", visit=2, item="s3", exchange=4)

    await subject.model.complete(a_request(work=work), Ear())

    assert [call.work for call in subject.calls()] == ["reviewer/verbatim/2/s3/4"]


async def test_call_is_never_repeated(subject: Subject) -> None:
    """A failed call is asked once; who tries again is decided elsewhere."""
    subject.perform(always(Fault.HTTP_500))

    await failure_of(subject.model, a_request())

    assert len(subject.calls()) == 1
