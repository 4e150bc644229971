"""Webhooks: made, changed, removed, their secrets replaced. Their home is told by `base`."""

import asyncio
import hashlib
import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from contracts.notice import SUBSCRIBED
from contracts.webhook import NewWebhook, Webhook, WebhookChange, WebhookMade
from services.errors import (
    AddressRefusedError,
    ConflictError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    Problem,
)
from services.outgoing.egress import Egress
from services.outgoing.signature import new_secret
from services.payloads import places
from services.webhooks.base import WebhookRecords
from services.webhooks.record import Changed, Made, RecordName, folded, new_stamp, signing

MOST: Final = 100
"""Webhooks of one tenant: every notice looks at all of them."""

LONGEST_OVERLAP_SECONDS: Final = 7 * 86_400
log = logging.getLogger(__name__)


class Endpoints:
    """The webhooks of all tenants."""

    def __init__(self, records: WebhookRecords, egress: Egress) -> None:
        self._records = records
        self._egress = egress
        self._readings: dict[str, _Reading] = defaultdict(lambda: _Reading(records))

    @property
    def private(self) -> bool:
        """Whether webhooks may be in private networks."""
        return self._egress.private

    async def add(self, tenant: str, asked: NewWebhook, key: str = "") -> WebhookMade:
        """Make a webhook, once its address has been looked at.

        With a key a repeated request finds what the first one made, without its secret.

        Raises:
            InputInvalidError: the events are none to subscribe to.
            AddressRefusedError: nothing may be sent to the URL.
            ConflictError: there are too many webhooks.
            IdempotencyMismatchError: the key was used for another webhook.
        """
        _check_events(asked.events)
        fingerprint = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()
        webhook = _id_of(tenant, key) if key else f"w{secrets.token_hex(10)}"
        known = await self.all(tenant)
        if any(each.id == webhook for each in known):
            return await self._replayed(tenant, webhook, fingerprint)
        if len(known) >= MOST:
            raise ConflictError(f"there are {MOST} webhooks, and no more can be; remove one")
        await self._look_at(asked.url)
        secret = await self._keep_secret(tenant, webhook, new_stamp(), old_until_ms=0)
        made = Made(fingerprint=fingerprint, **asked.model_dump())
        # Written last: until then there is no such webhook, and after that it has its secret.
        name = RecordName(webhook, new_stamp(), "made")
        await self._records.write(tenant, str(name), made.model_dump_json().encode())
        return WebhookMade(webhook=await self.get(tenant, webhook), secret=secret)

    async def all(self, tenant: str) -> tuple[Webhook, ...]:
        """List all, oldest first, as they are after this was called."""
        found = await self._readings[tenant].fresh(tenant)
        return tuple(sorted(found, key=lambda each: (each.created_at, each.id)))

    async def get(self, tenant: str, webhook: str) -> Webhook:
        """Find one.

        Raises:
            NotFoundError: there is no such webhook.
        """
        for each in await self.all(tenant):
            if each.id == webhook:
                return each
        raise _unknown(webhook)

    async def change(self, tenant: str, webhook: str, change: WebhookChange) -> Webhook:
        """Change what is given.

        Raises:
            NotFoundError: there is no such webhook.
            InputInvalidError: nothing is given, or the events are none to subscribe to.
            AddressRefusedError: nothing may be sent to the new URL.
        """
        given = change.model_dump(exclude_none=True)
        if not given:
            raise InputInvalidError("nothing is to be changed; give at least one field")
        before = await self.get(tenant, webhook)
        _check_events(change.events or before.events)
        if change.url is not None:
            await self._look_at(change.url)
        reason = {"on": "", "off": "somebody switched it off", None: None}[change.state]
        return await self._keep(tenant, webhook, Changed(**given, reason=reason))

    async def switch_off(self, tenant: str, webhook: str, reason: str) -> None:
        """Switch a webhook off because its receiver fails; one that is gone or off stays so."""
        try:
            if (await self.get(tenant, webhook)).state == "on":
                await self._keep(tenant, webhook, Changed(state="off", reason=reason))
        except NotFoundError:
            return

    async def remove(self, tenant: str, webhook: str) -> None:
        """Remove a webhook with its secrets, for good.

        Raises:
            NotFoundError: there is no such webhook.
        """
        found = await self._names(tenant, webhook)
        if not found:
            raise _unknown(webhook)
        # Its first record first: without that it is no webhook any more, whatever follows.
        order = sorted(found, key=lambda name: (name.kind != "made", name.stamp))
        await self._records.delete(tenant, [str(name) for name in order])

    async def rotate(self, tenant: str, webhook: str, overlap_seconds: int) -> WebhookMade:
        """Replace the secret; the old one goes on signing for so many seconds.

        Raises:
            NotFoundError: there is no such webhook.
        """
        await self.get(tenant, webhook)
        now_ms = _now_ms()
        overlap_ms = min(overlap_seconds, LONGEST_OVERLAP_SECONDS) * 1000
        names = await self._names(tenant, webhook)
        newest = max(name.at_ms for name in names)
        secret = await self._keep_secret(
            tenant, webhook, new_stamp(newest), old_until_ms=now_ms + overlap_ms
        )
        held = set(signing(names, now_ms)) if overlap_seconds else set()
        spent = [str(name) for name in names if name.kind == "secret" and name not in held]
        await self._records.delete(tenant, spent)
        return WebhookMade(webhook=await self.get(tenant, webhook), secret=secret)

    async def secrets(self, tenant: str, webhook: str) -> tuple[str, ...]:
        """Read the secrets that sign now, newest first; none when it is being removed."""
        names = [str(name) for name in signing(await self._names(tenant, webhook), _now_ms())]
        bodies = await self._records.read(tenant, names)
        return tuple(bodies[name].decode() for name in names if name in bodies)

    async def _look_at(self, url: str) -> None:
        try:
            await self._egress.route(url)
        except AddressRefusedError as error:
            raise AddressRefusedError(str(error), [Problem("/url", str(error))]) from error

    async def _replayed(self, tenant: str, webhook: str, fingerprint: str) -> WebhookMade:
        names = [str(n) for n in await self._names(tenant, webhook) if n.kind == "made"]
        bodies = await self._records.read(tenant, names)
        if not any(
            Made.model_validate_json(body).fingerprint == fingerprint for body in bodies.values()
        ):
            raise IdempotencyMismatchError(
                "this Idempotency-Key was used before for another webhook; use a new key"
            )
        return WebhookMade(webhook=await self.get(tenant, webhook), secret=None)

    async def _keep(self, tenant: str, webhook: str, changed: Changed) -> Webhook:
        newest = max(name.at_ms for name in await self._names(tenant, webhook))
        name = RecordName(webhook, new_stamp(newest), "changed")
        body = changed.model_dump_json(exclude_none=True).encode()
        await self._records.write(tenant, str(name), body)
        return await self.get(tenant, webhook)

    async def _keep_secret(
        self, tenant: str, webhook: str, stamp: str, *, old_until_ms: int
    ) -> str:
        secret = new_secret()
        name = RecordName(webhook, stamp, "secret", old_until_ms)
        await self._records.write(tenant, str(name), secret.encode())
        return secret

    async def _names(self, tenant: str, webhook: str) -> list[RecordName]:
        found = map(RecordName.read, await self._records.names(tenant))
        return [name for name in found if name is not None and name.webhook == webhook]


