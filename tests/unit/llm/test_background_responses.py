"""What models promise that answer in the background, asked of the adapter and of the fake."""

import asyncio

import pytest

from contracts.failure import FailureKind
from services.errors import ForgottenError, StepError, UnavailableError
from services.llm.base import Finish, Receipt
from services.llm.scripted.calls import Outcome
from services.llm.scripted.script import Fault, Line, Script
from tests.unit.llm.builders import CannedServer, Ear, a_request, events, eventually, http
from tests.unit.llm.conftest import Subject, background_at

FETCHING = "background"


class Drawer:
    """Keeps the receipt of one call, as a journal would."""

    def __init__(self, *, abandoned: bool = False) -> None:
        self.kept: list[str] = []
        self.receipt = Receipt(self._keep, self._is_abandoned)
        self._abandoned = abandoned

    async def _keep(self, response: str) -> None:
        self.kept.append(response)

    async def _is_abandoned(self) -> bool:
        return self._abandoned


def script(*lines: Line) -> Script:
    """A script of these lines."""
    return Script(lines=lines)


async def failed(subject: Subject, drawer: Drawer, **changes: object) -> StepError:
    """Ask, and hand over the failure that has to come of it."""
    with pytest.raises(StepError) as error:
        await subject.model.complete(a_request(**changes), Ear(), drawer.receipt)
    return error.value


async def test_the_id_is_kept_before_the_first_word(keeper: Subject) -> None:
    """Whoever hears a word of an answer already knows where the whole of it can be had."""
    drawer, known = Drawer(), []

    async def hear(text: str) -> None:
        known.append(list(drawer.kept))

    await keeper.model.complete(a_request(), hear, drawer.receipt)

    [call] = keeper.calls()
    assert drawer.kept == [call.response] == [drawer.receipt.response]
    assert known[0] == [call.response]


@pytest.mark.parametrize("fault", [Fault.CUT_STREAM, Fault.STALL])
async def test_an_answer_that_was_asked_for_is_fetched(keeper: Subject, fault: Fault) -> None:
    """A lost connection loses no answer: it is fetched whole, and paid once."""
    drawer, ear = Drawer(), Ear()
    keeper.perform(script(Line(fault=fault)))
    await failed(keeper, drawer, timeout_seconds=1)

    reply = await keeper.model.complete(a_request(), ear, drawer.receipt)

    [call] = keeper.calls()
    assert reply.text == ear.heard == '{"id":"e1","text":"A sentence that says nothing."}'
    assert (reply.finish, reply.usage.calls, reply.usage.output_tokens) == (Finish.STOP, 1, 13)
    assert (len(drawer.kept), call.fetched, call.is_paid) == (1, 1, True)


async def test_an_answer_is_waited_for(keeper: Subject) -> None:
    """What is fetched while the endpoint still writes it is waited for."""
    drawer = Drawer()
    keeper.perform(script(Line(fault=Fault.SLOW, after_ms=1_500)))
    call = asyncio.create_task(keeper.model.complete(a_request(), Ear(), drawer.receipt))
    await eventually(lambda: drawer.receipt.response)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)

    reply = await keeper.model.complete(a_request(), Ear(), drawer.receipt)

    assert reply.finish is Finish.STOP
    assert len(keeper.calls()) == 1


async def test_a_forgotten_answer_is_said_to_be(keeper: Subject) -> None:
    """An id that the endpoint does not know any more is told apart from every other failure."""
    drawer = Drawer()
    drawer.receipt.response = "resp_gone"

    error = await failed(keeper, drawer)

    assert isinstance(error, ForgottenError)
    assert (error.kind, drawer.receipt.response) == (FailureKind.UNAVAILABLE, "")
    assert keeper.calls() == ()


async def test_a_fetch_that_fails_loses_nothing(keeper: Subject) -> None:
    """While the endpoint cannot be asked, the answer stays where it is."""
    drawer = Drawer()
    keeper.perform(script(Line(agent=FETCHING, fault=Fault.HTTP_500), Line(fault=Fault.CUT_STREAM)))
    await failed(keeper, drawer)

    error = await failed(keeper, drawer)
    reply = await keeper.model.complete(a_request(), Ear(), drawer.receipt)

    assert (error.kind, reply.finish) == (FailureKind.UNAVAILABLE, Finish.STOP)
    assert not isinstance(error, ForgottenError)
    assert len(keeper.calls()) == 1


async def test_an_answer_that_never_comes_is_ended(keeper: Subject) -> None:
    """An answer that is late is waited for once more, then cancelled to make room for another."""
    drawer = Drawer()
    keeper.perform(script(Line(fault=Fault.HANG)))

    first = await failed(keeper, drawer, timeout_seconds=1)
    left = drawer.receipt.response
    second = await failed(keeper, drawer, timeout_seconds=1)

    assert (first.kind, second.kind) == (FailureKind.TIMED_OUT, FailureKind.TIMED_OUT)
    assert (left, drawer.receipt.response) == (drawer.kept[0], "")
    assert keeper.calls()[0].outcome is Outcome.CANCELLED


