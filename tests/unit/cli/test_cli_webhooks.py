"""`orchestra webhooks` against a gateway that answers from a table."""

import json
from typing import Any

import pytest

from services.cli.app import main
from tests.unit.cli.conftest import CannedGateway

WEBHOOK: dict[str, Any] = {
    "id": "w3f0c1de2a4b5c6d7e8f9",
    "url": "https://example.com/hook",
    "events": ["gate.opened", "run.failed"],
    "flows": [],
    "note": "",
    "state": "on",
    "reason": "",
    "created_at": "2026-11-22T20:00:00.000Z",
    "changed_at": "2026-11-22T20:00:00.000Z",
    "secret_made_at": "2026-11-22T20:00:00.000Z",
    "old_secret_until": None,
}
OFF = WEBHOOK | {"state": "off", "reason": "the receiver answered 410: it wants no more"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATH = f"/v1/webhooks/{WEBHOOK['id']}"
DELIVERY: dict[str, Any] = {
    "id": "01KANQ3XRT5ZC1J7E2V8M0HWYB-12",
    "event": "run.failed",
    "run": "01KANQ3XRT5ZC1J7E2V8M0HWYB",
    "state": "failed",
    "started_at": "2026-11-22T20:00:00.000Z",
    "ended_at": "2026-11-22T20:00:05.000Z",
}
VIEW = DELIVERY | {
    "webhook": WEBHOOK["id"],
    "payload": {"type": "run.failed", "timestamp": "2026-11-22T20:00:00.000Z", "data": {}},
    "attempts": [
        {"result": "failed", "at_ms": 1, "took_ms": 12, "status": 500, "reason": "it answered 500"}
    ],
    "next_attempt_at": None,
}


def ended(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ending:
        main(["webhooks", *arguments])
    return int(ending.value.code or 0)


def test_a_webhook_is_made(gateway: CannedGateway, capsys: pytest.CaptureFixture[str]) -> None:
    """What is asked for is sent, and the secret is the last line that is printed."""
    gateway.has("POST /v1/webhooks", {"webhook": WEBHOOK, "secret": SECRET}, 201)

    code = ended(
        "add",
        "https://example.com/hook",
        "--event",
        "run.failed",
        "--flow",
        "article",
        "--key",
        "k",
    )

    [(_, headers, body)] = gateway.asked
    assert (code, headers["Idempotency-Key"]) == (0, "k")
    assert body == {
        "url": "https://example.com/hook",
        "events": ["run.failed"],
        "flows": ["article"],
        "note": "",
    }
    assert capsys.readouterr().out.splitlines()[-1] == SECRET


def test_without_events_everything_is_told(gateway: CannedGateway) -> None:
    """All there is to subscribe to."""
    gateway.has("POST /v1/webhooks", {"webhook": WEBHOOK, "secret": SECRET}, 201)

    assert ended("add", "https://example.com/hook") == 0
    assert len(gateway.asked[0][2]["events"]) == 11


def test_webhooks_are_listed(gateway: CannedGateway, capsys: pytest.CaptureFixture[str]) -> None:
    """One a line; why one is off stands beside the table."""
    gateway.has("GET /v1/webhooks", {"webhooks": [OFF]})

    assert ended("list") == 0
    told = capsys.readouterr()
    assert WEBHOOK["id"] in told.out
    assert "410" in told.err


def test_a_webhook_is_shown_as_json(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON and nothing else."""
    gateway.has(f"GET {PATH}", WEBHOOK)

    assert ended("show", WEBHOOK["id"], "--json") == 0
    assert json.loads(capsys.readouterr().out) == WEBHOOK


def test_what_is_given_is_changed(gateway: CannedGateway) -> None:
    """And nothing else is sent."""
    gateway.has(f"PATCH {PATH}", WEBHOOK)

    assert ended("change", WEBHOOK["id"], "--on", "--all-flows") == 0
    assert gateway.asked[0][2] == {"flows": [], "state": "on"}
    assert ended("change", WEBHOOK["id"]) == 2


def test_a_webhook_is_removed(gateway: CannedGateway) -> None:
    """Without a question: it can be made again."""
    gateway.has(f"DELETE {PATH}", None)

    assert ended("remove", WEBHOOK["id"]) == 0
    assert gateway.asked[0][0] == f"DELETE {PATH}"


def test_a_secret_is_replaced(gateway: CannedGateway, capsys: pytest.CaptureFixture[str]) -> None:
    """The overlap is given in hours."""
    gateway.has(f"POST {PATH}/rotate", {"webhook": WEBHOOK, "secret": SECRET})

    assert ended("rotate", WEBHOOK["id"], "--overlap-hours", "0.5") == 0
    assert gateway.asked[0][2] == {"overlap_seconds": 1800}
    assert capsys.readouterr().out.splitlines()[-1] == SECRET


@pytest.mark.parametrize(("state", "code"), [("delivered", 0), ("failed", 3)])
def test_a_ping_ends_by_what_came_of_it(gateway: CannedGateway, state: str, code: int) -> None:
    """A script can tell whether the receiver takes posts."""
    gateway.has(f"POST {PATH}/ping", {"id": "ping-1", "url": ""}, 202)
    gateway.has(f"GET {PATH}/deliveries/ping-1", VIEW | {"state": state})

    assert ended("ping", WEBHOOK["id"]) == code


def test_deliveries_are_listed(gateway: CannedGateway, capsys: pytest.CaptureFixture[str]) -> None:
    """By state, page by page."""
    gateway.has(f"GET {PATH}/deliveries", {"deliveries": [DELIVERY], "cursor": "next"})

    assert ended("deliveries", WEBHOOK["id"], "--state", "failed") == 0
    told = capsys.readouterr()
    assert gateway.asked[0][0] == f"GET {PATH}/deliveries?limit=20&state=failed"
    assert DELIVERY["id"] in told.out
    assert "--cursor next" in told.err


def test_one_delivery_tells_its_attempts(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """When, how long, and what was answered."""
    gateway.has(f"GET {PATH}/deliveries/{DELIVERY['id']}", VIEW)

    assert ended("deliveries", WEBHOOK["id"], DELIVERY["id"]) == 0
    assert "it answered 500" in capsys.readouterr().out


def test_a_delivery_is_made_again(gateway: CannedGateway) -> None:
    """By its id."""
    path = f"{PATH}/deliveries/{DELIVERY['id']}/redeliver"
    gateway.has(f"POST {path}", {"id": DELIVERY["id"], "url": ""}, 202)

    assert ended("redeliver", WEBHOOK["id"], DELIVERY["id"]) == 0
    assert gateway.asked[0][0] == f"POST {path}"
