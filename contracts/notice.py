"""What is told to webhooks: the closed list of notices, and what a post carries.

References and public facts only: no prompts, no values, nobody's words but the flow's own.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from contracts.base import Part
from contracts.reference import Digest


class NoticeKind(StrEnum):
    """What a webhook may be told of."""

    RUN_SUCCEEDED = "run.succeeded"
    RUN_REJECTED = "run.rejected"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"
    RUN_EXPIRED = "run.expired"
    RUN_PUBLISHED = "run.published"
    """A step that publishes is done; told with the run's next gate or its end."""

    GATE_OPENED = "gate.opened"
    GATE_REMINDED = "gate.reminded"
    GATE_ESCALATED = "gate.escalated"
    GATE_DECIDED = "gate.decided"
    """Told at once where somebody asked for it when the gate opened, else with what is told
    next."""

    GATE_EXPIRED = "gate.expired"
    PING = "webhook.ping"
    """Sent on request to try a webhook; cannot be subscribed to."""


SUBSCRIBED = tuple(kind for kind in NoticeKind if kind is not NoticeKind.PING)
"""What a webhook may ask for."""


class Notice(Part):
    """One thing to tell, as the interpreter numbers it."""

    kind: NoticeKind
    run: str
    flow: str
    flow_version: int
    seq: int = Field(ge=1)
    """The transition's number in its run: with the run it identifies the notice."""

    at_ms: int = Field(ge=0)
    """Unix time in milliseconds, of the transition."""

    place: str = ""
    """The gate, the publishing step, or the end that the run came to."""

    visit: int = 0
    role: str = ""
    deadline_ms: int = 0
    digest: Digest | None = None
    """What a decision has to name (gate), the output (end), or what was published."""

    contract: str = ""
    reason: str = ""
    failure: str = ""
    """The kind of failure that ended the run or that the gate asks about."""

    cost_usd: float = 0.0
    parent: str = ""
    """The run whose step this run is; empty for a run of its own."""

    @property
    def id(self) -> str:
        """Identify the notice for receivers: the same however often it is sent."""
        # A full stop would let one signed text be read as another; a slash is our own in ids.
        return f"{self.run}-{self.seq}".replace(".", "_").replace("/", "_")


class NoticeData(Part):
    """What a notice is about. What does not apply is null."""

    run: str | None = None
    flow: str | None = None
    flow_version: int | None = None
    parent: str | None = None
    """The run whose step this run is."""

    status: str | None = None
    """How the run stands after this."""

    url: str | None = None
    """The run at the gateway."""

    end: str | None = None
    """The declared end that the run came to."""

    reason: str | None = None
    failure: str | None = None
    """The kind of failure, of the closed list."""

    cost_usd: float | None = None
    gate: str | None = None
    visit: int | None = None
    role: str | None = None
    deadline: str | None = None
    """RFC 3339, UTC."""

    shown: Digest | None = None
    """What a decision at the gate has to name."""

    step: str | None = None
    """The step that published."""

    output: Digest | None = None
    """SHA-256 of what the run or the step made."""

    output_contract: str | None = None
    output_url: str | None = None
    """Where the gateway gives that value."""


class WebhookPayload(Part):
    """The body of a post to a webhook."""

    type: NoticeKind
    timestamp: str
    """When it happened: RFC 3339, UTC. The attempt's own time stands in `webhook-timestamp`."""

    data: NoticeData


AttemptResult = Literal["delivered", "failed", "gone", "refused", "off"]


class Attempt(Part):
    """One attempt to deliver."""

    result: AttemptResult
    """`gone`: answered 410; `refused`: the address must not be called; `off`: the webhook is off
    or removed."""

    at_ms: int = 0
    took_ms: int = 0
    status: int = 0
    """HTTP status; 0 without an answer."""

    reason: str = ""
    retry_after: int = 0
    """Seconds that the receiver asks to wait."""


class Delivery(Part):
    """One notice on its way to one webhook: the argument of its workflow. No secrets, no URL."""

    tenant: str
    webhook: str
    id: str
    """The notice's id: `webhook-id` to the receiver."""

    kind: NoticeKind
    run: str = ""
    body: str
    """Exactly what is sent, at every attempt."""

    pauses: tuple[int, ...]
    """Seconds between attempts; one attempt more than pauses is made."""


class GiveUp(Part):
    """A delivery that no attempt has brought through."""

    tenant: str
    webhook: str
    id: str
    began_ms: int
    reason: str
    """Why the last attempt failed."""
