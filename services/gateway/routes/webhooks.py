"""Webhooks: who is told what happens to runs, and what became of each notice."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from contracts.webhook import DeliveryState, DeliveryView, Webhook, WebhookMade
from services.gateway.parameters import Cursor, DeliveryId, PageLimit, WebhookId, WebhookKey
from services.gateway.problems import documented
from services.gateway.replies import (
    DeliveryList,
    DeliveryStarted,
    NewWebhookBody,
    RotateBody,
    WebhookChangeBody,
    WebhookList,
)
from services.gateway.state import Here

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

_MADE: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "description": "The webhook is told from now on.",
        "headers": {
            "Location": {"description": "The webhook.", "schema": {"type": "string"}},
            "Idempotency-Replayed": {
                "description": "`true` when an earlier request had made it.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    summary="Make a webhook",
    responses=_MADE | documented(400, 409, 413, 415, 422, 500, 503, 507),
)
async def add_webhook(
    body: NewWebhookBody, here: Here, response: Response, idempotency_key: WebhookKey = None
) -> WebhookMade:
    """Look its address up, and show its secret this once.

    It hears of everything that happens after this has been answered.
    """
    made = await here.endpoints.add(here.runs.tenant, body, idempotency_key or "")
    response.headers["Location"] = f"/v1/webhooks/{made.webhook.id}"
    if made.secret is None:
        response.headers["Idempotency-Replayed"] = "true"
    return made


@router.get("", summary="List webhooks", responses=documented(500, 503, 507))
async def list_webhooks(here: Here) -> WebhookList:
    """All of them, oldest first."""
    return WebhookList(webhooks=await here.endpoints.all(here.runs.tenant))


@router.get("/{webhook}", summary="Show a webhook", responses=documented(404, 422, 500, 503, 507))
async def show_webhook(webhook: WebhookId, here: Here) -> Webhook:
    """Everything but its secret."""
    return await here.endpoints.get(here.runs.tenant, webhook)


@router.patch(
    "/{webhook}",
    summary="Change a webhook",
    responses=documented(400, 404, 413, 415, 422, 500, 503, 507),
)
async def change_webhook(webhook: WebhookId, body: WebhookChangeBody, here: Here) -> Webhook:
    """Change what is given; what is under way goes to the new address from its next attempt on."""
    return await here.endpoints.change(here.runs.tenant, webhook, body)


@router.delete(
    "/{webhook}",
    status_code=204,
    summary="Remove a webhook",
    responses=documented(404, 422, 500, 503, 507),
)
async def remove_webhook(webhook: WebhookId, here: Here) -> None:
    """Remove it with its secrets. What is under way to it is given up."""
    await here.endpoints.remove(here.runs.tenant, webhook)


@router.post(
    "/{webhook}/rotate",
    summary="Replace a webhook's secret",
    responses=documented(400, 404, 413, 415, 422, 500, 503, 507),
)
async def rotate_secret(webhook: WebhookId, body: RotateBody, here: Here) -> WebhookMade:
    """Show the new secret this once; for the overlap both sign every post."""
    return await here.endpoints.rotate(here.runs.tenant, webhook, body.overlap_seconds)


@router.post(
    "/{webhook}/ping",
    status_code=202,
    summary="Try a webhook out",
    responses=documented(404, 422, 500, 503, 507),
)
async def ping_webhook(webhook: WebhookId, here: Here) -> DeliveryStarted:
    """Send a `webhook.ping` once, also to one that is off; its delivery tells what came of it."""
    return _started(here, webhook, await here.deliveries.ping(webhook))


@router.get(
    "/{webhook}/deliveries",
    summary="List the deliveries to a webhook",
    responses=documented(404, 422, 500, 503, 507),
)
async def list_deliveries(
    webhook: WebhookId,
    here: Here,
    state: Annotated[DeliveryState | None, Query(description="In this state only.")] = None,
    limit: PageLimit = 20,
    cursor: Cursor = "",
) -> DeliveryList:
    """Newest first, for as long as Temporal keeps them. A new one shows up within a second."""
    page = await here.deliveries.list(webhook, state=state, limit=limit, cursor=cursor)
    return DeliveryList(deliveries=page.deliveries, cursor=page.cursor)


@router.get(
    "/{webhook}/deliveries/{delivery}",
    summary="Show a delivery",
    responses=documented(404, 422, 500, 503, 507),
)
async def show_delivery(webhook: WebhookId, delivery: DeliveryId, here: Here) -> DeliveryView:
    """What is sent, and every attempt at it."""
    return await here.deliveries.show(webhook, delivery)


@router.post(
    "/{webhook}/deliveries/{delivery}/redeliver",
    status_code=202,
    summary="Deliver again",
    responses=documented(404, 422, 500, 503, 507),
)
async def redeliver(webhook: WebhookId, delivery: DeliveryId, here: Here) -> DeliveryStarted:
    """Send the same notice under the same id; one that still waits is tried at once."""
    await here.deliveries.redeliver(webhook, delivery)
    return _started(here, webhook, delivery)


def _started(here: Here, webhook: str, delivery: str) -> DeliveryStarted:
    url = f"{here.url}/v1/webhooks/{webhook}/deliveries/{delivery}"
    return DeliveryStarted(id=delivery, url=url)
