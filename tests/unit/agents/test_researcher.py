"""The researcher: verbatim quotes, chosen by fixed rules."""

from collections.abc import Sequence

import pytest

from contracts.content.brief import Brief
from contracts.content.evidence import EvidenceSet
from contracts.failure import FailureKind
from services.agents.base import Given
from services.agents.researcher import Researcher
from services.errors import NotFoundError, StepError
from services.retrieval.base import Document
from services.retrieval.in_process import InProcessCorpora
from tests.builders import BOKASHI, BUCKET, RATS, SCRAPS, TWO_WEEKS, WORM_BINS, WORMS, a_brief
from tests.desks import SilentDesk


def _document(name: str, *sentences: str) -> Document:
    return Document(id=name, title=name, uri=f"{name}.md", text=" ".join(sentences))


LEAFLETS = (
    _document("worms", WORMS, SCRAPS),
    _document("bokashi", BUCKET, TWO_WEEKS),
    _document("rats", RATS),
)


async def _found(brief: Brief, documents: Sequence[Document] = LEAFLETS) -> EvidenceSet:
    corpora = InProcessCorpora()
    await corpora.add("compost", documents)
    evidence = await Researcher(corpora).run(Given({"brief": brief}), SilentDesk())
    assert isinstance(evidence, EvidenceSet)
    return evidence


async def test_each_key_point_gets_its_quotes_in_order() -> None:
    """Evidence is numbered through in the order of the key points."""
    evidence = await _found(a_brief(key_points=(BOKASHI, WORM_BINS)))

    assert [item.id for item in evidence.items] == ["e1", "e2", "e3", "e4"]
    assert [item.quote for item in evidence.items] == [BUCKET, TWO_WEEKS, WORMS, SCRAPS]
    assert [item.key_point for item in evidence.items] == [BOKASHI, BOKASHI, WORM_BINS, WORM_BINS]


async def test_quote_is_exactly_the_source_at_its_span() -> None:
    """Every quote can be found in its document, character by character."""
    evidence = await _found(a_brief())

    texts = {document.id: document.text for document in LEAFLETS}
    assert all(
        texts[item.source.id][item.span.start : item.span.end] == item.quote
        for item in evidence.items
    )


async def test_sentence_is_quoted_once_in_the_whole_set() -> None:
    """Two key points never get the same sentence, not even from two documents."""
    again = _document("copy", BUCKET)

    evidence = await _found(
        a_brief(key_points=("a bokashi bucket", "kitchen scraps")), [*LEAFLETS, again]
    )

    assert [item.quote for item in evidence.items].count(BUCKET) == 1


async def test_key_point_gets_at_most_three_quotes() -> None:
    """A rich corpus does not flood the article."""
    many = _document("many", *(f"Bucket number {n} ferments its scraps well." for n in range(9)))

    evidence = await _found(a_brief(key_points=("a bucket",)), [many])

    assert len(evidence.items) == 3


@pytest.mark.parametrize(
    "sentence",
    [
        "Bokashi bucket ferments.",
        "Which bokashi bucket is the best for you?",
        "The bokashi bucket " + "very " * 60 + "slowly ferments.",
        "Roses need sun and water every day.",
    ],
    ids=["fragment", "question", "too long", "off topic"],
)
async def test_unfit_sentence_is_no_evidence(sentence: str) -> None:
    """None found is an answer: the set is empty."""
    evidence = await _found(a_brief(key_points=("a bokashi bucket",)), [_document("d", sentence)])

    assert evidence.items == ()


async def test_rare_shared_word_outranks_frequent_ones() -> None:
    """A sentence that shares a key point's telling word comes before those with a common one."""
    bins = [f"The bin of house {n} is green and round." for n in range(5)]
    size = "Most people choose a small size."

    evidence = await _found(
        a_brief(key_points=("the size of the bin",)), [_document("d", *bins, size)]
    )

    assert evidence.items[0].quote == size


async def test_demanded_phrase_is_preferred() -> None:
    """A quote that covers a phrase of the brief comes first."""
    evidence = await _found(
        a_brief(key_points=("kitchen scraps",), must_include=("bokashi bucket",))
    )

    assert evidence.items[0].quote == BUCKET


async def test_demanded_phrase_is_searched_for_by_itself() -> None:
    """A phrase that no key point's search brought up is looked for, and fits the nearest one."""
    lime = "Garden lime makes a heap less sour."

    evidence = await _found(
        a_brief(key_points=("rats and a heap",), must_include=("garden lime",)),
        [*LEAFLETS, _document("lime", lime), _document("heaps", *_HEAPS)],
    )

    assert lime in [item.quote for item in evidence.items]


_HEAPS = tuple(f"Rats like heap number {n} best of all." for n in range(20))


async def test_evidence_stays_within_its_contract() -> None:
    """However much is found, the set holds at most 24 quotes, three of them for phrases."""
    things = [f"thing{n}" for n in range(7)]
    phrases = tuple(f"phrase{n}" for n in range(5))
    plain = [f"Each {thing} has number {n} in it." for thing in things for n in range(12)]
    rare = [f"Some {thing} has a {phrase} too." for phrase in phrases for thing in things[:1]]
    brief = a_brief(key_points=tuple(things), must_include=phrases)

    evidence = await _found(brief, [_document("plain", *plain), _document("rare", *rare)])

    assert len(evidence.items) == 24
    assert [item.id for item in evidence.items] == [f"e{n}" for n in range(1, 25)]


async def test_key_point_without_content_finds_nothing() -> None:
    """Mere grammar is not searched for."""
    evidence = await _found(a_brief(key_points=("how it is done",)))

    assert evidence.items == ()


async def test_forbidden_phrase_is_never_quoted() -> None:
    """What the brief forbids does not enter the article as evidence."""
    evidence = await _found(a_brief(must_avoid=("bokashi",)))

    assert all("bokashi" not in item.quote for item in evidence.items)


async def test_missing_corpus_is_the_caller_s_to_mend() -> None:
    """The run fails with the corpus's name and the command that adds it."""
    with pytest.raises(StepError, match=r"'herbs'.*orchestra corpus add herbs") as failed:
        await _found(a_brief(corpus="herbs"))

    assert failed.value.kind is FailureKind.RULE_BROKEN


async def test_corpus_without_text_is_the_caller_s_to_mend() -> None:
    """An empty corpus is not the same as finding nothing."""
    with pytest.raises(StepError) as failed:
        await _found(a_brief(), [_document("blank", "A heading")])

    assert failed.value.kind is FailureKind.RULE_BROKEN


class _ChangedCorpora(InProcessCorpora):
    """A corpus whose documents are replaced between search and fetch."""

    def __init__(self, text: str | None) -> None:
        super().__init__()
        self._text = text

    async def document(self, corpus: str, document_id: str) -> Document:
        """Give another text, or nothing."""
        if self._text is None:
            raise NotFoundError(f"no document {document_id!r}")
        return Document(id=document_id, title="t", uri="u", text=self._text)


@pytest.mark.parametrize("text", [None, "Something else."])
async def test_document_that_changed_is_searched_again(text: str | None) -> None:
    """A quote that its source does not have any more is never handed on; the step is retried."""
    corpora = _ChangedCorpora(text)
    await corpora.add("compost", LEAFLETS)

    with pytest.raises(StepError) as failed:
        await Researcher(corpora).run(Given({"brief": a_brief()}), SilentDesk())

    assert failed.value.kind is FailureKind.UNAVAILABLE
