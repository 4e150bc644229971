"""What a webhook looks like from outside: where notices go, and what became of them."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.base import Part
from contracts.notice import Attempt, NoticeKind, WebhookPayload

WebhookState = Literal["on", "off"]
FlowNameText = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Subscribed = Annotated[tuple[NoticeKind, ...], Field(min_length=1, max_length=len(NoticeKind))]
Flows = Annotated[tuple[FlowNameText, ...], Field(max_length=50)]


class Webhook(Part):
    """Where notices are sent. Its secret is shown once, when it is made, and never here."""

    id: str
    url: str
    events: tuple[NoticeKind, ...]
    flows: tuple[str, ...] = ()
    """Only of these flows; of all when empty."""

    note: str = ""
    state: WebhookState = "on"
    reason: str = ""
    """Why it is off."""

    created_at: str
    """RFC 3339, UTC, here and below."""

    changed_at: str
    secret_made_at: str
    old_secret_until: str | None = None
    """Until when the secret before signs as well; null when it does not."""

    def wants(self, kind: NoticeKind, flow: str) -> bool:
        """Whether it is to be told of this."""
        return self.state == "on" and kind in self.events and (not self.flows or flow in self.flows)


class NewWebhook(Part):
    """What is asked for."""

    url: str = Field(min_length=1, max_length=2000, examples=["https://example.com/hooks/content"])
    """`https://host[:port]/path`, at a public address, with neither user nor fragment."""

    events: Subscribed
    """What it is told of; `webhook.ping` is sent on request only."""

    flows: Flows = ()
    note: str = Field(default="", max_length=300)
    """For people."""


class WebhookChange(Part):
    """What is to be different; what is null stays."""

    url: str | None = Field(default=None, min_length=1, max_length=2000)
    events: Subscribed | None = None
    flows: Flows | None = None
    note: str | None = Field(default=None, max_length=300)
    state: WebhookState | None = None


class WebhookMade(Part):
    """A webhook with its secret."""

    webhook: Webhook
    secret: str | None
    """`whsec_…`, shown this once; null when an earlier request with the same key had made it:
    rotate it if the first answer was lost."""


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliverySummary(Part):
    """One delivery as a list shows it."""

    id: str
    """The notice's id, which the receiver knows as `webhook-id`."""

    event: NoticeKind
    run: str = ""
    state: DeliveryState
    started_at: str
    """RFC 3339, UTC, here and below."""

    ended_at: str | None = None


class DeliveryView(DeliverySummary):
    """One delivery with its attempts, oldest first."""

    webhook: str
    payload: WebhookPayload
    attempts: tuple[Attempt, ...] = ()
    next_attempt_at: str | None = None
    """When the next attempt is made, as far as it is known."""
