"""The publisher by signed post: one id a text, and errors that say what to mend."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.errors import SettingsError, StorageError, UnavailableError
from services.outgoing.egress import Egress
from services.outgoing.post import Poster
from services.outgoing.signature import new_secret
from services.publishing.folder import FolderPublisher
from services.publishing.webhook import WebhookPublisher
from services.settings import Settings
from services.worker.wiring import publisher
from tests.unit.outgoing.receivers import answer, receiving
from tests.unit.publishing.articles import an_article
from tests.unit.publishing.text_receiver import SECRET, posting_to, text_receiver


async def test_a_text_has_one_id_however_often_it_is_sent() -> None:
    """The id is the digest of what is published, so that a receiver can drop repeats."""
    async with text_receiver() as receiver:
        published = [await posting_to(receiver.url).publish(an_article()) for _ in range(2)]

    assert receiver.ids == [published[0].digest] * 2


async def test_where_the_text_is_comes_from_the_receiver() -> None:
    """Its answer is believed, whatever else it says."""
    async with receiving(answer(200, b'{"where": "https://x.test/1", "id": 7}')) as receiver:
        published = await posting_to(receiver.url).publish(an_article())

    assert published.where == "https://x.test/1"


@pytest.mark.parametrize("body", [b"", b"thanks", b"{}", b'{"where": ""}', b'{"where": 7}'])
async def test_a_receiver_that_does_not_say_where_is_told_to(body: bytes) -> None:
    """A text that nobody finds is not published."""
    async with receiving(answer(200, body)) as receiver:
        with pytest.raises(StorageError, match="where it is"):
            await posting_to(receiver.url).publish(an_article())


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_receiver_that_cannot_now_is_asked_later(status: int) -> None:
    """What may pass is tried again by the flow's plan."""
    async with receiving(answer(status)) as receiver:
        with pytest.raises(UnavailableError, match=f"{status}"):
            await posting_to(receiver.url).publish(an_article())


async def test_a_wrong_secret_is_the_operators_to_mend() -> None:
    """The receiver refuses; the message names the settings and no secret."""
    other = new_secret()
    async with text_receiver() as receiver:
        with pytest.raises(StorageError, match="ORCHESTRA_PUBLISH_SECRET") as refused:
            await posting_to(receiver.url, other).publish(an_article())

    assert other not in str(refused.value)
    assert receiver.texts == {}


async def test_texts_go_to_public_addresses() -> None:
    """The same guard as for webhooks."""
    sending = WebhookPublisher(Poster(Egress()), "https://127.0.0.1/", SecretStr(SECRET))

    with pytest.raises(StorageError, match="loopback"):
        await sending.publish(an_article())


def test_settings_choose_the_publisher(tmp_path: Path) -> None:
    """An address is posted to; without one there is the folder; an address needs a secret."""
    address = {"ORCHESTRA_PUBLISH_URL": "https://x.test/texts"}
    chosen = publisher(Settings.from_environ({**address, "ORCHESTRA_PUBLISH_SECRET": SECRET}))

    assert isinstance(chosen, WebhookPublisher)
    assert isinstance(publisher(Settings(publish_dir=tmp_path)), FolderPublisher)
    with pytest.raises(SettingsError, match="ORCHESTRA_PUBLISH_SECRET"):
        publisher(Settings.from_environ(address))
