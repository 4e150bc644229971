"""The guarded model: what it lets through, and what it fails before anything is sent."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.failure import FailureKind
from contracts.usage import Usage
from services.health.base import Limits, ModelHealth, Rules
from services.health.degrading import DegradingHealth
from services.health.in_process import InProcessGates
from services.health.redis import RedisGates
from services.health.shared import SharedHealth
from services.llm.base import ModelReply, ModelRequest, OnText, Receipt
from services.llm.endpoint import Endpoint
from services.llm.guarded import GuardedModel
from services.llm.in_process import ScriptedModel
from services.llm.openai import OpenAIModel
from services.llm.scripted.script import Fault, Line, Script
from services.llm.scripted.server import ScriptedServer
from tests.unit.llm.builders import Ear, a_request, a_work, failure_of
from tests.unit.memory.valkey import Valkey, valkey

RULES = Rules(failures=4, cooldown_ms=400, longest_ms=3_000, lease_ms=1_000)


def health() -> ModelHealth:
    """Health of this process."""
    return SharedHealth(InProcessGates(RULES))


def guarded(model: ScriptedModel, limits: Limits | None = None) -> GuardedModel:
    """A scripted model behind a guard."""
    return GuardedModel(model, health(), "h", {"some-model": limits or Limits()})


def meeting(fault: Fault, times: int | None, after_ms: int | None = None) -> Script:
    """A script in which so many calls, or all, meet a fault."""
    return Script(lines=(Line(fault=fault, times=times, after_ms=after_ms),))


async def test_a_failing_endpoint_is_left_alone_and_tried_again() -> None:
    """Calls stop at the threshold, nothing more is sent or paid, and a probe brings it back."""
    model = ScriptedModel(script=meeting(Fault.HTTP_500, times=4))
    guard = guarded(model)
    failures = [await failure_of(guard, a_request()) for _ in range(9)]

    await asyncio.sleep(0.45)
    await guard.complete(a_request(), Ear())
    await guard.complete(a_request(), Ear())

    assert [each.endpoint_down for each in failures] == [False] * 4 + [True] * 5
    assert {each.kind for each in failures} == {FailureKind.UNAVAILABLE}
    assert failures[-1].usage == Usage()
    assert failures[-1].retry_after is not None
    assert timedelta() < failures[-1].retry_after <= timedelta(milliseconds=400)
    assert "(4 unavailable)" in str(failures[-1])
    assert len(model.calls) == 6


async def test_models_fail_by_themselves() -> None:
    """A model that is down takes no other model of its endpoint with it."""
    model = ScriptedModel(script=meeting(Fault.HTTP_500, times=4))
    guard = guarded(model)
    for _ in range(5):
        await failure_of(guard, a_request())

    reply = await guard.complete(a_request(model="another"), Ear())

    assert reply.text


async def test_everybody_waits_as_long_as_the_endpoint_asks() -> None:
    """After a 429 with a delay the next call is not sent, and fails with what is left of it."""
    model = ScriptedModel(script=meeting(Fault.HTTP_429_RETRY_AFTER, times=1, after_ms=1_500))
    guard = guarded(model)
    await failure_of(guard, a_request())

    told = await failure_of(guard, a_request())

    assert (told.kind, told.endpoint_down) == (FailureKind.RATE_LIMITED, False)
    assert told.retry_after is not None
    assert timedelta(seconds=1) < told.retry_after <= timedelta(seconds=1.5)
    assert len(model.calls) == 1


async def test_a_place_is_waited_for_half_of_the_time() -> None:
    """With the only place taken, a call waits half its time and then fails as rate limited."""
    model = ScriptedModel(script=meeting(Fault.HANG, times=None))
    guard = guarded(model, Limits(concurrency=1))
    first = asyncio.create_task(guard.complete(a_request(), Ear()))
    await asyncio.sleep(0.05)

    told = await failure_of(guard, a_request(timeout_seconds=1))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    assert (told.kind, told.usage) == (FailureKind.RATE_LIMITED, Usage())
    assert told.retry_after is not None
    assert len(model.calls) == 1


async def test_a_cancelled_call_frees_its_place() -> None:
    """A call that is cancelled leaves its place to the next and says nothing of the endpoint."""
    hanging = meeting(Fault.HANG, times=1)
    guard = guarded(ScriptedModel(script=hanging), Limits(concurrency=1))
    first = asyncio.create_task(guard.complete(a_request(), Ear()))
    await asyncio.sleep(0.05)

    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    assert (await guard.complete(a_request(timeout_seconds=1), Ear())).text


async def test_a_long_call_keeps_its_place() -> None:
    """A call that goes on for longer than a lease is renewed, so its place is nobody else's."""
    model = ScriptedModel(script=meeting(Fault.HANG, times=1))
    limits = {"some-model": Limits(concurrency=1)}
    guard = GuardedModel(model, health(), "h", limits, renew_seconds=0.2)
    first = asyncio.create_task(guard.complete(a_request(), Ear()))
    await asyncio.sleep(1.2)

    told = await failure_of(guard, a_request(timeout_seconds=1))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    assert told.kind is FailureKind.RATE_LIMITED
    assert len(model.calls) == 1


