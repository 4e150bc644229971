"""Prepares documents for a store: cut into passages, and embedded where there is an embedder."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from contracts.base import digest
from services.retrieval import passages
from services.retrieval.base import Document, Embedder
from services.retrieval.passages import Stretch


class Cut(NamedTuple):
    """A document and what is stored of it beside itself."""

    document: Document
    fingerprint: str
    stretches: tuple[Stretch, ...]
    vectors: tuple[tuple[float, ...], ...] = ()
    """One a stretch, or none where there is no embedder."""


def fingerprint(document: Document, embedding_model: str) -> str:
    """Digest all that decides what is stored: the document, the cutting, the vectors."""
    stored = f"{passages.VERSION}\n{embedding_model}\n{document.model_dump_json()}"
    return digest(stored.encode())


def changed(
    documents: Sequence[Document], stored: Mapping[str, str], embedding_model: str
) -> list[Document]:
    """Choose the documents whose fingerprint is not the stored one. Hashes all of their text."""
    return [
        document
        for document in documents
        if stored.get(document.id) != fingerprint(document, embedding_model)
    ]


async def cut(
    documents: Sequence[Document], embedder: Embedder | None, embedding_model: str
) -> list[Cut]:
    """Cut documents in a thread and embed their passages.

    Raises:
        StepError: the embedder does not answer.
    """
    plain = await asyncio.to_thread(_cut, documents, embedding_model)
    if embedder is None:
        return plain
    texts = [stretch.text for each in plain for stretch in each.stretches]
    embedded = await embedder.embed(texts) if texts else ()
    assert len(embedded) == len(texts), "an embedder gives one vector a text"
    vectors = iter(embedded)
    return [each._replace(vectors=tuple(islice(vectors, len(each.stretches)))) for each in plain]


def _cut(documents: Sequence[Document], embedding_model: str) -> list[Cut]:
    return [
        Cut(each, fingerprint(each, embedding_model), passages.split(each.text))
        for each in documents
    ]
