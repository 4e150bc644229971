"""Webhooks: made, changed, removed, their secrets replaced."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.notice import NoticeKind
from contracts.webhook import NewWebhook, Webhook, WebhookChange
from services.errors import (
    AddressRefusedError,
    ConflictError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    UnavailableError,
)
from services.outgoing.egress import Egress
from services.webhooks import endpoints as module
from services.webhooks.endpoints import Endpoints
from services.webhooks.in_process import InProcessRecords

ADDRESSES = {"good.test": ["93.184.215.14"], "bad.test": ["10.0.0.1"]}


async def look_up(host: str, port: int) -> Sequence[str]:
    """Find the names of the table and no others."""
    if host not in ADDRESSES:
        raise OSError("no such name")
    return ADDRESSES[host]


def fresh(records: InProcessRecords | None = None) -> Endpoints:
    return Endpoints(records or InProcessRecords(), Egress(resolver=look_up))


def asked(**changes: Any) -> NewWebhook:
    given = {"url": "https://good.test/hook", "events": (NoticeKind.RUN_FAILED,)}
    return NewWebhook.model_validate({**given, **changes})


async def test_a_webhook_is_made_listed_and_shown() -> None:
    """It is what was asked for, on, with a secret that only its maker sees."""
    endpoints = fresh()

    made = await endpoints.add("t", asked(flows=("article",), note="to the desk"))

    shown = await endpoints.get("t", made.webhook.id)
    assert await endpoints.all("t") == (shown,) == (made.webhook,)
    assert (shown.url, shown.state, shown.note) == ("https://good.test/hook", "on", "to the desk")
    assert await endpoints.secrets("t", shown.id) == (made.secret,)
    assert str(made.secret) not in shown.model_dump_json()


async def test_webhooks_survive_the_process() -> None:
    """Whoever opens the same home sees the same."""
    records = InProcessRecords()
    made = await fresh(records).add("t", asked())

    again = fresh(records)

    assert await again.all("t") == (made.webhook,)
    assert await again.secrets("t", made.webhook.id) == (made.secret,)


@pytest.mark.parametrize("url", ["https://bad.test/", "https://unknown.test/", "http://good.test/"])
async def test_an_address_that_must_not_be_called_is_refused(url: str) -> None:
    """When a webhook is made and when it is changed; the place in the request is named."""
    endpoints = fresh()
    made = await endpoints.add("t", asked())

    with pytest.raises(AddressRefusedError) as refused:
        await endpoints.add("t", asked(url=url))
    with pytest.raises(AddressRefusedError):
        await endpoints.change("t", made.webhook.id, WebhookChange(url=url))

    assert [problem.pointer for problem in refused.value.problems] == ["/url"]
    assert await endpoints.all("t") == (made.webhook,)


async def test_a_ping_cannot_be_subscribed_to() -> None:
    """It is sent on request only."""
    with pytest.raises(InputInvalidError, match="cannot be subscribed to"):
        await fresh().add("t", asked(events=(NoticeKind.PING,)))


def test_a_webhook_without_events_is_none() -> None:
    """Something has to be asked for."""
    with pytest.raises(ValidationError):
        asked(events=())


async def test_the_same_key_makes_one_webhook() -> None:
    """A repeated request finds it, without its secret; the same key for another is refused."""
    endpoints = fresh()

    first = await endpoints.add("t", asked(), key="k1")
    second = await endpoints.add("t", asked(), key="k1")

    assert (second.webhook, second.secret) == (first.webhook, None)
    assert await endpoints.all("t") == (first.webhook,)
    with pytest.raises(IdempotencyMismatchError):
        await endpoints.add("t", asked(note="another"), key="k1")


async def test_both_of_two_changes_at_once_hold() -> None:
    """Neither of two people overwrites what the other has changed."""
    records = InProcessRecords()
    one, other = fresh(records), fresh(records)
    made = await one.add("t", asked())

    await asyncio.gather(
        one.change("t", made.webhook.id, WebhookChange(note="mine")),
        other.change("t", made.webhook.id, WebhookChange(flows=("article",))),
    )

    found = await one.get("t", made.webhook.id)
    assert (found.note, found.flows) == ("mine", ("article",))
    assert await other.get("t", made.webhook.id) == found


async def test_a_change_without_anything_is_refused() -> None:
    """Nothing is no change."""
    endpoints = fresh()
    made = await endpoints.add("t", asked())

    with pytest.raises(InputInvalidError, match="at least one"):
        await endpoints.change("t", made.webhook.id, WebhookChange())


async def test_it_is_switched_off_with_a_reason_and_on_again() -> None:
    """The reason stands until somebody switches it on."""
    endpoints = fresh()
    made = await endpoints.add("t", asked())

    await endpoints.switch_off("t", made.webhook.id, "it answered 410")
    off = await endpoints.get("t", made.webhook.id)
    on = await endpoints.change("t", made.webhook.id, WebhookChange(state="on"))
    by_hand = await endpoints.change("t", made.webhook.id, WebhookChange(state="off"))

    assert (off.state, off.reason) == ("off", "it answered 410")
    assert (on.state, on.reason) == ("on", "")
    assert (by_hand.state, by_hand.reason) == ("off", "somebody switched it off")


async def test_the_old_secret_signs_for_the_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one comes first; after the overlap it is alone."""
    endpoints = fresh()
    made = await endpoints.add("t", asked())
    rotated = await endpoints.rotate("t", made.webhook.id, 60)

    during = await endpoints.secrets("t", made.webhook.id)
    later = module._now_ms() + 61_000
    monkeypatch.setattr(module, "_now_ms", lambda: later)

    assert during == (rotated.secret, made.secret)
    assert rotated.webhook.old_secret_until is not None
    assert await endpoints.secrets("t", made.webhook.id) == (rotated.secret,)
    assert (await endpoints.get("t", made.webhook.id)).old_secret_until is None


