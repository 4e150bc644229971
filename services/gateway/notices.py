"""Describes what receivers of webhooks are sent, for the OpenAPI description."""

from typing import Annotated, Final

from fastapi import FastAPI, Header, Response

from contracts.notice import NoticeKind, WebhookPayload

_WHEN: Final = {
    NoticeKind.RUN_SUCCEEDED: "A run has come to an end that succeeds.",
    NoticeKind.RUN_REJECTED: "A run has come to an end that rejects: a person said no.",
    NoticeKind.RUN_FAILED: "A run has failed.",
    NoticeKind.RUN_CANCELLED: "Somebody has cancelled a run.",
    NoticeKind.RUN_EXPIRED: "A run has waited for too long.",
    NoticeKind.RUN_PUBLISHED: "A step that publishes is done; told with the next gate or end.",
    NoticeKind.GATE_OPENED: "A run waits for a person.",
    NoticeKind.GATE_REMINDED: "A run still waits for a person.",
    NoticeKind.GATE_ESCALATED: "A run now waits for another role.",
    NoticeKind.GATE_DECIDED: "A person has decided at a gate.",
    NoticeKind.GATE_EXPIRED: "Nobody has decided at a gate in time.",
    NoticeKind.PING: "Somebody tries the webhook out.",
}
_ANSWER: Final = """
Answer with any 2xx within 15 seconds. Anything else is tried again, with growing pauses, for about
three days; `Retry-After` is respected, 410 switches the webhook off. Order is not kept, and the
same `webhook-id` may come more than once: drop those you know.
"""


def describe_notices(app: FastAPI) -> None:
    """Add every notice to the webhooks of a description; serves nothing."""
    for kind in NoticeKind:
        app.webhooks.add_api_route(
            kind.value,
            _receive,
            methods=["POST"],
            status_code=204,
            response_class=Response,
            name=f"receive_{kind.name.lower()}",
            summary=_WHEN[kind],
            description=_ANSWER.strip(),
            tags=["webhooks"],
        )


def _receive(
    body: WebhookPayload,
    webhook_id: Annotated[
        str, Header(alias="webhook-id", description="The same for every attempt at this notice.")
    ],
    webhook_timestamp: Annotated[
        int, Header(alias="webhook-timestamp", description="Unix seconds of this attempt.")
    ],
    webhook_signature: Annotated[
        str,
        Header(
            alias="webhook-signature",
            description="One or more of `v1,` and the base64 of the HMAC-SHA256 of"
            " `id.timestamp.body`, separated by spaces: Standard Webhooks 1.0.0.",
        ),
    ],
) -> None:
    """Stand for the receiver, whose signature this is."""
