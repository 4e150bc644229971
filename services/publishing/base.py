"""The publishing port: takes finished texts to their readers. Adapters live beside it."""

from typing import Protocol

from pydantic import Field

from contracts.base import Part
from contracts.content.draft import Draft
from contracts.content.evidence import EvidenceItem
from contracts.content.text import Line
from contracts.reference import Digest


class Link(Part):
    """A text that is worth reading beside an article."""

    title: Line
    where: Line
    """A file's path within the publishing folder, or a URL."""


class Article(Part):
    """A draft as it goes to its readers, with everything it cites."""

    draft: Draft
    digest: Digest
    """SHA-256 of the draft, so that a published text leads back to the run's value."""

    cited: tuple[EvidenceItem, ...] = Field(min_length=1)
    """In the order of their first citation; the first is printed as [1]."""

    vouched_by: Line
    """Who or what vouches for this version, in words for readers."""

    links: tuple[Link, ...] = Field(default=(), max_length=12)
    """What else to read; stands before the sections."""


class Page(Part):
    """A text that is ready for its readers, and the name it goes by."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,150}\.md$")
    """A file's name, of which the text's digest is a part: another text has another name."""

    text: str
    """Markdown."""


class Published(Part):
    """Where an article is now."""

    where: Line
    """A file's path within the publishing folder, or a URL."""

    digest: Digest
    """SHA-256 of the published bytes."""


class Publisher(Protocol):
    """Publishes articles and other texts."""

    async def publish(self, article: Article) -> Published:
        """Publish, all or nothing. Safe to repeat: the same article is in one place, once.

        Raises:
            StorageError: the place cannot be written: full, read-only, missing.
            UnavailableError: the place does not answer.
        """
        ...

    async def publish_page(self, page: Page) -> Published:
        """Publish a page, all or nothing. Safe to repeat: it is in one place, once.

        Raises:
            StorageError: the place cannot be written: full, read-only, missing.
            UnavailableError: the place does not answer.
        """
        ...
