"""Reads a published article: from a corpus, or from the Markdown that a request holds."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import ValidationError

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.evidence import Source
from contracts.content.localise import LocaliseRequest
from contracts.content.repurpose import RepurposeRequest
from contracts.content.source_article import (
    ArticleSource,
    SourceArticle,
    SourceParagraph,
    SourceSection,
)
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given
from services.agents.checks.sentences import is_closed
from services.agents.checks.words import count
from services.errors import InputInvalidError, NotFoundError, StepError
from services.retrieval.base import Retriever
from services.retrieval.documents import find
from services.retrieval.markup import Headed, headed

_LONGEST_HEADING: Final = 12
"""Words; a corpus keeps no markup, so that a short line without a stop counts as a heading."""

_NOTE: Final = re.compile(r"\s*\[\d{1,3}\](?=\s|$)")
"""The numbers of sources behind a published sentence."""

_SOURCE: Final = re.compile(r"\[\d+\] (?P<title>[^\n]{1,300}?) \((?P<uri>[^()\n]{1,300})\): ")
"""One line of that list: `[1] Leaflet (leaflet.md): “quote”`."""

_MOST_SOURCES: Final = 24
_LONGEST_LINE: Final = 300
"""Bounds of `SourceArticle@1`."""

_SOURCES: Final = "sources"
"""The heading under which a published article lists its sources."""


class _Read(NamedTuple):
    title: str
    uri: str
    blocks: tuple[Headed, ...]


class _Chapter(NamedTuple):
    heading: str
    texts: list[str]


class ArticleReader(Agent):
    """Reads the article that a request to repurpose names."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="article_reader",
        version=1,
        kind=AgentKind.CODE,
        summary="Reads a published article and numbers its paragraphs.",
        receives={"request": "RepurposeRequest@1"},
        produces="SourceArticle@1",
        trust=Trust.UNTRUSTED,
        limits=AgentLimits(seconds=60),
    )

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Read the article.

        Raises:
            StepError: `rule_broken` when there is no such corpus or document, or no article in it.
        """
        source = self._source(given)
        read = _from_text(source.text) if source.text else await self._from_corpus(source)
        try:
            return _article(read, source.language)
        except ValidationError as error:
            said = error.errors(include_url=False)[0]["msg"]
            raise StepError(
                FailureKind.RULE_BROKEN, f"{read.uri} cannot be worked on as one article: {said}"
            ) from error

    def _source(self, given: Given) -> ArticleSource:
        return given.one("request", RepurposeRequest).article

    async def _from_corpus(self, source: ArticleSource) -> _Read:
        assert source.corpus, "a source that is no text names a corpus"
        assert source.document, "and a document"
        try:
            document = await find(self._retriever, source.corpus, source.document)
        except NotFoundError as error:
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"there is no document {source.document!r} in corpus {source.corpus!r}; name one"
                " by its id or by its path, or add it with `orchestra corpus add`",
            ) from error
        paragraphs = [each for each in document.text.split("\n\n") if each.strip()]
        blocks = tuple(Headed(_is_heading(each), each) for each in paragraphs)
        return _Read(document.title, document.uri, blocks)


class OriginalReader(ArticleReader):
    """Reads the article that a request to localise names."""

    declaration: ClassVar[AgentDeclaration] = ArticleReader.declaration.model_copy(
        update={"name": "original_reader", "receives": {"request": "LocaliseRequest@1"}}
    )

    def _source(self, given: Given) -> ArticleSource:
        return given.one("request", LocaliseRequest).article


def _from_text(raw: str) -> _Read:
    try:
        title, blocks = headed(raw)
    except InputInvalidError as error:
        raise StepError(
            FailureKind.RULE_BROKEN, f"the article's text cannot be read: {error}"
        ) from error
    return _Read(title or "Untitled", "text", blocks)


def _is_heading(block: str) -> bool:
    return count(block) <= _LONGEST_HEADING and not is_closed(block, ".!?:;\u2026")


def _article(read: _Read, language: str) -> SourceArticle:
    """Put an article together; its title and its list of sources are no paragraphs of it."""
    chapters = _chapters(block for block in read.blocks if block.text != read.title)
    kept = [each for each in chapters if each.texts and each.heading.casefold() != _SOURCES]
    listed = [each for each in chapters if each.heading.casefold() == _SOURCES]
    if not kept:
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"{read.uri} holds no paragraph of an article; name another document",
        )
    return SourceArticle(
        title=read.title,
        uri=read.uri,
        language=language,
        sections=tuple(_sections(kept)),
        sources=tuple(source for each in listed for source in _sources(each.texts)),
    )


def _chapters(blocks: Iterable[Headed]) -> list[_Chapter]:
    chapters = [_Chapter("", [])]
    for block in blocks:
        if block.is_heading:
            chapters.append(_Chapter(block.text[:_LONGEST_LINE], []))
        else:
            chapters[-1].texts.append(block.text)
    return chapters


def _sections(chapters: Sequence[_Chapter]) -> Iterator[SourceSection]:
    """Number sections from `s1`, and paragraphs from `p1` through all of them."""
    numbers = itertools.count(1)
    for ordinal, chapter in enumerate(chapters, start=1):
        paragraphs = tuple(
            SourceParagraph(id=f"p{next(numbers)}", text=_NOTE.sub("", text))
            for text in chapter.texts
        )
        yield SourceSection(id=f"s{ordinal}", heading=chapter.heading, paragraphs=paragraphs)


def _sources(lines: Iterable[str]) -> Iterator[Source]:
    """Read the list of sources as published articles have it; several quote one source."""
    found = (_SOURCE.match(line) for line in lines)
    named = dict.fromkeys((each["title"], each["uri"]) for each in found if each)
    for ordinal, (title, uri) in enumerate(list(named)[:_MOST_SOURCES], start=1):
        yield Source(id=f"source-{ordinal}", title=title, uri=uri)
