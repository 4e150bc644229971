"""Runs, webhooks and their deliveries on a real Temporal server, each on queues of its own."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from contracts.notice import NoticeKind
from contracts.webhook import NewWebhook, WebhookMade
from services.errors import UnavailableError
from services.memory.base import ContextStore
from services.outgoing.egress import Egress
from services.outgoing.post import Poster
from services.webhooks import hosting
from services.webhooks.activities import WebhookActivities
from services.webhooks.deliveries import Deliveries
from services.webhooks.endpoints import Endpoints
from services.webhooks.hosting import Webhooks
from services.webhooks.in_process import InProcessRecords
from services.webhooks.sending import Sender
from tests.harness import Harness, harness
from tests.toys import ToyFlow
from tests.unit.outgoing.receivers import Received, Receiver

URL = "http://gateway.test"
TENANT_PAUSES = (1, 1)


class FailingRecords(InProcessRecords):
    """A home of webhooks that is away for so many lists."""

    def __init__(self) -> None:
        super().__init__()
        self.away_for = 0

    async def names(self, tenant: str) -> tuple[str, ...]:
        """See `WebhookRecords.names`."""
        if self.away_for > 0:
            self.away_for -= 1
            raise UnavailableError("the home of the webhooks is away")
        return await super().names(tenant)


@dataclass(frozen=True)
class WebhookBench:
    """A bench with webhooks."""

    bench: Harness
    endpoints: Endpoints
    deliveries: Deliveries
    records: FailingRecords

    @property
    def tenant(self) -> str:
        return self.bench.runs.tenant

    @property
    def webhooks(self) -> Webhooks:
        assert self.bench.assembly.webhooks
        return self.bench.assembly.webhooks

    async def subscribe(
        self, receiver: Receiver, *kinds: NoticeKind, flows: Sequence[str] = ()
    ) -> WebhookMade:
        events = kinds or (NoticeKind.RUN_SUCCEEDED,)
        asked = NewWebhook(url=receiver.url, events=events, flows=tuple(flows))
        return await self.endpoints.add(self.tenant, asked)

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Run the worker of deliveries for as long as the context is open."""
        queue, runner = self.bench.queue, self.bench.runner
        async with hosting.build(self.bench.client, queue, self.webhooks, runner=runner):
            yield

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Run both workers."""
        async with self.bench.worker(), self.delivering():
            yield

    async def history_of(self, workflow: str) -> str:
        """Everything that Temporal keeps of a workflow, payloads decoded."""
        history = await self.bench.client.get_workflow_handle(workflow).fetch_history()
        return _plain(json.loads(history.to_json()))


def _plain(kept: Any) -> str:
    match kept:
        case {"data": str() as data}:
            return base64.b64decode(data).decode(errors="replace")
        case dict():
            return " ".join(f"{key} {_plain(value)}" for key, value in kept.items())
        case list():
            return " ".join(map(_plain, kept))
        case _:
            return str(kept)


async def webhook_bench(
    address: str,
    toy: ToyFlow,
    *,
    store: ContextStore | None = None,
    pauses: Sequence[int] = TENANT_PAUSES,
) -> WebhookBench:
    """Set up one flow with webhooks at home."""
    bench = await harness(address, toy, store=store)
    records, egress = FailingRecords(), Egress(private=True)
    endpoints = Endpoints(records, egress)
    sender = Sender(bench.client, endpoints, bench.queue, URL, pauses)
    activities = WebhookActivities(bench.client, endpoints, Poster(egress, limit_seconds=5))
    webhooks = Webhooks(sender, activities)
    bench = replace(bench, assembly=replace(bench.assembly, webhooks=webhooks))
    deliveries = Deliveries(bench.client, endpoints, sender, bench.runs.tenant)
    return WebhookBench(bench, endpoints, deliveries, records)


def ids(received: Collection[Received]) -> list[str]:
    return [each.headers["webhook-id"] for each in received]


def told(received: Received) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(received.body)
    return body


def is_signed_with(secret: str | None, received: Received) -> bool:
    """Verify as the specification says, in other words than the product's."""
    key = base64.b64decode((secret or "").removeprefix("whsec_"))
    headers = received.headers
    signed = b".".join(
        (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), received.body)
    )
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in headers["webhook-signature"].split()
