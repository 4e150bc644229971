"""The delivery log, as Temporal keeps it: listed by visibility, told by each delivery's history."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from pydantic import ValidationError
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecution
from temporalio.client import WorkflowExecutionStatus as Status
from temporalio.service import RPCError, RPCStatusCode

from contracts.notice import Attempt, Delivery, NoticeKind, WebhookPayload
from contracts.webhook import DeliveryState, DeliverySummary, DeliveryView
from services.errors import NotFoundError
from services.runs.listing import read_cursor, write_cursor
from services.runs.runs import unavailable
from services.webhooks.endpoints import Endpoints
from services.webhooks.payload import ping
from services.webhooks.record import moment
from services.webhooks.sending import EVENT_MEMO, RUN_MEMO, Sender
from workflows import names

_STATES: Final = {
    DeliveryState.UNDER_WAY: "ExecutionStatus = 'Running'",
    DeliveryState.DELIVERED: "ExecutionStatus = 'Completed'",
    DeliveryState.FAILED: "ExecutionStatus NOT IN ('Running', 'Completed')",
}


@dataclass(frozen=True)
class DeliveryPage:
    """One page of deliveries and the cursor of the next, empty on the last."""

    deliveries: tuple[DeliverySummary, ...]
    cursor: str


@dataclass
class _Told:
    """What a delivery's history tells."""

    delivery: Delivery | None = None
    attempts: list[Attempt] = field(default_factory=list)
    next_ms: int = 0


class Deliveries:
    """The deliveries to the webhooks of one tenant."""

    def __init__(self, client: Client, endpoints: Endpoints, sender: Sender, tenant: str) -> None:
        self._client = client
        self._endpoints = endpoints
        self._sender = sender
        self._tenant = tenant

    async def list(
        self,
        webhook: str,
        *,
        state: DeliveryState | None = None,
        limit: int = 20,
        cursor: str = "",
    ) -> DeliveryPage:
        """List the deliveries to a webhook, newest first; a new one shows up within a second.

        Raises:
            NotFoundError: there is no such webhook.
            InputInvalidError: the cursor is not one of ours.
        """
        await self._endpoints.get(self._tenant, webhook)
        query = (
            f"WorkflowType = '{names.DELIVERY_TYPE}'"
            f" AND WorkflowId STARTS_WITH '{names.deliveries(self._tenant, webhook)}'"
        )
        query += f" AND {_STATES[state]}" if state else ""
        found = self._client.list_workflows(
            query, page_size=limit, next_page_token=read_cursor(cursor, query)
        )
        try:
            await found.fetch_next_page(page_size=limit)
            listed = [await self._summary(each) for each in found.current_page or ()]
        except RPCError as error:
            raise unavailable(error) from error
        return DeliveryPage(tuple(listed), write_cursor(found.next_page_token, query))

    async def show(self, webhook: str, delivery: str) -> DeliveryView:
        """Tell one delivery's attempts; of one that was made again, those of the last time.

        Raises:
            NotFoundError: there is no such webhook or delivery.
        """
        await self._endpoints.get(self._tenant, webhook)
        handle = self._client.get_workflow_handle(
            names.delivery_id(self._tenant, webhook, delivery)
        )
        told = _Told()
        try:
            summary = await self._summary(await handle.describe())
            async for event in handle.fetch_history_events():
                _take(told, event)
        except RPCError as error:
            raise _missing(error, webhook, delivery) from error
        assert told.delivery is not None, "a history begins with its start"
        is_waiting = summary.state is DeliveryState.UNDER_WAY and told.next_ms
        return DeliveryView(
            **summary.model_dump(),
            webhook=webhook,
            payload=WebhookPayload.model_validate_json(told.delivery.body),
            attempts=tuple(told.attempts),
            next_attempt_at=moment(told.next_ms) if is_waiting else None,
        )

    async def redeliver(self, webhook: str, delivery: str) -> None:
        """Deliver again under the same id; one that is still under way is tried at once.

        Raises:
            NotFoundError: there is no such webhook or delivery.
        """
        await self._endpoints.get(self._tenant, webhook)
        handle = self._client.get_workflow_handle(
            names.delivery_id(self._tenant, webhook, delivery)
        )
        told = _Told()
        try:
            if (await handle.describe()).status == Status.RUNNING:
                await handle.signal(names.TRY_NOW)
                return
            async for event in handle.fetch_history_events():
                _take(told, event)
                break
        except RPCError as error:
            raise _missing(error, webhook, delivery) from error
        assert told.delivery is not None, "a history begins with its start"
        await self._sender.start(told.delivery, again=True)

    async def ping(self, webhook: str) -> str:
        """Try a webhook out, once, whether it is on or off; gives the delivery's id.

        Raises:
            NotFoundError: there is no such webhook.
        """
        await self._endpoints.get(self._tenant, webhook)
        delivery = Delivery(
            tenant=self._tenant,
            webhook=webhook,
            id=f"ping-{secrets.token_hex(8)}",
            kind=NoticeKind.PING,
            body=ping(int(time.time() * 1000)).model_dump_json(exclude_none=True),
            pauses=(),
        )
        await self._sender.start(delivery)
        return delivery.id

    async def _summary(self, execution: WorkflowExecution) -> DeliverySummary:
        memo = await execution.memo()
        return DeliverySummary(
            id=execution.id.rpartition("/")[2],
            event=NoticeKind(memo[EVENT_MEMO]),
            run=memo[RUN_MEMO],
            state=_state(execution),
            started_at=moment(int(execution.start_time.timestamp() * 1000)),
            ended_at=(
                moment(int(execution.close_time.timestamp() * 1000))
                if execution.close_time
                else None
            ),
        )


def _state(execution: WorkflowExecution) -> DeliveryState:
    match execution.status:
        case Status.RUNNING | None:
            return DeliveryState.UNDER_WAY
        case Status.COMPLETED:
            return DeliveryState.DELIVERED
        case _:
            return DeliveryState.FAILED


def _take(told: _Told, event: HistoryEvent) -> None:
    """Take one event of a delivery's history into account."""
    match event.WhichOneof("attributes"):
        case "workflow_execution_started_event_attributes":
            started = event.workflow_execution_started_event_attributes
            told.delivery = Delivery.model_validate_json(started.input.payloads[0].data)
        case "activity_task_completed_event_attributes":
            done = event.activity_task_completed_event_attributes
            _take_result(told, done.result.payloads[0].data if done.result.payloads else b"")
        case "timer_started_event_attributes":
            wait: timedelta = (
                event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
            )
            told.next_ms = event.event_time.ToMilliseconds() + int(wait.total_seconds() * 1000)
        case "timer_fired_event_attributes" | "timer_canceled_event_attributes":
            told.next_ms = 0


def _take_result(told: _Told, data: bytes) -> None:
    """Read what a post came to; giving up has no result."""
    try:
        told.attempts.append(Attempt.model_validate_json(data))
    except ValidationError:
        return


def _missing(error: RPCError, webhook: str, delivery: str) -> Exception:
    if error.status is RPCStatusCode.NOT_FOUND:
        return NotFoundError(
            f"there is no delivery {delivery[:60]!r}; list them with"
            f" `orchestra webhooks deliveries {webhook}`"
        )
    return unavailable(error)
