"""Publishes articles by a signed post: whoever receives it says where the text is now."""

import json
import time
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from contracts.base import digest
from contracts.content.text import Line
from services.errors import AddressRefusedError, SettingsError, StorageError, UnavailableError
from services.outgoing.post import Answer, Poster
from services.outgoing.signature import key_of, signed_headers
from services.publishing.base import Article, Page, Published
from services.publishing.markdown import file_name, render

_LOOK = "look at ORCHESTRA_PUBLISH_URL and ORCHESTRA_PUBLISH_SECRET"


class _Receipt(BaseModel):
    """What the receiver answers; it may say more."""

    model_config = ConfigDict(extra="ignore")

    where: Line


class WebhookPublisher:
    """Posts one Markdown text an article, signed as Standard Webhooks ask for.

    The id of a post is the digest of its text: a receiver that drops the ids it knows, or keeps
    texts by name, has each text once, however often it is sent.
    """

    def __init__(self, poster: Poster, url: str, secret: SecretStr) -> None:
        """Prepare; nothing is sent yet.

        Args:
            poster: the way out.
            url: where texts are posted.
            secret: `whsec_…`, which the receiver knows too.

        Raises:
            SettingsError: the secret is none.
        """
        try:
            key_of(secret.get_secret_value())
        except SettingsError as error:
            raise SettingsError(f"ORCHESTRA_PUBLISH_SECRET does not fit: {error}") from error
        self._poster = poster
        self._url = url
        self._secret = secret

    async def publish(self, article: Article) -> Published:
        """Send the article and read from the answer, `{"where": …}`, where it is.

        Raises:
            StorageError: the receiver refuses, or does not say where the text is.
            UnavailableError: it does not answer, or not now.
        """
        return await self._send(
            "article.publish", file_name(article), render(article), _of(article)
        )

    async def publish_page(self, page: Page) -> Published:
        """Send the page as an article is sent, as `page.publish`; raises as `publish` does."""
        return await self._send("page.publish", page.name, page.text.encode(), {})

    async def _send(
        self, kind: str, name: str, content: bytes, about: Mapping[str, str]
    ) -> Published:
        published = digest(content)
        body = _body(kind, {"name": name, **about}, content)
        headers = signed_headers(
            [self._secret.get_secret_value()], published, int(time.time()), body
        )
        try:
            answer = await self._poster.post(
                self._url, {"Content-Type": "application/json", **headers}, body
            )
        except AddressRefusedError as error:
            raise StorageError(f"the text cannot be published: {error}; {_LOOK}") from error
        except UnavailableError as error:
            raise UnavailableError(f"the receiver of texts does not answer: {error}") from error
        return Published(where=_where(answer), digest=published)


def _of(article: Article) -> dict[str, str]:
    return {
        "title": article.draft.title,
        "made_by": article.draft.made_by,
        "vouched_by": article.vouched_by,
        "draft": article.digest,
    }


def _body(kind: str, told: Mapping[str, str], content: bytes) -> bytes:
    """Write what is posted; the same text always gives the same bytes."""
    data = {**told, "digest": digest(content), "markdown": content.decode()}
    return json.dumps({"type": kind, "data": data}, ensure_ascii=False).encode()


def _where(answer: Answer) -> str:
    if answer.status == 429 or answer.status >= 500:
        raise UnavailableError(f"the receiver of texts answered {answer.status}; try again later")
    if not answer.is_success:
        raise StorageError(f"the receiver of texts refuses with {answer.status}; {_LOOK}")
    try:
        return _Receipt.model_validate_json(answer.body).where
    except ValidationError as error:
        raise StorageError(
            'the receiver of texts took one and does not say where it is: let it answer {"where":'
            ' "https://…"}'
        ) from error