class _Reading:
    """Reads all webhooks of a tenant; what is asked for at the same time is read once.

    A notice has to reach whoever subscribed before it happened, so nothing is answered from a
    reading that began before it was asked for. Records never change: each is read once.
    """

    def __init__(self, records: WebhookRecords) -> None:
        self._records = records
        self._bodies: dict[str, bytes] = {}
        self._lock = asyncio.Lock()
        self._begun = 0
        self._found: Sequence[Webhook] = ()

    async def fresh(self, tenant: str) -> Sequence[Webhook]:
        """Read them as they are after this was called."""
        begun_before = self._begun
        async with self._lock:
            if self._begun == begun_before:
                self._begun += 1
                try:
                    self._found = await self._read(tenant)
                except BaseException:
                    self._begun -= 1
                    raise
            return self._found

    async def _read(self, tenant: str) -> Sequence[Webhook]:
        by_webhook: dict[str, list[RecordName]] = defaultdict(list)
        for name in map(RecordName.read, await self._records.names(tenant)):
            if name is not None:
                by_webhook[name.webhook].append(name)
        told = [str(n) for group in by_webhook.values() for n in group if n.kind != "secret"]
        unread = [name for name in told if name not in self._bodies]
        fresh = await self._records.read(tenant, unread) if unread else {}
        kept = set(told)
        self._bodies = {name: body for name, body in self._bodies.items() if name in kept} | fresh
        found = (_readable(group, self._bodies) for group in by_webhook.values())
        return [each for each in found if each is not None]


def _readable(names: Sequence[RecordName], bodies: Mapping[str, bytes]) -> Webhook | None:
    """Fold one webhook; a damaged record takes its own webhook away and no other."""
    try:
        return folded(names, bodies, _now_ms())
    except ValidationError as error:
        # The error itself is not logged: it quotes the record.
        told = {"webhook": names[0].webhook, "problem": places(error)}
        log.warning("a record of a webhook cannot be read; remove it and make it anew", extra=told)
        return None


def _check_events(events: Sequence[str]) -> None:
    unknown = [each for each in events if each not in SUBSCRIBED]
    if unknown:
        known = ", ".join(SUBSCRIBED)
        message = f"{', '.join(unknown)} cannot be subscribed to; choose from {known}"
        raise InputInvalidError(message, [Problem("/events", message)])


def _unknown(webhook: str) -> NotFoundError:
    return NotFoundError(
        f"there is no webhook {webhook[:40]!r}; list them with `orchestra webhooks list`"
    )


def _id_of(tenant: str, key: str) -> str:
    return "k" + hashlib.sha256(f"{tenant}\n{key}".encode()).hexdigest()[:20]


def _now_ms() -> int:
    return int(time.time() * 1000)
