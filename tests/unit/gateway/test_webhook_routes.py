"""Webhooks over HTTP: what is asked, answered and refused, without Temporal."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from contracts.notice import NoticeKind
from services.gateway.app import create_app
from services.gateway.state import Services
from services.outgoing.egress import Egress
from services.retrieval.in_process import InProcessCorpora
from services.webhooks.endpoints import Endpoints
from services.webhooks.in_process import InProcessRecords
from tests.unit.gateway.recorded import RecordedGates, RecordedRuns

ASKED = {"url": "https://good.test/hook", "events": ["gate.opened"]}


async def look_up(host: str, port: int) -> Sequence[str]:
    """Lead to a public address, but for one name."""
    return ["127.0.0.1"] if host == "inner.test" else ["93.184.215.14"]


@pytest.fixture
def services(runs: RecordedRuns, gates: RecordedGates) -> Services:
    """A gateway whose names are looked up in a table."""
    return Services(
        runs=runs,
        gates=gates,
        corpora=InProcessCorpora(),
        queue="test",
        url="http://gateway.example",
        endpoints=Endpoints(InProcessRecords(), Egress(resolver=look_up)),
    )


async def made(caller: httpx.AsyncClient, **headers: str) -> httpx.Response:
    reply = await caller.post("/v1/webhooks", json=ASKED, headers=headers)
    assert reply.status_code == 201, reply.text
    return reply


async def test_a_webhook_is_made_and_its_secret_shown_once(caller: httpx.AsyncClient) -> None:
    """The answer has the secret; no later one has."""
    reply = await made(caller)

    secret, webhook = reply.json()["secret"], reply.json()["webhook"]
    later = [
        await caller.get("/v1/webhooks"),
        await caller.get(f"/v1/webhooks/{webhook['id']}"),
        await caller.patch(f"/v1/webhooks/{webhook['id']}", json={"note": "x"}),
    ]
    assert secret.startswith("whsec_")
    assert reply.headers["location"] == f"/v1/webhooks/{webhook['id']}"
    assert [each.status_code for each in later] == [200, 200, 200]
    assert [secret in each.text for each in later] == [False] * 3
    assert later[0].json()["webhooks"][0]["id"] == webhook["id"]
    assert later[2].json()["note"] == "x"


async def test_a_repeated_request_makes_no_second_webhook(caller: httpx.AsyncClient) -> None:
    """The same key finds it and says so; its secret stays hidden."""
    key = {"Idempotency-Key": "k1"}
    first, second = await made(caller, **key), await made(caller, **key)

    assert second.json()["webhook"] == first.json()["webhook"]
    assert second.json()["secret"] is None
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    other = await caller.post("/v1/webhooks", json=ASKED | {"note": "x"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "IdempotencyMismatchError")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (ASKED | {"url": "https://inner.test/"}, "/url"),
        (ASKED | {"url": "http://good.test/"}, "/url"),
        (ASKED | {"events": ["webhook.ping"]}, "/events"),
        (ASKED | {"events": []}, "/events"),
        (ASKED | {"events": ["gate.oiled"]}, "/events/0"),
        (ASKED | {"secret": "mine"}, "/secret"),
    ],
)
async def test_an_unfit_webhook_is_refused(
    caller: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    """The problem names the place."""
    reply = await caller.post("/v1/webhooks", json=body)

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == pointer
    assert (await caller.get("/v1/webhooks")).json()["webhooks"] == []


async def test_a_secret_is_replaced(caller: httpx.AsyncClient) -> None:
    """The answer shows the new one and until when the old one signs."""
    first = (await made(caller)).json()

    reply = await caller.post(f"/v1/webhooks/{first['webhook']['id']}/rotate", json={})

    assert reply.status_code == 200
    assert reply.json()["secret"] not in (None, first["secret"])
    assert reply.json()["webhook"]["old_secret_until"] is not None


async def test_a_webhook_is_removed(caller: httpx.AsyncClient) -> None:
    """Then there is none, whatever is asked of it."""
    webhook = (await made(caller)).json()["webhook"]["id"]
    path = f"/v1/webhooks/{webhook}"

    removed = await caller.delete(path)
    after = [
        await caller.get(path),
        await caller.delete(path),
        await caller.patch(path, json={"note": "x"}),
        await caller.post(f"{path}/rotate", json={}),
        await caller.post(f"{path}/ping"),
        await caller.get(f"{path}/deliveries"),
        await caller.get(f"{path}/deliveries/d1"),
        await caller.post(f"{path}/deliveries/d1/redeliver"),
    ]

    assert (removed.status_code, removed.content) == (204, b"")
    assert [each.status_code for each in after] == [404] * 8


async def test_being_open_to_private_networks_is_told(
    caller: httpx.AsyncClient, runs: RecordedRuns, gates: RecordedGates
) -> None:
    """Whoever looks at the gateway's readiness sees the setting by its name."""
    reply = await caller.get("/readyz")

    [check] = [each for each in reply.json()["checks"] if each["name"] == "webhooks"]
    assert "public addresses" in check["detail"]


def test_every_notice_is_described(services: Services) -> None:
    """The OpenAPI description tells receivers what comes, with its headers."""
    described = create_app(lambda: pytest.fail("not opened")).openapi()

    webhooks = described["webhooks"]
    assert set(webhooks) == {kind.value for kind in NoticeKind}
    post = webhooks["gate.opened"]["post"]
    assert {each["name"] for each in post["parameters"]} == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert schema["$ref"] == "#/components/schemas/WebhookPayload"
    assert described["components"]["schemas"]["NoticeData"]["properties"]["deadline"]
