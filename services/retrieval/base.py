"""The retrieval port: corpora of documents, and passages found in them with their exact place."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import Field

from contracts.base import Part
from contracts.content.evidence import Source, Span
from contracts.content.text import CorpusName


class Document(Part):
    """A document as it is stored; spans count characters of `text`."""

    id: str
    """Stable across re-ingestion: derived from the path within its corpus."""

    title: str
    uri: str
    text: str
    """Plain text: markup is removed at ingestion, paragraphs are separated by blank lines."""


class Passage(Part):
    """A stretch of a document, found by a search. `text == document.text[span.start:span.end]`."""

    source: Source
    text: str
    span: Span
    score: int = Field(ge=0)
    """Higher is better; comparable within one search only."""


class CorpusSummary(Part):
    """A corpus as it is listed."""

    name: CorpusName
    documents: int
    passages: int


class Ingested(Part):
    """What one `add` did."""

    corpus: CorpusName
    added: int
    unchanged: int
    replaced: int
    skipped: tuple[str, ...] = ()
    """Files left out, each with the reason: `logo.png: not text`."""


class Embedder(Protocol):
    """Turns texts into vectors, so that a search finds what is meant as well as what is said."""

    async def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """Embed any number of texts: one vector a text, in their order, all of one length.

        Raises:
            StepError: the model does not answer; the kind says why.
        """
        ...


class Retriever(Protocol):
    """Searches corpora."""

    async def search(self, corpus: str, query: str, limit: int) -> tuple[Passage, ...]:
        """Find passages, best first; the same query on the same corpus gives the same answer.

        Raises:
            NotFoundError: there is no such corpus; the message lists those there are.
            InputInvalidError: the query has no word in it, the limit is out of range, or the
                corpus holds no passages.
        """
        ...

    async def sources(self, corpus: str) -> tuple[Source, ...]:
        """List the documents of a corpus by id, without their texts.

        Raises:
            NotFoundError: there is no such corpus.
        """
        ...

    async def document(self, corpus: str, document_id: str) -> Document:
        """Fetch a stored document whole.

        Raises:
            NotFoundError: there is no such corpus or document.
        """
        ...


class Corpora(Retriever, Protocol):
    """Keeps corpora as well."""

    async def add(self, corpus: str, documents: Sequence[Document]) -> Ingested:
        """Add or replace documents by id; adding the same again changes nothing.

        Raises:
            InputInvalidError: no corpus can have this name, there are no documents, or an id
                stands twice among them.
        """
        ...

    async def list(self) -> tuple[CorpusSummary, ...]:
        """List corpora by name."""
        ...
