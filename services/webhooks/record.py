"""What a webhook's records say, and how they are folded into what it is now.

A webhook is the record that made it and every change since. Changes are separate records, so
that two people who change it at the same time both have their way, and no writer has to agree
with another: the home needs no locks, and any S3-compatible server will do.
"""

import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from contracts.base import Part
from contracts.notice import NoticeKind
from contracts.webhook import Webhook, WebhookState

RecordKind = Literal["made", "changed", "secret"]
_LONGEST_STAMP: Final = 13
"""Digits of a Unix time in milliseconds until the year 2286."""


class Made(Part):
    """The first record of a webhook."""

    fingerprint: str
    """Of what was asked for, so that a repeated request is told from another one."""

    url: str
    events: tuple[NoticeKind, ...]
    flows: tuple[str, ...]
    note: str


class Changed(Part):
    """What somebody, or a failure, changed."""

    url: str | None = None
    events: tuple[NoticeKind, ...] | None = None
    flows: tuple[str, ...] | None = None
    note: str | None = None
    state: WebhookState | None = None
    reason: str | None = None


class RecordName(NamedTuple):
    """A record's name: whose, when, what. Names of one webhook sort by time.

    The body of a `secret` is the secret itself; nothing but signing reads it.
    """

    webhook: str
    stamp: str
    kind: RecordKind
    old_until_ms: int = 0
    """Of a secret: until when the one before it signs as well."""

    @classmethod
    def read(cls, name: str) -> "RecordName | None":
        """Read a name; None of what is none of ours."""
        match name.split("."):
            case [webhook, stamp, ("made" | "changed" | "secret") as kind, until] if (
                until.isdecimal() and stamp[:_LONGEST_STAMP].isdecimal()
            ):
                return cls(webhook, stamp, kind, int(until))
            case _:
                return None

    def __str__(self) -> str:
        """Write the name."""
        return f"{self.webhook}.{self.stamp}.{self.kind}.{self.old_until_ms}"

    @property
    def at_ms(self) -> int:
        """When it was written, in Unix milliseconds."""
        return int(self.stamp[:_LONGEST_STAMP])


def new_stamp(after_ms: int = 0) -> str:
    """Stamp a record with the time, and later than one that its writer has seen."""
    moment = max(int(time.time() * 1000), after_ms + 1)
    return f"{moment:0{_LONGEST_STAMP}d}-{secrets.token_hex(4)}"


def folded(names: Iterable[RecordName], bodies: Mapping[str, bytes], now_ms: int) -> Webhook | None:
    """Fold the records of one webhook; None when its first is not there: it is being removed."""
    ordered = sorted(names, key=lambda name: name.stamp)
    first = next((name for name in ordered if name.kind == "made"), None)
    if first is None or str(first) not in bodies:
        return None
    made = Made.model_validate_json(bodies[str(first)])
    fields = made.model_dump(exclude={"fingerprint"})
    for name in ordered:
        if name.kind == "changed" and str(name) in bodies:
            changed = Changed.model_validate_json(bodies[str(name)])
            fields |= changed.model_dump(exclude_none=True)
    secret = max((name for name in ordered if name.kind == "secret"), default=first)
    return Webhook(
        **fields,
        id=first.webhook,
        created_at=moment(first.at_ms),
        changed_at=moment(ordered[-1].at_ms),
        secret_made_at=moment(secret.at_ms),
        old_secret_until=moment(secret.old_until_ms) if secret.old_until_ms > now_ms else None,
    )


def signing(names: Iterable[RecordName], now_ms: int) -> tuple[RecordName, ...]:
    """Choose the secrets that sign now, newest first."""
    newest_first = sorted((n for n in names if n.kind == "secret"), reverse=True)
    chosen: list[RecordName] = []
    until_ms = now_ms + 1
    for name in newest_first:
        if until_ms <= now_ms:
            break
        chosen.append(name)
        until_ms = name.old_until_ms
    return tuple(chosen)


def moment(at_ms: int) -> str:
    """Write a time as RFC 3339 in UTC, to the millisecond."""
    written = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")
