"""Prepares documents for a store: cut into passages, and embedded where there is an embedder."""

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from contracts.base import digest
from services.retrieval import passages
from services.retrieval.base import Document, Embedder
from services.retrieval.passages import Stretch

_EMBEDDED_AT_ONCE = 64
"""Texts in one request: well under what endpoints allow, enough to fill a batch."""


class Cut(NamedTuple):
    """A document and what is stored of it beside itself."""

    document: Document
    fingerprint: str
    stretches: tuple[Stretch, ...]
    vectors: tuple[tuple[float, ...], ...]
    """One a stretch, or none where there is no embedder."""


def fingerprint(document: Document, embedding_model: str) -> str:
    """Digest all that decides what is stored: the document, the cutting, the vectors."""
    stored = f"{passages.VERSION}\n{embedding_model}\n{document.model_dump_json()}"
    return digest(stored.encode())


async def cut(
    documents: Sequence[Document], embedder: Embedder | None, embedding_model: str
) -> list[Cut]:
    """Cut documents in a thread and embed their passages.

    Raises:
        StepError: the embedder does not answer.
    """
    stretches = await asyncio.to_thread(lambda: [passages.split(each.text) for each in documents])
    texts = [stretch.text for each in stretches for stretch in each]
    vectors = iter(await _embedded(texts, embedder) if embedder else ())
    return [
        Cut(
            document,
            fingerprint(document, embedding_model),
            each,
            tuple(islice(vectors, len(each))),
        )
        for document, each in zip(documents, stretches, strict=True)
    ]


async def _embedded(texts: Sequence[str], embedder: Embedder) -> list[tuple[float, ...]]:
    vectors: list[tuple[float, ...]] = []
    for start in range(0, len(texts), _EMBEDDED_AT_ONCE):
        vectors += await embedder.embed(texts[start : start + _EMBEDDED_AT_ONCE])
    assert len(vectors) == len(texts), "an embedder gives one vector a text"
    return vectors
