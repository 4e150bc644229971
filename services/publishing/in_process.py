"""Publishes articles into a dictionary: the whole behaviour of a publisher without a disk."""

from contracts.base import digest
from services.publishing.base import Article, Page, Published
from services.publishing.markdown import file_name, render


class InProcessPublisher:
    """Keeps what was published under the names that a folder would use."""

    def __init__(self) -> None:
        self.published: dict[str, bytes] = {}

    async def publish(self, article: Article) -> Published:
        """Keep the article's bytes; the same article is kept once."""
        name, content = file_name(article), render(article)
        self.published[name] = content
        return Published(where=name, digest=digest(content))

    async def publish_page(self, page: Page) -> Published:
        """Keep the page's bytes; the same page is kept once."""
        content = page.text.encode()
        self.published[page.name] = content
        return Published(where=page.name, digest=digest(content))
