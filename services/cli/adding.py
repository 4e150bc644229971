"""Adds files of this machine to a corpus behind a gateway, in requests of the size it takes."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from services.cli.client import Gateway, segment
from services.retrieval.base import Document, Ingested
from services.retrieval.documents import Reading, read_documents

REQUEST_BYTES: Final = 900 * 1024
"""The gateway takes bodies of up to 1 MiB."""

REQUEST_DOCUMENTS: Final = 500
"""The gateway takes up to 1000 at a time; fewer keep each request short."""


def read(paths: Sequence[Path]) -> Reading:
    """Read files and folders. Blocks on the disk.

    Raises:
        InputInvalidError: a path is not there or holds nothing to read.
        StorageError: a folder cannot be listed.
    """
    readings = [read_documents(path) for path in paths]
    return Reading(
        documents=tuple(each for reading in readings for each in reading.documents),
        skipped=tuple(each for reading in readings for each in reading.skipped),
    )


def add(gateway: Gateway, corpus: str, reading: Reading) -> Ingested:
    """Send documents to a corpus; the same again changes nothing.

    Raises:
        InputInvalidError: no corpus can have this name.
        UnavailableError: the gateway does not answer; what was sent before is kept.
    """
    small = [each for each in reading.documents if _bytes(each) <= REQUEST_BYTES]
    large = [each.uri for each in reading.documents if _bytes(each) > REQUEST_BYTES]
    done = [
        gateway.post(Ingested, f"/corpora/{segment(corpus)}/documents", _body(batch))
        for batch in _batches(small)
    ]
    return Ingested(
        corpus=corpus,
        added=sum(each.added for each in done),
        unchanged=sum(each.unchanged for each in done),
        replaced=sum(each.replaced for each in done),
        skipped=(
            *reading.skipped,
            *(f"{uri}: over {REQUEST_BYTES // 1024} KiB; split it" for uri in large),
        ),
    )


def _batches(documents: Sequence[Document]) -> Iterator[list[Document]]:
    batch, size = list[Document](), 0
    for document in documents:
        length = _bytes(document)
        if batch and (size + length > REQUEST_BYTES or len(batch) == REQUEST_DOCUMENTS):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += length
    if batch:
        yield batch


def _body(documents: Sequence[Document]) -> JsonValue:
    return {"documents": [_fields(each) for each in documents]}


def _fields(document: Document) -> dict[str, JsonValue]:
    return {"title": document.title, "text": document.text, "uri": document.uri}


def _bytes(document: Document) -> int:
    return len(json.dumps(_fields(document), ensure_ascii=False).encode()) + 1
