"""The one module that imports lancedb and pyarrow: tables, rows, queries and what errors mean.

The import takes up to two seconds and 110 MB, so `services.retrieval.lance` does it on first use.
A corpus is one table. Row 0 of a document holds the document itself, the other rows its passages,
so that one commit replaces a document whole.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any, Literal, Self

import lancedb
import pyarrow
from lancedb.db import AsyncConnection
from lancedb.index import FTS
from lancedb.query import MatchQuery
from lancedb.table import AsyncTable

from contracts.content.evidence import Source, Span
from services.errors import StorageError, UnavailableError
from services.retrieval import asking
from services.retrieval.base import CorpusSummary, Document, Passage
from services.retrieval.cutting import Cut

_PRIMARY_KEY = {"lance-schema:unenforced-primary-key": "true"}
"""Without it two writers of one document both insert their rows, and neither is told."""

_MODEL = b"orchestra.embedding_model"
_CACHE_BYTES = 32 * 1024 * 1024
"""For indices and for metadata, each; the library's own limits are gigabytes."""

_OLD_VERSIONS = timedelta(minutes=10)
"""Readers of another process may still be at an older version of the table for a moment."""

_WORDS_SCALE = 1_000
_MEANING_SCALE = 1_000_000
"""Scores are whole numbers; finer differences than these are noise of the arithmetic."""

_SHOWN = ["document_id", "title", "uri", "text", "start", "end"]
_CONFLICT = re.compile("commit conflict|concurrent transaction", re.IGNORECASE)
_CODE_PLACE = re.compile(r",? /\S+\.rs:\d+:\d+.*", re.DOTALL)


class Database:
    """A LanceDB database, its errors translated.

    Every method raises NotFoundError when there is no such corpus, StorageError when the folder
    cannot be read or written, UnavailableError when another writer was faster or a remote store
    does not answer.
    """

    def __init__(self, uri: str, connection: AsyncConnection) -> None:
        self._uri = uri
        self._connection = connection

    @classmethod
    async def open(cls, uri: str) -> Self:
        """Open a folder, made if it is not there, or a URL. Reads see what others committed."""
        session = lancedb.Session(_CACHE_BYTES, _CACHE_BYTES)
        with _translated(uri, "corpora cannot be opened"):
            return cls(
                uri,
                await lancedb.connect_async(
                    uri, read_consistency_interval=timedelta(0), session=session
                ),
            )

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()  # type: ignore[no-untyped-call]  # it is not annotated

    async def names(self) -> tuple[str, ...]:
        """List the corpora by name."""
        with _translated(self._uri, "corpora cannot be listed"):
            page = await self._connection.list_tables(limit=100)
            found = list(page.tables)
            while page.page_token:
                page = await self._connection.list_tables(limit=100, page_token=page.page_token)
                found += page.tables
        return tuple(sorted(found))

    async def summary(self, corpus: str) -> CorpusSummary:
        """Count what a corpus holds."""
        async with self._table(corpus, "counted") as table:
            documents = await table.count_rows("ordinal = 0")
            passages = await table.count_rows("ordinal > 0")
        return CorpusSummary(name=corpus, documents=documents, passages=passages)

    async def model(self, corpus: str) -> str:
        """Read which model made the vectors of a corpus; empty when it has none."""
        async with self._table(corpus, "read") as table:
            schema = await table.schema()
        stored: bytes = (schema.metadata or {}).get(_MODEL, b"")
        return stored.decode()

    async def fingerprints(self, corpus: str) -> dict[str, str]:
        """Read the fingerprint of each document by its id."""
        async with self._table(corpus, "read") as table:
            query = table.query().where("ordinal = 0").select(["document_id", "fingerprint"])
            rows = await query.to_list()
        return {row["document_id"]: row["fingerprint"] for row in rows}

    async def sources(self, corpus: str) -> tuple[Source, ...]:
        """List documents by id, without their texts."""
        async with self._table(corpus, "read") as table:
            query = table.query().where("ordinal = 0").select(["document_id", "title", "uri"])
            rows = await query.to_list()
        found = (Source(id=row["document_id"], title=row["title"], uri=row["uri"]) for row in rows)
        return tuple(sorted(found, key=lambda each: each.id))

    async def documents(self, corpus: str, document_id: str | None = None) -> tuple[Document, ...]:
        """Read documents whole: the one with an id, or all of them."""
        one = "" if document_id is None else f" AND document_id = {_literal(document_id)}"
        async with self._table(corpus, "read") as table:
            query = table.query().where(f"ordinal = 0{one}")
            rows = await query.select(["document_id", "title", "uri", "document"]).to_list()
        return tuple(
            Document(
                id=row["document_id"], title=row["title"], uri=row["uri"], text=row["document"]
            )
            for row in rows
        )

    async def create(
        self, corpus: str, cuts: Sequence[Cut], model: str, *, anew: bool = False
    ) -> None:
        """Make a corpus, or make it anew: these documents are then all it holds."""
        length = max((len(vector) for cut in cuts for vector in cut.vectors), default=0)
        rows = await asyncio.to_thread(_arrow, cuts, _schema(model if length else "", length))
        mode: Literal["overwrite", "create"] = "overwrite" if anew else "create"
        with _translated(self._uri, f"corpus {corpus!r} cannot be written"):
            await self._connection.create_table(corpus, rows, mode=mode)

    async def replace(self, corpus: str, cuts: Sequence[Cut]) -> None:
        """Put documents in the place of those with the same ids, in one commit."""
        ids = ", ".join(_literal(cut.document.id) for cut in cuts)
        async with self._table(corpus, "written") as table:
            rows = await asyncio.to_thread(_arrow, cuts, await table.schema())
            merge = table.merge_insert(["id"]).when_matched_update_all()
            merge = merge.when_not_matched_insert_all()
            merge = merge.when_not_matched_by_source_delete(f"document_id IN ({ids})")
            await merge.execute(rows)

    async def index(self, corpus: str, *, anew: bool) -> None:
        """Build the full-text index if a writer died before it did, or in any case.

        It is built whole each time, so that scores depend on the content and not on its history.
        """
        async with self._table(corpus, "indexed") as table:
            if anew or not await _is_indexed(table):
                await table.optimize(cleanup_older_than=_OLD_VERSIONS)
                await table.create_index("text", config=FTS(), replace=True)

    async def by_words(self, corpus: str, query: str, count: int) -> list[Passage]:
        """Find passages by BM25. The query is words, never syntax."""
        async with self._table(corpus, "searched") as table:
            # The defaults of its fields are out of the type checker's sight.
            words = MatchQuery(query, "text")  # type: ignore[call-arg]
            search = table.query().nearest_to_text(words)
            rows = await search.select([*_SHOWN, "_score"]).limit(count).to_list()
        return [_passage(row, row["_score"] * _WORDS_SCALE) for row in rows]

    async def by_meaning(self, corpus: str, vector: Sequence[float], count: int) -> list[Passage]:
        """Find passages by the cosine of their vectors, compared with every one of them."""
        async with self._table(corpus, "searched") as table:
            nearest = table.query().nearest_to(list(vector)).distance_type("cosine")
            search = nearest.where("ordinal > 0").select([*_SHOWN, "_distance"])
            rows = await search.limit(count).to_list()
        return [_passage(row, (2 - row["_distance"]) * _MEANING_SCALE) for row in rows]

    @asynccontextmanager
    async def _table(self, corpus: str, done: str) -> AsyncIterator[AsyncTable]:
        if not asking.is_name(corpus):
            raise asking.no_such_corpus(corpus, await self.names())
        with _translated(self._uri, f"corpus {corpus!r} cannot be {done}"):
            try:
                table = await self._connection.open_table(corpus)
            except ValueError as error:
                if "was not found" not in str(error):
                    raise
                raise asking.no_such_corpus(corpus, await self.names()) from error
            yield table