async def test_a_secret_that_signs_no_more_is_gone() -> None:
    """Replaced without overlap, it is nowhere."""
    records = InProcessRecords()
    endpoints = fresh(records)
    made = await endpoints.add("t", asked())

    await endpoints.rotate("t", made.webhook.id, 0)

    assert str(made.secret).encode() not in records.kept.values()


async def test_a_removed_webhook_leaves_nothing() -> None:
    """Neither record nor secret; asking for it says so."""
    records = InProcessRecords()
    endpoints = fresh(records)
    made = await endpoints.add("t", asked())
    await endpoints.rotate("t", made.webhook.id, 60)

    await endpoints.remove("t", made.webhook.id)

    assert records.kept == {}
    assert await endpoints.all("t") == ()
    with pytest.raises(NotFoundError):
        await endpoints.get("t", made.webhook.id)
    await endpoints.switch_off("t", made.webhook.id, "late")
    assert records.kept == {}


async def test_there_are_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every notice looks at all of them, so their number has an end."""
    monkeypatch.setattr(module, "MOST", 1)
    endpoints = fresh()
    await endpoints.add("t", asked())

    with pytest.raises(ConflictError, match="no more can be"):
        await endpoints.add("t", asked())


async def test_a_damaged_record_takes_only_its_own_webhook_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The others are told as before; the log names the damaged one, and it can be removed."""
    records = InProcessRecords()
    endpoints = fresh(records)
    whole, damaged = await endpoints.add("t", asked()), await endpoints.add("t", asked())
    [name] = [
        name
        for name in await records.names("t")
        if f"{damaged.webhook.id}." in name and "made" in name
    ]
    await records.write("t", name, b"{}")

    again = fresh(records)

    assert await again.all("t") == (whole.webhook,)
    assert "cannot be read" in caplog.text
    await again.remove("t", damaged.webhook.id)
    assert {each.partition(".")[0] for each in await records.names("t")} == {whole.webhook.id}


class SlowRecords(InProcessRecords):
    """Counts its lists, and lets each wait for a sign."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = 0
        self.go = asyncio.Event()
        self.go.set()

    async def names(self, tenant: str) -> tuple[str, ...]:
        """See `WebhookRecords.names`."""
        self.lists += 1
        found = await super().names(tenant)
        await self.go.wait()
        return found


async def test_many_who_ask_at_once_are_answered_by_one_reading() -> None:
    """A burst of notices costs two lists, and nobody gets one that is older than their question."""
    records = SlowRecords()
    endpoints = fresh(records)
    records.go.clear()
    early = asyncio.create_task(endpoints.all("t"))
    await asyncio.sleep(0)
    writing = asyncio.create_task(fresh(records).add("t", asked()))
    await asyncio.sleep(0)
    records.go.set()
    made = await writing
    records.go.clear()
    late = [asyncio.create_task(endpoints.all("t")) for _ in range(50)]
    await asyncio.sleep(0)
    before = records.lists
    records.go.set()

    assert await early == ()
    assert {await each for each in late} == {(made.webhook,)}
    assert records.lists - before <= 2


async def test_a_reading_that_failed_answers_nobody() -> None:
    """Those who waited for it read themselves."""

    class Failing(InProcessRecords):
        """Fails once."""

        failed = False

        async def names(self, tenant: str) -> tuple[str, ...]:
            """See `WebhookRecords.names`."""
            await asyncio.sleep(0)
            if not self.failed:
                self.failed = True
                raise UnavailableError("away")
            return await super().names(tenant)

    endpoints = fresh(Failing())

    found = await asyncio.gather(*(endpoints.all("t") for _ in range(3)), return_exceptions=True)

    assert [each for each in found if isinstance(each, Exception)] == [found[0]]
    assert found[1:] == [(), ()]


@pytest.mark.parametrize(
    ("kind", "flow", "state", "wanted"),
    [
        (NoticeKind.RUN_FAILED, "article", "on", True),
        (NoticeKind.RUN_FAILED, "other", "on", False),
        (NoticeKind.GATE_OPENED, "article", "on", False),
        (NoticeKind.RUN_FAILED, "article", "off", False),
    ],
)
def test_a_webhook_wants_what_it_asked_for(
    kind: NoticeKind, flow: str, state: str, wanted: bool
) -> None:
    """Its events, of its flows, while it is on."""
    webhook = Webhook.model_validate(
        {
            "id": "w1",
            "url": "https://good.test/",
            "events": (NoticeKind.RUN_FAILED,),
            "flows": ("article",),
            "state": state,
            **dict.fromkeys(("created_at", "changed_at", "secret_made_at"), ""),
        }
    )

    assert webhook.wants(kind, flow) is wanted