async def test_waiting_is_taken_from_the_call_s_time() -> None:
    """Waiting and asking together take the time of the request, so the step is never late."""
    given = list[ModelRequest]()

    class Noting(ScriptedModel):
        async def complete(
            self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
        ) -> ModelReply:
            given.append(request)
            await asyncio.sleep(1.2)
            return await super().complete(request, on_text, receipt)

    guard = guarded(Noting(), Limits(concurrency=1))

    await asyncio.gather(
        guard.complete(a_request(timeout_seconds=10), Ear()),
        guard.complete(a_request(timeout_seconds=10), Ear()),
    )

    assert [request.timeout_seconds for request in given] == [10, 9]


def test_the_tenant_is_nobody_else_s_business() -> None:
    """Whose work it is neither goes to the endpoint nor changes what a call is known by."""
    plain, owned = a_request(), a_request(work=a_work(tenant="acme"))

    assert owned.work.label() == plain.work.label()
    assert owned.model_dump_json() == plain.model_dump_json()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey of the test's own."""
    with valkey(tmp_path) as running:
        yield running


@pytest.mark.servers
async def test_two_workers_share_what_they_learn(redis_url: str, server: ScriptedServer) -> None:
    """Two workers on one Valkey send four calls to a dead endpoint, not four each, then a probe."""
    server.perform(meeting(Fault.HTTP_500, times=4))
    async with Endpoint(server.base_url) as endpoint:
        both = [SharedHealth(RedisGates(redis_url, RULES)) for _ in range(2)]
        one, other = (GuardedModel(OpenAIModel(endpoint), each, endpoint.host, {}) for each in both)
        failures = [await failure_of(each, a_request()) for each in (one, other) * 6]
        sent = len(server.calls)
        await asyncio.sleep(0.45)
        replies = [await each.complete(a_request(), Ear()) for each in (other, one)]
        for each in both:
            await each.aclose()

    assert sent == 4
    assert [failure.endpoint_down for failure in failures] == [False] * 4 + [True] * 8
    assert len(replies) == 2
    assert len(server.calls) == 6


@pytest.mark.servers
async def test_work_goes_on_without_redis(own: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    """With Redis killed in the middle, calls go on behind a breaker of the worker's own."""
    caplog.set_level(logging.INFO, "services.health.degrading")
    model = ScriptedModel(script=Script(lines=(Line(fault=Fault.HTTP_500, visit=2, times=None),)))
    degrading = DegradingHealth(SharedHealth(RedisGates(own.url, RULES)), health())
    guard = GuardedModel(model, degrading, "h", {"some-model": Limits(concurrency=2)})
    await guard.complete(a_request(), Ear())

    own.stop()
    async with asyncio.timeout(5):
        replies = await asyncio.gather(*(guard.complete(a_request(), Ear()) for _ in range(10)))
        failures = [await failure_of(guard, a_request(work=a_work(visit=2))) for _ in range(6)]
    await degrading.aclose()

    assert len(replies) == 10
    assert [each.endpoint_down for each in failures] == [False] * 4 + [True] * 2
    assert [each.levelname for each in caplog.records] == ["WARNING"]
