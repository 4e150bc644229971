"""What all three systems are given alike: brief, corpora, evidence."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from pydantic import JsonValue

from contracts.content.brief import Brief
from contracts.content.evidence import EvidenceSet, Source
from contracts.content.topic import Risk, TopicLabel
from services.agents.base import Given
from services.agents.researcher import Researcher
from services.agents.topic_classifier import TopicClassifier
from services.retrieval.base import Document, Passage
from services.retrieval.in_process import InProcessCorpora
from tests.articles import brief as sample_brief
from tests.articles import corpora
from tests.desks import SilentDesk
from tests.modes.case import Case

BRIEF: Final = "hot-heap"
"""The sample brief that every case starts from."""


def brief_of(case: Case) -> dict[str, JsonValue]:
    """Write the case's brief as a user would send it."""
    changed = {**sample_brief(BRIEF), **case.changes}
    return {name: value for name, value in changed.items() if value is not None}


class Library:
    """A retriever over the sample corpora and some documents more, that remembers what it found.

    Searching in this process takes most of the time of a scripted run.
    """

    def __init__(self, corpus: str, documents: Sequence[Document]) -> None:
        self._more = (corpus, documents)
        self._kept: InProcessCorpora | None = None
        self._found: dict[tuple[str, str, int], tuple[Passage, ...]] = {}

    async def search(self, corpus: str, query: str, limit: int) -> tuple[Passage, ...]:
        """See `Retriever.search`."""
        key = (corpus, query, limit)
        if key not in self._found:
            self._found[key] = await (await self._corpora()).search(corpus, query, limit)
        return self._found[key]

    async def document(self, corpus: str, document_id: str) -> Document:
        """See `Retriever.document`."""
        return await (await self._corpora()).document(corpus, document_id)

    async def sources(self, corpus: str) -> tuple[Source, ...]:
        """See `Retriever.sources`."""
        return await (await self._corpora()).sources(corpus)

    async def _corpora(self) -> InProcessCorpora:
        if self._kept is None:
            kept = await corpora()
            corpus, documents = self._more
            if documents:
                await kept.add(corpus, documents)
            self._kept = kept
        return self._kept


@cache
def library(documents: tuple[Document, ...]) -> Library:
    """Give everybody the same library with these documents more."""
    return Library(str(sample_brief(BRIEF)["corpus"]), documents)


@dataclass(frozen=True)
class Research:
    """A valid brief with what the corpus says about it."""

    brief: Brief
    evidence: EvidenceSet
    risk: Risk


async def research(case: Case) -> Research:
    """Read the brief and research it, as code: no model takes part.

    Raises:
        pydantic.ValidationError: the brief does not fit its contract.
        StepError: the corpus cannot be searched.
    """
    brief = Brief.model_validate_json(json.dumps(brief_of(case)), extra="forbid")
    desk, given = SilentDesk(), Given({"brief": brief})
    evidence = await Researcher(library(case.documents)).run(given, desk)
    label = await TopicClassifier().run(given, desk)
    assert isinstance(evidence, EvidenceSet)
    assert isinstance(label, TopicLabel)
    return Research(brief, evidence, label.risk)


async def research_of(name: str) -> tuple[Brief, EvidenceSet]:
    """Read a sample brief and find what its corpus says about it."""
    brief = Brief.model_validate_json(json.dumps(sample_brief(name)), extra="forbid")
    evidence = await Researcher(library(())).run(Given({"brief": brief}), SilentDesk())
    assert isinstance(evidence, EvidenceSet)
    return brief, evidence