@pytest.mark.parametrize(
    ("abandoned", "outcome"), [(True, Outcome.CANCELLED), (False, Outcome.LEFT)]
)
async def test_only_an_abandoned_answer_is_cancelled(
    keeper: Subject, abandoned: bool, outcome: Outcome
) -> None:
    """A cancelled run cancels its answer; a worker that stops leaves it to the next one."""
    drawer = Drawer(abandoned=abandoned)
    keeper.perform(script(Line(fault=Fault.HANG)))
    call = asyncio.create_task(keeper.model.complete(a_request(), Ear(), drawer.receipt))
    await eventually(lambda: drawer.receipt.response)

    call.cancel()
    await asyncio.gather(call, return_exceptions=True)

    await eventually(lambda: keeper.calls()[0].outcome is outcome)
    assert bool(drawer.receipt.response) is not abandoned


async def test_a_cancelled_answer_counts_as_forgotten(keeper: Subject) -> None:
    """An id whose response was cancelled is asked for anew and not waited for."""
    drawer = Drawer(abandoned=True)
    keeper.perform(script(Line(fault=Fault.HANG)))
    call = asyncio.create_task(keeper.model.complete(a_request(), Ear(), drawer.receipt))
    await eventually(lambda: drawer.receipt.response)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    drawer.receipt.response = drawer.kept[0]

    assert isinstance(await failed(keeper, drawer), ForgottenError)


async def test_an_id_that_cannot_be_kept_is_not_paid_on(keeper: Subject) -> None:
    """When memory does not take the id, nobody could fetch the answer, so it is cancelled."""
    keeper.perform(script(Line(fault=Fault.HANG)))

    async def lose(response: str) -> None:
        raise UnavailableError("memory is gone")

    losing = Drawer().receipt
    losing.keep = lose
    with pytest.raises(UnavailableError, match="memory is gone"):
        await keeper.model.complete(a_request(), Ear(), losing)

    await eventually(lambda: keeper.calls()[0].outcome is Outcome.CANCELLED)


def a_response(status: str, **changes: object) -> dict[str, object]:
    """A response as an endpoint writes it."""
    return {"id": "resp_1", "status": status, "model": "m", "output": [], **changes}


def created() -> dict[str, object]:
    """The first event of a stream."""
    return {"type": "response.created", "response": a_response("in_progress")}


async def test_the_request_is_a_background_response() -> None:
    """It is stored and streamed, has the schema and the limit, and no seed, which is unknown."""
    done = {"type": "response.completed", "response": a_response("completed")}
    async with CannedServer(events(created(), done)) as server, background_at(server) as model:
        await model.complete(a_request(), Ear())

    [sent] = server.requests
    assert (sent["background"], sent["store"], sent["stream"]) == (True, True, True)
    assert (sent["text"]["format"]["name"], sent["max_output_tokens"]) == ("Pick", 200)
    assert "seed" not in sent
    assert "post /v1/responses " in server.heads[0]


async def test_a_refused_parameter_is_left_out() -> None:
    """A model that takes no temperature is asked again without one."""
    refusal = http(400, '{"error": {"code": "unsupported_parameter", "param": "temperature"}}')
    done = {"type": "response.completed", "response": a_response("completed")}
    async with CannedServer(refusal, events(done)) as server, background_at(server) as model:
        await model.complete(a_request(), Ear())

    assert ["temperature" in sent for sent in server.requests] == [True, False]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("server_error", FailureKind.UNAVAILABLE),
        ("rate_limit_exceeded", FailureKind.RATE_LIMITED),
        ("insufficient_quota", FailureKind.QUOTA),
    ],
)
async def test_a_failed_response_is_asked_anew(code: str, kind: FailureKind) -> None:
    """A response that the endpoint gave up has a kind, and its id is of no more use."""
    error = {"code": code, "message": "secret words"}
    gone = {"type": "response.failed", "response": a_response("failed", error=error)}
    drawer = Drawer()
    async with CannedServer(events(created(), gone)) as server, background_at(server) as model:
        with pytest.raises(StepError) as failure:
            await model.complete(a_request(), Ear(), drawer.receipt)

    assert failure.value.kind is kind
    assert "secret" not in str(failure.value)
    assert (drawer.kept, drawer.receipt.response) == (["resp_1"], "")


async def test_trouble_in_the_stream_leaves_the_answer() -> None:
    """An error of the stream is not one of the response, which may still be fetched."""
    trouble = {"type": "error", "code": "server_error", "message": "no"}
    drawer = Drawer()
    async with CannedServer(events(created(), trouble)) as server, background_at(server) as model:
        with pytest.raises(StepError) as failure:
            await model.complete(a_request(), Ear(), drawer.receipt)

    assert failure.value.kind is FailureKind.UNAVAILABLE
    assert drawer.receipt.response == "resp_1"


async def test_a_prompt_that_is_refused_is_answered() -> None:
    """What the endpoint's filter says of a prompt is a refusal, as of any answer."""
    error = {"code": "invalid_prompt", "message": "no"}
    gone = {"type": "response.failed", "response": a_response("failed", error=error)}
    async with CannedServer(events(created(), gone)) as server, background_at(server) as model:
        reply = await model.complete(a_request(), Ear())

    assert reply.finish is Finish.REFUSED
