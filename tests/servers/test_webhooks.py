"""Webhooks on a real Temporal server, with receivers that are real HTTP servers."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from redis.asyncio import Redis

from contracts.notice import Notice, NoticeKind
from contracts.run import DecisionRequest
from contracts.webhook import DeliveryState, DeliveryView
from services.errors import NotFoundError
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.runs.history import RunHistory
from tests.servers.gateway_caller import gated_flow, line_flow, patient_flow
from tests.servers.webhook_bench import (
    URL,
    WebhookBench,
    ids,
    is_signed_with,
    told,
    webhook_bench,
)
from tests.unit.outgoing.receivers import answer, receiving
from workflows.names import delivery_id

pytestmark = pytest.mark.servers

ENDED = Notice(
    kind=NoticeKind.RUN_SUCCEEDED,
    run="R1",
    flow="toy",
    flow_version=1,
    seq=7,
    at_ms=1_700_000_000_000,
)


async def ended(found: WebhookBench, webhook: str, delivery: str) -> DeliveryView:
    """Wait until a delivery has ended."""
    for _ in range(200):
        view = await found.deliveries.show(webhook, delivery)
        if view.state is not DeliveryState.UNDER_WAY:
            return view
        await asyncio.sleep(0.05)
    raise AssertionError("the delivery has not ended")


async def waiting(found: WebhookBench, webhook: str, delivery: str) -> DeliveryView:
    """Wait until a delivery waits for its next attempt."""
    for _ in range(200):
        view = await found.deliveries.show(webhook, delivery)
        if view.next_attempt_at:
            return view
        await asyncio.sleep(0.02)
    raise AssertionError("no attempt is planned")


async def test_a_run_tells_of_its_gate_and_its_end(temporal_address: str) -> None:
    """Each transition that somebody asked for arrives, signed, in whatever order."""
    found = await webhook_bench(temporal_address, gated_flow())
    async with receiving() as receiver, found.working():
        kinds = (NoticeKind.GATE_OPENED, NoticeKind.GATE_DECIDED, NoticeKind.RUN_SUCCEEDED)
        made = await found.subscribe(receiver, *kinds)
        started = await found.bench.runs.start("toy", {})
        gate = await found.bench.waiting(started.run)
        request = DecisionRequest(shown=gate.shown, who="eva", verdict="approve")
        await found.bench.gates.decide(started.run, "approve", request)
        view = await found.bench.ended(started.run)
        received = await receiver.until(3)

    bodies = {told(each)["type"]: told(each)["data"] for each in received}
    assert set(bodies) == {"gate.opened", "gate.decided", "run.succeeded"}
    assert all(is_signed_with(made.secret, each) for each in received)
    assert len(set(ids(received))) == 3
    opened, end = bodies["gate.opened"], bodies["run.succeeded"]
    assert (opened["gate"], opened["role"], opened["shown"]) == ("approve", "editor", gate.shown)
    assert opened["status"] == "input_required"
    assert view.output is not None
    assert (end["end"], end["output"]) == ("done", view.output.digest)
    assert end["url"] == f"{URL}/v1/runs/{started.run}"
    assert end["output_url"] == f"{URL}/v1/runs/{started.run}/values/{view.output.digest}"
    assert "eva" not in str(bodies)


async def test_a_run_that_waits_tells_who_is_asked_by_then(temporal_address: str) -> None:
    """A reminder and an escalation come while the gate waits, with the role of that moment."""
    found = await webhook_bench(temporal_address, patient_flow())
    async with receiving() as receiver, found.working():
        await found.subscribe(receiver, NoticeKind.GATE_REMINDED, NoticeKind.GATE_ESCALATED)
        started = await found.bench.runs.start("toy", {})
        gate = await found.bench.waiting(started.run)
        received = await receiver.until(2)
        await found.bench.runs.cancel(started.run)

    bodies = {told(each)["type"]: told(each)["data"] for each in received}
    assert {name: data["role"] for name, data in bodies.items()} == {
        "gate.reminded": "editor",
        "gate.escalated": "chief_editor",
    }
    assert {data["shown"] for data in bodies.values()} == {gate.shown}
    assert {data["status"] for data in bodies.values()} == {"input_required"}


async def test_a_receiver_that_fails_is_asked_again(temporal_address: str) -> None:
    """After a 500 the same notice comes again, under one id, signed anew."""
    found = await webhook_bench(temporal_address, line_flow())
    async with receiving(answer(500), answer()) as receiver, found.delivering():
        made = await found.subscribe(receiver)
        await found.webhooks.sender.send(found.tenant, [ENDED])
        received = await receiver.until(2)
        view = await ended(found, made.webhook.id, ENDED.id)

    assert ids(received) == [ENDED.id] * 2
    assert received[0].body == received[1].body
    assert all(is_signed_with(made.secret, each) for each in received)
    assert [(each.result, each.status) for each in view.attempts] == [
        ("failed", 500),
        ("delivered", 200),
    ]
    assert (view.state, view.payload.type) == (DeliveryState.DELIVERED, NoticeKind.RUN_SUCCEEDED)


async def test_a_receiver_that_asks_for_time_gets_it(temporal_address: str) -> None:
    """Retry-After is longer than our own pause, and is kept to."""
    found = await webhook_bench(temporal_address, line_flow())
    async with receiving(answer(429, retry_after="60")) as receiver, found.delivering():
        made = await found.subscribe(receiver)
        await found.webhooks.sender.send(found.tenant, [ENDED])
        await receiver.until(1)
        view = await waiting(found, made.webhook.id, ENDED.id)
        receiver.replies[:] = [answer()]
        await found.deliveries.redeliver(made.webhook.id, ENDED.id)
        after = await ended(found, made.webhook.id, ENDED.id)

    began = view.attempts[0].at_ms
    next_at = datetime.fromisoformat(str(view.next_attempt_at)).timestamp()
    assert 59 <= next_at - began / 1000 <= 70
    assert after.state is DeliveryState.DELIVERED


async def test_a_notice_that_is_told_twice_is_sent_once(temporal_address: str) -> None:
    """Whatever is repeated on our side, also after the delivery has ended, one post goes out."""
    found = await webhook_bench(temporal_address, line_flow())
    async with receiving() as receiver, found.delivering():
        made = await found.subscribe(receiver)
        other = await found.subscribe(receiver, NoticeKind.RUN_FAILED)
        foreign = await found.subscribe(receiver, NoticeKind.RUN_SUCCEEDED, flows=["another"])
        await asyncio.gather(*(found.webhooks.sender.send(found.tenant, [ENDED]) for _ in range(3)))
        await ended(found, made.webhook.id, ENDED.id)
        await found.webhooks.sender.send(found.tenant, [ENDED])
        with pytest.raises(NotFoundError):
            await found.deliveries.show(other.webhook.id, ENDED.id)
        with pytest.raises(NotFoundError):
            await found.deliveries.show(foreign.webhook.id, ENDED.id)

    assert ids(receiver.received) == [ENDED.id]


async def test_nothing_is_lost_with_worker_and_memory(
    temporal_address: str, redis_url: str
) -> None:
    """A worker that dies between notice and delivery, and memory wiped then, lose nothing."""
    store = RedisStore(redis_url)
    found = await webhook_bench(temporal_address, line_flow(), store=store)
    async with receiving() as receiver:
        await found.subscribe(receiver)
        async with found.bench.worker():
            started = await found.bench.runs.start("toy", {})
            await found.bench.ended(started.run)
        assert receiver.received == []
        async with Redis.from_url(redis_url) as server:
            await server.flushall()

        async with found.delivering():
            received = await receiver.until(1)
    await store.aclose()

    assert told(received[0])["data"]["run"] == started.run


async def test_the_end_is_told_however_long_that_takes(temporal_address: str) -> None:
    """Where the webhooks cannot be read at the end, the run waits to tell it; then it is told."""
    found = await webhook_bench(temporal_address, line_flow())
    async with receiving() as receiver, found.working():
        await found.subscribe(receiver)
        found.records.away_for = 3
        started = await found.bench.runs.start("toy", {})
        view = await found.bench.ended(started.run)
        received = await receiver.until(1)

    assert view.status == "succeeded"
    assert ids(received)[0].startswith(f"{started.run}-")


async def test_memory_that_is_away_keeps_no_notice(temporal_address: str) -> None:
    """A run whose memory does not answer at its end is told of all the same."""
    store = RedisStore("redis://127.0.0.1:1/0")
    found = await webhook_bench(temporal_address, line_flow())
    away = Memory(store, found.bench.memory.archive, RunHistory(found.bench.client))
    async with receiving() as receiver, found.delivering():
        await found.subscribe(receiver, NoticeKind.RUN_CANCELLED)
        started = await found.bench.runs.start("toy", {})
        lost = replace(found.bench, assembly=replace(found.bench.assembly, memory=away))
        await found.bench.runs.cancel(started.run)
        async with lost.worker():
            received = await receiver.until(1)
    await store.aclose()

    assert told(received[0])["data"]["status"] == "cancelled"


async def test_while_a_secret_is_replaced_both_verify(temporal_address: str) -> None:
    """For the overlap each post is signed with the new secret and the old one; then no more."""
    found = await webhook_bench(temporal_address, line_flow())
    async with receiving() as receiver, found.delivering():
        made = await found.subscribe(receiver)
        rotated = await found.endpoints.rotate(found.tenant, made.webhook.id, 3600)
        await found.webhooks.sender.send(found.tenant, [ENDED])
        [both] = await receiver.until(1)
        last = await found.endpoints.rotate(found.tenant, made.webhook.id, 0)
        await found.webhooks.sender.send(found.tenant, [ENDED.model_copy(update={"seq": 8})])
        [_, alone] = await receiver.until(2)

    secrets = (made.secret, rotated.secret, last.secret)
    assert [is_signed_with(secret, both) for secret in secrets] == [True, True, False]
    assert [is_signed_with(secret, alone) for secret in secrets] == [False, False, True]


async def test_a_receiver_that_is_gone_is_left_alone(temporal_address: str) -> None:
    """After a 410 the webhook is off, says why, and is told nothing until it is switched on."""
    found = await webhook_bench(temporal_address, line_flow())
    async with receiving(answer(410)) as receiver, found.delivering():
        made = await found.subscribe(receiver)
        await found.webhooks.sender.send(found.tenant, [ENDED])
        view = await ended(found, made.webhook.id, ENDED.id)
        webhook = await found.endpoints.get(found.tenant, made.webhook.id)
        awaited = await found.webhooks.sender.send(
            found.tenant, [ENDED.model_copy(update={"seq": 8})]
        )

    assert (view.state, [each.result for each in view.attempts]) == ("failed", ["gone"])
    assert (webhook.state, "410" in webhook.reason) == ("off", True)
    assert (awaited, len(receiver.received)) == ((), 1)


async def test_a_receiver_that_takes_nothing_is_switched_off(temporal_address: str) -> None:
    """When all attempts of a delivery have failed and nothing else got through, it is off."""
    found = await webhook_bench(temporal_address, line_flow(), pauses=(1,))
    async with receiving(answer(500)) as receiver, found.delivering():
        made = await found.subscribe(receiver)
        await found.webhooks.sender.send(found.tenant, [ENDED])
        view = await ended(found, made.webhook.id, ENDED.id)
        webhook = await found.endpoints.get(found.tenant, made.webhook.id)

    assert (view.state, len(view.attempts)) == (DeliveryState.FAILED, 2)
    assert (webhook.state, "nothing was delivered since" in webhook.reason) == ("off", True)


async def test_a_delivery_is_made_again_on_request(temporal_address: str) -> None:
    """A notice that had arrived, or had failed for good, is sent again under its id."""
    found = await webhook_bench(temporal_address, line_flow(), pauses=())
    async with receiving(answer(500), answer()) as receiver, found.delivering():
        made = await found.subscribe(receiver)
        await found.webhooks.sender.send(found.tenant, [ENDED])
        first = await ended(found, made.webhook.id, ENDED.id)
        await found.deliveries.redeliver(made.webhook.id, ENDED.id)
        received = await receiver.until(2)
        second = await ended(found, made.webhook.id, ENDED.id)
        for _ in range(100):
            page = await found.deliveries.list(made.webhook.id)
            if len(page.deliveries) == 2:
                break
            await asyncio.sleep(0.05)

    assert ids(received) == [ENDED.id] * 2
    assert (first.state, second.state) == (DeliveryState.FAILED, DeliveryState.DELIVERED)
    assert {each.state for each in page.deliveries} == {first.state, second.state}
    assert {(each.id, each.run) for each in page.deliveries} == {(ENDED.id, "R1")}


async def test_a_webhook_is_tried_out(temporal_address: str) -> None:
    """A ping goes out once, also to a webhook that is off, and tells what came of it."""
    found = await webhook_bench(temporal_address, line_flow())
    async with receiving() as receiver, found.delivering():
        made = await found.subscribe(receiver)
        await found.endpoints.switch_off(found.tenant, made.webhook.id, "for a while")
        delivery = await found.deliveries.ping(made.webhook.id)
        view = await ended(found, made.webhook.id, delivery)

    assert told(receiver.received[0])["type"] == "webhook.ping"
    assert ids(receiver.received) == [delivery]
    assert view.state is DeliveryState.DELIVERED


async def test_history_knows_neither_secret_nor_address(temporal_address: str) -> None:
    """What Temporal keeps of a delivery would help nobody to forge one, or to call the receiver."""
    found = await webhook_bench(temporal_address, line_flow(), pauses=(1,))
    async with receiving(answer(500)) as receiver, found.delivering():
        made = await found.subscribe(receiver)
        await found.webhooks.sender.send(found.tenant, [ENDED])
        await ended(found, made.webhook.id, ENDED.id)
        kept = await found.history_of(delivery_id(found.tenant, made.webhook.id, ENDED.id))

    assert "nothing was delivered" not in kept
    assert '"kind":"run.succeeded"' in kept
    assert str(made.secret)[6:] not in kept
    assert "/hook" not in kept
