"""The readers of an article: a publisher that remembers every different text they got."""

from collections.abc import Awaitable, Callable

from contracts.base import digest
from contracts.content.draft import Draft
from services.publishing.base import Article, Page, Published
from services.publishing.in_process import InProcessPublisher
from services.publishing.markdown import file_name, render


class Readers:
    """Implements `Publisher`: the same article is kept once, as the shipped publishers do."""

    def __init__(self, afterwards: Callable[[], Awaitable[None]] | None = None) -> None:
        self.disturbed = False
        self._afterwards = afterwards
        self._kept: dict[str, Draft] = {}
        self._pages = InProcessPublisher()

    @property
    def got(self) -> tuple[Draft, ...]:
        """Every different article, oldest first."""
        return tuple(self._kept.values())

    async def publish(self, article: Article) -> Published:
        """Keep the article; the first time, what comes afterwards may never return."""
        name = file_name(article)
        self._kept[name] = article.draft
        afterwards, self._afterwards = self._afterwards, None
        if afterwards:
            self.disturbed = True
            await afterwards()
        return Published(where=name, digest=digest(render(article)))

    async def publish_page(self, page: Page) -> Published:
        """Keep a page; the flow that is compared publishes none."""
        return await self._pages.publish_page(page)
