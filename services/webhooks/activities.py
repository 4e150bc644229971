"""The activities of deliveries: one post, and giving a webhook up."""

import time
from typing import Final

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from contracts.notice import Attempt, Delivery, GiveUp, NoticeKind
from services.errors import AddressRefusedError, FlowError, NotFoundError, UnavailableError
from services.outgoing.post import Answer, Poster
from services.outgoing.signature import signed_headers
from services.webhooks.endpoints import Endpoints
from services.webhooks.record import moment
from workflows import names
from workflows.posting import Posting

GONE: Final = 410
CONTENT: Final = {"Content-Type": "application/json", "User-Agent": "flow-orchestra-webhooks"}


class WebhookActivities(Posting):
    """Implements the ports of deliveries."""

    def __init__(self, client: Client, endpoints: Endpoints, poster: Poster) -> None:
        self._client = client
        self._endpoints = endpoints
        self._poster = poster

    @activity.defn(name="post")
    async def post(self, delivery: Delivery) -> Attempt:
        """See `Posting.post`."""
        began = time.time()
        try:
            attempt = await self._attempt(delivery, int(began))
        except FlowError as error:
            raise _again(error) from error
        took_ms = int((time.time() - began) * 1000)
        return attempt.model_copy(update={"at_ms": int(began * 1000), "took_ms": took_ms})

    @activity.defn(name="give_up")
    async def give_up(self, task: GiveUp) -> None:
        """See `Posting.give_up`."""
        try:
            if not await self._has_delivered_since(task):
                reason = f"nothing was delivered since {moment(task.began_ms)}: {task.reason}"
                await self._endpoints.switch_off(task.tenant, task.webhook, reason)
        except FlowError as error:
            raise _again(error) from error

    async def _attempt(self, delivery: Delivery, now: int) -> Attempt:
        try:
            webhook = await self._endpoints.get(delivery.tenant, delivery.webhook)
        except NotFoundError:
            return Attempt(result="off", reason="the webhook is removed")
        secrets = await self._endpoints.secrets(delivery.tenant, delivery.webhook)
        if not secrets:
            return Attempt(result="off", reason="the webhook is removed")
        if webhook.state == "off" and delivery.kind is not NoticeKind.PING:
            return Attempt(result="off", reason="the webhook is off")
        body = delivery.body.encode()
        headers = {**CONTENT, **signed_headers(secrets, delivery.id, now, body)}
        try:
            answer = await self._poster.post(webhook.url, headers, body)
        except AddressRefusedError as error:
            return Attempt(result="refused", reason=str(error))
        except UnavailableError as error:
            return Attempt(result="failed", reason=str(error))
        return await self._judged(delivery, answer)

    async def _judged(self, delivery: Delivery, answer: Answer) -> Attempt:
        if answer.is_success:
            return Attempt(result="delivered", status=answer.status)
        reason = f"the receiver answered {answer.status}"
        if answer.status != GONE:
            return Attempt(
                result="failed",
                status=answer.status,
                reason=reason,
                retry_after=answer.retry_after,
            )
        reason += ": it wants no more"
        await self._endpoints.switch_off(delivery.tenant, delivery.webhook, reason)
        return Attempt(result="gone", status=answer.status, reason=reason)

    async def _has_delivered_since(self, task: GiveUp) -> bool:
        prefix = names.deliveries(task.tenant, task.webhook)
        query = (
            f"WorkflowType = '{names.DELIVERY_TYPE}' AND WorkflowId STARTS_WITH '{prefix}'"
            f" AND ExecutionStatus = 'Completed' AND CloseTime > '{moment(task.began_ms)}'"
        )
        try:
            return (await self._client.count_workflows(query)).count > 0
        except RPCError as error:
            raise UnavailableError("the Temporal server cannot be asked") from error


def _again(error: FlowError) -> ApplicationError:
    """The home of webhooks is away: the policy tries again until it is back."""
    return ApplicationError(str(error), type="unavailable")
