"""Corpora in this process's memory: for tests and rehearsals, nothing of it survives the process.

Scores by Okapi BM25 over the same sentences as the real store, with a plainer idea of word stems.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from contracts.content.evidence import Source
from services.retrieval import asking, passages, ranking
from services.retrieval.base import CorpusSummary, Document, Ingested, Passage

_K1 = 1.2
_B = 0.75
"""Saturation and length normalisation, the values that Lucene and LanceDB use."""

_WORD = re.compile(r"\w+")
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ies|ed|es|s|y|e)\Z")
_STOP_WORDS = re.compile(
    "an?|the|and|or|of|to|in|on|at|by|for|with|as|is|are|be|was|it|its|this|that|not|if|into|from"
)


class _Entry(NamedTuple):
    passage: Passage
    words: Counter[str]


class InProcessCorpora:
    """Implements `Corpora`."""

    def __init__(self) -> None:
        self._corpora: dict[str, dict[str, Document]] = {}

    async def add(self, corpus: str, documents: Sequence[Document]) -> Ingested:
        """Add or replace documents by id."""
        asking.check_documents(corpus, documents)
        stored = self._corpora.setdefault(corpus, {})
        added = sum(document.id not in stored for document in documents)
        unchanged = sum(stored.get(document.id) == document for document in documents)
        stored.update({document.id: document for document in documents})
        return Ingested(
            corpus=corpus,
            added=added,
            unchanged=unchanged,
            replaced=len(documents) - added - unchanged,
        )

    async def list(self) -> tuple[CorpusSummary, ...]:
        """List corpora by name."""
        return tuple(
            CorpusSummary(
                name=name,
                documents=len(stored),
                passages=sum(len(passages.split(document.text)) for document in stored.values()),
            )
            for name, stored in sorted(self._corpora.items())
        )

    async def sources(self, corpus: str) -> tuple[Source, ...]:
        """List documents by id."""
        found = sorted(self._open(corpus).values(), key=lambda each: each.id)
        return tuple(Source(id=each.id, title=each.title, uri=each.uri) for each in found)

    async def document(self, corpus: str, document_id: str) -> Document:
        """Fetch a document whole."""
        stored = self._open(corpus)
        if document_id not in stored:
            raise asking.no_such_document(corpus, document_id)
        return stored[document_id]

    async def search(self, corpus: str, query: str, limit: int) -> tuple[Passage, ...]:
        """Find passages that share words with the query."""
        asking.check_query(query, limit)
        stored = self._open(corpus)
        entries = [entry for document in stored.values() for entry in _entries(document)]
        if not entries:
            raise asking.nothing_to_search(corpus)
        return ranking.ordered(_scored(entries, _words(query)))[:limit]

    def _open(self, corpus: str) -> dict[str, Document]:
        if corpus not in self._corpora:
            raise asking.no_such_corpus(corpus, self._corpora)
        return self._corpora[corpus]


def _entries(document: Document) -> list[_Entry]:
    source = Source(id=document.id, title=document.title, uri=document.uri)
    return [
        _Entry(
            Passage(source=source, text=stretch.text, span=stretch.span, score=0),
            _words(stretch.text),
        )
        for stretch in passages.split(document.text)
    ]


def _words(text: str) -> Counter[str]:
    return Counter(
        _ENDING.sub("", word)
        for word in _WORD.findall(text.casefold())
        if not _STOP_WORDS.fullmatch(word)
    )


def _scored(entries: Sequence[_Entry], query: Counter[str]) -> list[Passage]:
    average = sum(entry.words.total() for entry in entries) / len(entries)
    weights = {
        word: _weight(len(entries), sum(word in entry.words for entry in entries)) for word in query
    }
    scores = [
        (entry, sum(weights[word] * _share(entry, word, average) for word in query))
        for entry in entries
    ]
    return [
        entry.passage.model_copy(update={"score": round(score * 1000)})
        for entry, score in scores
        if score > 0
    ]


def _weight(total: int, holding: int) -> float:
    return math.log(1 + (total - holding + 0.5) / (holding + 0.5))


def _share(entry: _Entry, word: str, average: float) -> float:
    times = entry.words[word]
    return times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * entry.words.total() / average))
