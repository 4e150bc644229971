"""Starts deliveries: one workflow a webhook and notice, however often it is told."""

from collections.abc import Sequence
from typing import Final

from temporalio.client import Client
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from contracts.notice import Delivery, Notice, NoticeKind
from contracts.webhook import Webhook
from services.runs.runs import unavailable
from services.webhooks.endpoints import Endpoints
from services.webhooks.payload import payload_of
from workflows import names
from workflows.deliver import PAUSES, Deliver

EVENT_MEMO: Final = "event"
RUN_MEMO: Final = "run"


class Sender:
    """Sends notices on their way to everybody who subscribed."""

    def __init__(
        self,
        client: Client,
        endpoints: Endpoints,
        queue: str,
        gateway_url: str,
        pauses: Sequence[int] = PAUSES,
    ) -> None:
        """Prepare.

        Args:
            client: Temporal.
            endpoints: the webhooks.
            queue: the runs' queue; deliveries have one beside it.
            gateway_url: how receivers reach the gateway.
            pauses: seconds between the attempts of a delivery.
        """
        self._client = client
        self._endpoints = endpoints
        self._queue = names.delivery_queue(queue)
        self._url = gateway_url.rstrip("/")
        self._pauses = tuple(pauses)

    async def send(self, tenant: str, notices: Sequence[Notice]) -> tuple[NoticeKind, ...]:
        """Start the deliveries of notices of one flow, and name the kinds somebody asks for.

        They are durable when this returns. Safe to repeat: what was started is left alone.

        Raises:
            StorageError: the webhooks' home cannot be read.
            UnavailableError: it, or Temporal, does not answer.
        """
        webhooks = await self._endpoints.all(tenant)
        for notice in notices:
            for webhook in webhooks:
                if webhook.wants(notice.kind, notice.flow):
                    await self._send(tenant, webhook, notice)
        flows = {notice.flow for notice in notices}
        return tuple(
            kind
            for kind in NoticeKind
            if any(webhook.wants(kind, flow) for webhook in webhooks for flow in flows)
        )

    async def _send(self, tenant: str, webhook: Webhook, notice: Notice) -> None:
        delivery = Delivery(
            tenant=tenant,
            webhook=webhook.id,
            id=notice.id,
            kind=notice.kind,
            run=notice.run,
            body=payload_of(notice, self._url).model_dump_json(exclude_none=True),
            pauses=self._pauses,
        )
        await self.start(delivery)

    async def start(self, delivery: Delivery, *, again: bool = False) -> None:
        """Start one delivery.

        One that was started before is left alone, or made again once it has ended.

        Raises:
            UnavailableError: Temporal does not answer.
        """
        reuse = WorkflowIDReusePolicy
        try:
            await self._client.start_workflow(
                Deliver.run,
                delivery,
                id=names.delivery_id(delivery.tenant, delivery.webhook, delivery.id),
                task_queue=self._queue,
                id_reuse_policy=reuse.ALLOW_DUPLICATE if again else reuse.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                memo={EVENT_MEMO: delivery.kind.value, RUN_MEMO: delivery.run},
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(names.TENANT, delivery.tenant)]
                ),
                static_summary=f"{delivery.kind} to webhook {delivery.webhook}",
                # A receiver that hangs takes its own turns alone.
                priority=Priority(fairness_key=delivery.webhook),
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError as error:
            raise unavailable(error) from error
