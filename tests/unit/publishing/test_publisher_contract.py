"""What every implementation of the publishing port does, told once for all of them."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.base import digest
from services.publishing.base import Page, Publisher
from services.publishing.folder import FolderPublisher
from services.publishing.in_process import InProcessPublisher
from tests.builders import a_draft
from tests.unit.publishing.articles import an_article
from tests.unit.publishing.text_receiver import posting_to, text_receiver


@dataclass(frozen=True)
class Place:
    """A publisher, and a look at what its readers see."""

    publisher: Publisher
    read: Callable[[], Mapping[str, bytes]]


@pytest.fixture(params=["in process", "folder", "webhook"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Give each implementation, with nothing published yet."""
    folder = tmp_path / "published"
    match request.param:
        case "in process":
            publisher = InProcessPublisher()
            yield Place(publisher, lambda: publisher.published)
        case "folder":
            yield Place(
                FolderPublisher(folder),
                lambda: {path.name: path.read_bytes() for path in folder.iterdir()},
            )
        case _:
            async with text_receiver() as receiver:
                yield Place(posting_to(receiver.url), lambda: receiver.texts)


async def test_published_article_is_where_it_says(place: Place) -> None:
    """The place and the digest lead to exactly the published bytes."""
    published = await place.publisher.publish(an_article())

    assert {published.where: published.digest} == {
        name: digest(content) for name, content in place.read().items()
    }


async def test_same_article_is_published_once(place: Place) -> None:
    """Publishing again after a crash changes nothing."""
    first = await place.publisher.publish(an_article())
    content = dict(place.read())

    second = await place.publisher.publish(an_article())

    assert (first, content) == (second, dict(place.read()))


async def test_every_version_has_its_own_place(place: Place) -> None:
    """A changed draft does not overwrite the one before it."""
    await place.publisher.publish(an_article())
    await place.publisher.publish(an_article(draft=a_draft(made_by="another-model")))

    assert len(place.read()) == 2


async def test_place_is_named_after_title_and_draft(place: Place) -> None:
    """A file's name says what it is and leads back to the run's draft."""
    article = an_article()

    published = await place.publisher.publish(article)

    assert published.where == f"composting-without-a-garden-{article.digest[:8]}.md"


async def test_a_page_is_published_under_its_own_name_once(place: Place) -> None:
    """Posts and translations are pages: the bytes are those given, and a repeat changes nothing."""
    page = Page(name="posts-bins-0123abcd.md", text="# Bins\n")

    first = await place.publisher.publish_page(page)
    second = await place.publisher.publish_page(page)

    assert first == second
    assert dict(place.read()) == {"posts-bins-0123abcd.md": b"# Bins\n"}
    assert first.digest == digest(b"# Bins\n")