@contextmanager
def _translated(uri: str, what: str) -> Iterator[None]:
    """Turn the library's RuntimeError, ValueError and OSError, which can mean all, into ours."""
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        reason = _CODE_PLACE.sub("", str(error))[:300]
        if _CONFLICT.search(reason):
            raise UnavailableError(f"{what}: another process writes to it; try again") from error
        if "://" in uri:
            raise UnavailableError(f"{what} in {uri}: {reason}; try again later") from error
        raise StorageError(
            f"{what} in {uri!r}: {reason}; check that folder's space and rights"
        ) from error


async def _is_indexed(table: AsyncTable) -> bool:
    found = [await table.index_stats(index.name) for index in await table.list_indices()]
    return any(stats is not None and stats.num_unindexed_rows == 0 for stats in found)


def _passage(row: Mapping[str, Any], score: float) -> Passage:
    return Passage(
        source=Source(id=row["document_id"], title=row["title"], uri=row["uri"]),
        text=row["text"],
        span=Span(start=row["start"], end=row["end"]),
        score=max(0, round(score)),
    )


def _arrow(cuts: Sequence[Cut], schema: pyarrow.Schema) -> pyarrow.Table:
    """Convert one document at a time, because each conversion stops all of Python's threads."""
    tables = [pyarrow.Table.from_pylist(list(_rows(cut, schema)), schema=schema) for cut in cuts]
    return pyarrow.concat_tables(tables).combine_chunks()


def _rows(cut: Cut, schema: pyarrow.Schema) -> Iterator[dict[str, object]]:
    """Lay a document out: itself, with a vector of zeros that no search looks at, then the rest."""
    document = cut.document
    length = schema.field("vector").type.list_size if "vector" in schema.names else 0
    shared = {"document_id": document.id, "title": document.title, "uri": document.uri}
    yield {
        **shared,
        "id": f"{document.id}#0",
        "ordinal": 0,
        "document": document.text,
        "fingerprint": cut.fingerprint,
        "vector": (0.0,) * length,
    }
    for ordinal, stretch in enumerate(cut.stretches, start=1):
        yield {
            **shared,
            "id": f"{document.id}#{ordinal}",
            "ordinal": ordinal,
            "text": stretch.text,
            "start": stretch.span.start,
            "end": stretch.span.end,
            "vector": cut.vectors[ordinal - 1] if cut.vectors else None,
        }


def _schema(model: str, length: int) -> pyarrow.Schema:
    text, number = pyarrow.string(), pyarrow.int64()
    fields = [
        pyarrow.field("id", text, nullable=False, metadata=_PRIMARY_KEY),
        *(pyarrow.field(name, text, nullable=False) for name in ("document_id", "title", "uri")),
        pyarrow.field("ordinal", number, nullable=False),
        *(pyarrow.field(name, number) for name in ("start", "end")),
        *(pyarrow.field(name, text) for name in ("text", "document", "fingerprint")),
    ]
    if length:
        fields.append(pyarrow.field("vector", pyarrow.list_(pyarrow.float32(), length)))
    return pyarrow.schema(fields, metadata={_MODEL: model.encode()})


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
