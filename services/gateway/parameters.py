"""Parameters that routes share, each with the pattern that keeps it out of queries unescaped."""

from typing import Annotated

from fastapi import Header, Path, Query

RunId = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Z]{26}(\.[a-z][a-z0-9_]*-[0-9]+(-[0-9a-f]{8})?){0,5}$",
        description="A run's id; that of a sub-flow's run begins with its parent's.",
        examples=["01KANQ3XRT5ZC1J7E2V8M0HWYB"],
    ),
]
FlowName = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_]{0,47}$", description="A flow's name.", examples=["article"])
]
GateName = Annotated[
    str,
    Path(pattern=r"^[a-z][a-z0-9_]{0,47}$", description="A gate's name.", examples=["approve"]),
]
ValueDigest = Annotated[
    str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the stored value, hexadecimal.")
]
CorpusPath = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
        description="A corpus's name.",
        examples=["composting"],
    ),
]
SchedulePath = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="A schedule's name.",
        examples=["newsletter-weekly"],
    ),
]
BatchId = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Z]{26}$",
        description="A batch's id.",
        examples=["01KANQ3XRT5ZC1J7E2V8M0HWYB"],
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[ -~]{1,255}$",
        description="Chosen by the caller, printable ASCII. The same key with the same flow and"
        " input gives the same run for as long as Temporal keeps it; with others it is refused.",
    ),
]
WebhookId = Annotated[
    str,
    Path(
        pattern=r"^[wk][0-9a-f]{20}$",
        description="A webhook's id.",
        examples=["w3f0c1de2a4b5c6d7e8f9"],
    ),
]
DeliveryId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9_-]{1,200}$",
        description="A delivery's id, which the receiver knows as `webhook-id`.",
        examples=["01KANQ3XRT5ZC1J7E2V8M0HWYB-12"],
    ),
]
WebhookKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[ -~]{1,255}$",
        description="Chosen by the caller, printable ASCII. The same key with the same body gives"
        " the same webhook, its secret not shown again; with another body it is refused.",
    ),
]
PageLimit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[
    str,
    Query(max_length=4000, description="Where the page begins: the cursor of the page before."),
]
FlowFilter = Annotated[
    str,
    Query(pattern=r"^([a-z][a-z0-9_]{0,47})?$", description="Only those of this flow."),
]
RoleFilter = Annotated[
    str,
    Query(
        pattern=r"^([a-z][a-z0-9_]{0,47})?$",
        description="Only those that ask this role now.",
        examples=["editor"],
    ),
]
Who = Annotated[
    str,
    Query(max_length=200, description="Who looks. It is kept as a hash, with what they see."),
]
UnseenBy = Annotated[
    str,
    Query(
        max_length=200,
        description="Only gates that this person has not looked at as they are now.",
    ),
]
