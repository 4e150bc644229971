"""Corpora in LanceDB: a folder on a laptop, an object store by URL in a cluster.

Several processes may search and add at once. In a folder writers take turns by a lock file. In an
object store the commits keep writers of one corpus apart, but its very first documents should come
from one process alone.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.content.evidence import Source
from services.errors import InputInvalidError, NotFoundError, StorageError, UnavailableError
from services.retrieval import asking, cutting, ranking
from services.retrieval.base import CorpusSummary, Document, Embedder, Ingested, Passage

if TYPE_CHECKING:
    from services.retrieval.lance_tables import Database

_LOCK_SECONDS = 120
"""Longer than the largest add takes without vectors."""

_POLL_SECONDS = 0.05
_SPARE = 16
"""Passages fetched beyond those wanted, so that ties at the edge can be put in order."""

_FUSED_DEPTH = 50
"""How far down each ranking is read before two are fused."""


class LanceCorpora:
    """Implements `Corpora`: BM25, and with an embedder vectors too, fused by reciprocal rank."""

    def __init__(
        self,
        uri: str,
        embedder: Embedder | None = None,
        embedding_model: str = "",
        *,
        lock_seconds: int = _LOCK_SECONDS,
    ) -> None:
        """Remember where; nothing is opened or imported before the first use.

        `uri` is a folder or a URL that LanceDB knows (`s3://bucket/corpora`). `embedding_model`
        names the embedder, so that vectors of two models are never compared. `lock_seconds` is
        how long an add waits for another process that is adding to the same corpus.
        """
        self._uri = uri if "://" in uri else str(Path(uri).expanduser().absolute())
        self._embedder = embedder
        self._model = embedding_model if embedder else ""
        self._database: Database | None = None
        self._opening = asyncio.Lock()
        self._lock_seconds = lock_seconds

    async def aclose(self) -> None:
        """Close the database; the next use opens it again."""
        if self._database:
            self._database.close()
            self._database = None

    async def add(self, corpus: str, documents: Sequence[Document]) -> Ingested:
        """Add or replace documents by id, all of them or none.

        Raises:
            InputInvalidError: also when the corpus has vectors and there is no embedder.
            UnavailableError: another process has been adding for `lock_seconds`.
            StorageError: the folder cannot be written.
            StepError: the embedder does not answer.
        """
        asking.check_documents(corpus, documents)
        database = await self._open()
        async with self._turn(corpus):
            known = await _known(database, corpus)
            stored = known or {}
            new = await asyncio.to_thread(cutting.changed, documents, stored, self._model)
            if new:
                await self._write(database, corpus, new, exists=known is not None)
            await database.index(corpus, anew=bool(new))
        replaced = sum(document.id in stored for document in new)
        return Ingested(
            corpus=corpus,
            added=len(new) - replaced,
            unchanged=len(documents) - len(new),
            replaced=replaced,
        )

    async def list(self) -> tuple[CorpusSummary, ...]:
        """List corpora by name."""
        database = await self._open()
        return tuple([await database.summary(name) for name in await database.names()])

    async def sources(self, corpus: str) -> tuple[Source, ...]:
        """List documents by id."""
        return await (await self._open()).sources(corpus)

    async def document(self, corpus: str, document_id: str) -> Document:
        """Fetch a document whole."""
        database = await self._open()
        if found := await database.documents(corpus, document_id):
            return found[0]
        raise asking.no_such_document(corpus, document_id)

    async def search(self, corpus: str, query: str, limit: int) -> tuple[Passage, ...]:
        """Find passages by their words and, with an embedder, by their meaning.

        Raises:
            InputInvalidError: also when the corpus holds the vectors of another model.
            StepError: the embedder does not answer.
        """
        asking.check_query(query, limit)
        database = await self._open()
        if self._embedder is None:
            found = await _best(partial(database.by_words, corpus, query), limit)
        else:
            found = await self._by_both(database, self._embedder, corpus, query, limit)
        if not found and not (await database.summary(corpus)).passages:
            raise asking.nothing_to_search(corpus)
        return found

    async def _by_both(
        self,
        database: "Database",
        embedder: Embedder,
        corpus: str,
        query: str,
        limit: int,
    ) -> tuple[Passage, ...]:
        model = await database.model(corpus)
        if model != self._model and (await database.summary(corpus)).passages:
            raise InputInvalidError(
                f"corpus {corpus!r} holds the vectors of {model or 'no model'!r} and the model set"
                f" is {self._model!r}; add it again: orchestra corpus add {corpus} FOLDER"
            )
        if model != self._model:
            return ()
        (vector,) = await embedder.embed((query,))
        depth = max(limit, _FUSED_DEPTH)
        by_words = await _best(partial(database.by_words, corpus, query), depth)
        by_meaning = await _best(partial(database.by_meaning, corpus, vector), depth)
        return ranking.fused((by_words, by_meaning))[:limit]

    async def _write(
        self,
        database: "Database",
        corpus: str,
        new: Sequence[Document],
        *,
        exists: bool,
    ) -> None:
        """Replace documents; all are cut anew when the vectors stored are another model's."""
        model = await database.model(corpus) if exists else ""
        if model and self._embedder is None:
            raise InputInvalidError(
                f"corpus {corpus!r} holds the vectors of {model!r} and an add without that model"
                f" would drop them; set ORCHESTRA_EMBEDDING_MODEL={model}, or add to a new corpus"
            )
        if exists and model == self._model:
            cuts = await cutting.cut(new, self._embedder, self._model)
            await database.replace(corpus, cuts)
            return
        kept = await database.documents(corpus) if exists else ()
        ids = {document.id for document in new}
        everything = [*new, *(document for document in kept if document.id not in ids)]
        cuts = await cutting.cut(everything, self._embedder, self._model)
        await database.create(corpus, cuts, self._model, anew=exists)

    async def _open(self) -> "Database":
        async with self._opening:
            if self._database is None:
                database = await asyncio.to_thread(_import_database)
                self._database = await database.open(self._uri)
        return self._database

    @asynccontextmanager
    async def _turn(self, corpus: str) -> AsyncIterator[None]:
        """Wait for this process's turn to write a corpus of a folder; the lock dies with it."""
        if "://" in self._uri:
            yield
            return
        place = Path(self._uri, f"{corpus}.lock")
        try:
            lock = os.open(place, os.O_CREAT | os.O_RDWR, 0o644)
        except OSError as error:
            raise StorageError(f"{str(place)!r} cannot be written: {error.strerror}") from error
        try:
            await _lock(lock, corpus, self._lock_seconds)
            yield
        finally:
            os.close(lock)


def _import_database() -> "type[Database]":
    from services.retrieval.lance_tables import Database  # noqa: PLC0415  two seconds, 110 MB

    return Database


async def _known(database: "Database", corpus: str) -> dict[str, str] | None:
    """Read the fingerprints of what is stored; None when there is no such corpus yet."""
    try:
        return await database.fingerprints(corpus)
    except NotFoundError:
        return None


async def _lock(lock: int, corpus: str, seconds: int) -> None:
    """Poll, because a thread that waits for a lock could not be cancelled."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"corpus {corpus!r} cannot be written: another process has been adding to it"
                    f" for {seconds} s; try again when it is done"
                ) from error
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return


async def _best(
    search: Callable[[int], Awaitable[Sequence[Passage]]], limit: int
) -> tuple[Passage, ...]:
    """Fetch until the ties at the edge are all there, so that their order does not vary."""
    count = limit + _SPARE
    while True:
        found = ranking.ordered(await search(count))
        if len(found) < count or found[-1].score < found[limit - 1].score:
            return found[:limit]
        count *= 4
