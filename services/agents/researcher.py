"""Finds verbatim evidence for a brief in its corpus. It judges fitness by words, not by meaning."""

from collections.abc import Sequence
from typing import ClassVar, Final

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.brief import Brief
from contracts.content.evidence import EvidenceItem, EvidenceSet
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given
from services.agents.checks.phrases import found_in, missing_from
from services.agents.checks.words import content, share_content, words
from services.agents.quotable import is_quotable
from services.errors import InputInvalidError, NotFoundError, StepError
from services.retrieval.base import Passage, Retriever

MOST_ITEMS: Final = 24
"""Of `EvidenceSet@1`: seven key points with three quotes each, and three more for phrases."""

QUOTES_PER_KEY_POINT: Final = 3
SEARCHED: Final = 12
"""Passages asked for in one search; many of them are turned down."""


class Researcher(Agent):
    """Searches once for each key point, then once for each demanded phrase not yet covered."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="researcher",
        version=1,
        kind=AgentKind.CODE,
        summary="Finds verbatim quotes for each key point in the brief's corpus.",
        receives={"brief": "Brief@1"},
        produces="EvidenceSet@1",
        trust=Trust.UNTRUSTED,
        limits=AgentLimits(seconds=60),
    )

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Find evidence. None found is an answer: an empty set.

        Raises:
            StepError: `rule_broken` when there is no such corpus or it is empty; `unavailable`
                when a document changed during the search.
        """
        brief = given.one("brief", Brief)
        finds = _Finds(brief)
        for key_point in brief.key_points:
            finds.take_best(key_point, await self._search(brief.corpus, key_point))
        for phrase in finds.uncovered:
            finds.take_phrase(phrase, await self._search(brief.corpus, phrase))
        items = finds.items()
        await self._require_verbatim(brief.corpus, items)
        return EvidenceSet(items=items)

    async def _search(self, corpus: str, query: str) -> tuple[Passage, ...]:
        if not content(query):
            return ()
        try:
            return await self._retriever.search(corpus, query, SEARCHED)
        except NotFoundError as error:
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"there is no corpus {corpus!r}; add documents with"
                f" `orchestra corpus add {corpus} FOLDER`, or name another corpus in the brief",
            ) from error
        except InputInvalidError as error:
            raise StepError(FailureKind.RULE_BROKEN, str(error)) from error

    async def _require_verbatim(self, corpus: str, items: Sequence[EvidenceItem]) -> None:
        """Hold every quote against its stored document, character by character."""
        for document_id in dict.fromkeys(item.source.id for item in items):
            try:
                document = await self._retriever.document(corpus, document_id)
            except NotFoundError as error:
                raise _moved(corpus, document_id) from error
            for item in items:
                span = item.span
                if (
                    item.source.id == document_id
                    and document.text[span.start : span.end] != item.quote
                ):
                    raise _moved(corpus, document_id)


def _moved(corpus: str, document_id: str) -> StepError:
    return StepError(
        FailureKind.UNAVAILABLE,
        f"document {document_id!r} of corpus {corpus!r} changed during the search;"
        " the step will find its present text when it is tried again",
    )


class _Finds:
    """The passages kept so far, by key point; none has the words of another."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._kept: dict[str, list[Passage]] = {key_point: [] for key_point in brief.key_points}

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The demanded phrases that no passage kept contains."""
        return missing_from("\n".join(each.text for each in self._all()), self._brief.must_include)

    def take_best(self, key_point: str, passages: Sequence[Passage]) -> None:
        """Keep the best passages for a key point, the first to cover a demanded phrase first."""
        fitting = [each for each in passages if self._fits(each, key_point)]
        ranked = _by_relevance(fitting, key_point)
        for _ in range(QUOTES_PER_KEY_POINT):
            fresh = [each for each in ranked if self._is_new(each)]
            if fresh:
                # Sorting is stable: among passages that cover equally much, relevance decides.
                best = min(fresh, key=lambda each: -len(found_in(each.text, self.uncovered)))
                self._kept[key_point].append(best)

    def take_phrase(self, phrase: str, passages: Sequence[Passage]) -> None:
        """Keep one passage that contains a phrase, for the key point that it fits best."""
        if len(self._all()) >= MOST_ITEMS or phrase not in self.uncovered:
            return
        for passage in passages:
            homes = [each for each in self._kept if self._fits(passage, each)]
            if homes and self._is_new(passage) and found_in(passage.text, [phrase]):
                said = set(content(passage.text))
                home = max(homes, key=lambda each: len(said & set(content(each))))
                self._kept[home].append(passage)
                return

    def items(self) -> tuple[EvidenceItem, ...]:
        """Number what was kept, in the order of the key points."""
        pairs = [(key_point, each) for key_point, kept in self._kept.items() for each in kept]
        return tuple(
            EvidenceItem(
                id=f"e{ordinal}",
                source=passage.source,
                quote=passage.text,
                span=passage.span,
                key_point=key_point,
            )
            for ordinal, (key_point, passage) in enumerate(pairs, start=1)
        )

    def _all(self) -> list[Passage]:
        return [each for kept in self._kept.values() for each in kept]

    def _is_new(self, passage: Passage) -> bool:
        return all(words(passage.text) != words(each.text) for each in self._all())

    def _fits(self, passage: Passage, key_point: str) -> bool:
        return is_quotable(passage.text, self._brief.must_avoid) and share_content(
            passage.text, key_point
        )


def _by_relevance(passages: Sequence[Passage], key_point: str) -> list[Passage]:
    """Order passages by the words they share with the key point, rare ones counting more.

    Full-text search alone was seen to rank a passage first for one frequent word. A word counts a
    thousand, divided by the number of passages found that have it; the search's order settles ties.
    """
    wanted = set(content(key_point))
    shared = [wanted.intersection(content(each.text)) for each in passages]
    weight = {word: 1000 // sum(word in each for each in shared) for word in set().union(*shared)}
    order = sorted(range(len(passages)), key=lambda at: -sum(weight[each] for each in shared[at]))
    return [passages[at] for at in order]
