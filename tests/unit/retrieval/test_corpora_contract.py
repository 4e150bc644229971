"""What every implementation of the corpora port does, told once for all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.errors import InputInvalidError, NotFoundError
from services.retrieval.base import Corpora, CorpusSummary, Document, Ingested
from services.retrieval.in_process import InProcessCorpora
from services.retrieval.lance import LanceCorpora

HEAT = Document(
    id="heat",
    title="Heat",
    uri="heat.md",
    text="Heat\n\nA hot heap kills weed seeds. The centre of a heap reaches sixty degrees.",
)
WORMS = Document(
    id="worms",
    title="Worms",
    uri="worms.md",
    text="Worms\n\nWorms eat kitchen scraps. A worm bin fits on a balcony.",
)
BLANK = Document(id="blank", title="Blank", uri="blank.md", text="A heading")


@pytest.fixture(params=["in process", "lance"])
async def corpora(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Corpora]:
    """Give each implementation, empty."""
    if request.param == "in process":
        yield InProcessCorpora()
        return
    lance = LanceCorpora(str(tmp_path / "corpora"))
    yield lance
    await lance.aclose()


async def test_search_finds_the_sentence_that_holds_the_words(corpora: Corpora) -> None:
    """A search answers with the sentences that share words with it, best first."""
    await corpora.add("compost", [HEAT, WORMS])

    found = await corpora.search("compost", "worm bin on a balcony", 2)

    assert [passage.text for passage in found] == [
        "A worm bin fits on a balcony.",
        "Worms eat kitchen scraps.",
    ]
    assert found[0].score > found[1].score > 0
    assert found[0].source.model_dump() == {"id": "worms", "title": "Worms", "uri": "worms.md"}


async def test_passage_is_verbatim_in_its_document(corpora: Corpora) -> None:
    """The span of a passage points at exactly its text in the stored document."""
    await corpora.add("compost", [HEAT, WORMS])

    (passage,) = await corpora.search("compost", "sixty degrees", 1)
    document = await corpora.document("compost", passage.source.id)

    assert document == HEAT
    assert document.text[passage.span.start : passage.span.end] == passage.text


async def test_documents_are_listed_by_id(corpora: Corpora) -> None:
    """Whoever asks what a corpus holds gets every document's id, title and address, in order."""
    await corpora.add("compost", [WORMS, HEAT])

    listed = await corpora.sources("compost")

    assert [each.model_dump() for each in listed] == [
        {"id": "heat", "title": "Heat", "uri": "heat.md"},
        {"id": "worms", "title": "Worms", "uri": "worms.md"},
    ]
    with pytest.raises(NotFoundError, match="compost"):
        await corpora.sources("nosuch")


async def test_nothing_found_is_an_answer(corpora: Corpora) -> None:
    """A query whose words stand nowhere gives no passages and no error."""
    await corpora.add("compost", [HEAT])

    assert await corpora.search("compost", "bicycle", 3) == ()


async def test_equal_scores_are_ordered_by_place(corpora: Corpora) -> None:
    """Sentences that score the same come in the order of their source and place, every time."""
    twins = [
        Document(id=name, title=name, uri=name, text="Turn the heap often. Turn the heap often.")
        for name in ("b", "c", "a")
    ]
    await corpora.add("compost", twins)

    found = await corpora.search("compost", "turn heap", 3)

    assert [(passage.source.id, passage.span.start) for passage in found] == [
        ("a", 0),
        ("a", 21),
        ("b", 0),
    ]


async def test_adding_the_same_again_changes_nothing(corpora: Corpora) -> None:
    """A second add of identical documents is told as unchanged and adds no passage."""
    first = await corpora.add("compost", [HEAT, WORMS])
    again = await corpora.add("compost", [HEAT, WORMS])

    assert first == Ingested(corpus="compost", added=2, unchanged=0, replaced=0)
    assert again == Ingested(corpus="compost", added=0, unchanged=2, replaced=0)
    assert await corpora.list() == (CorpusSummary(name="compost", documents=2, passages=4),)


async def test_changed_document_replaces_the_old_one(corpora: Corpora) -> None:
    """After a change nothing of the old text is found, and shorter documents leave no rest."""
    await corpora.add("compost", [HEAT, WORMS])
    shorter = HEAT.model_copy(update={"text": "A cold heap works slowly."})

    ingested = await corpora.add("compost", [shorter])

    assert ingested == Ingested(corpus="compost", added=0, unchanged=0, replaced=1)
    assert await corpora.search("compost", "sixty degrees", 3) == ()
    assert await corpora.document("compost", "heat") == shorter
    assert (await corpora.list())[0].passages == 3


async def test_corpora_are_listed_by_name(corpora: Corpora) -> None:
    """The list is sorted and counts each corpus on its own."""
    await corpora.add("worms", [WORMS])
    await corpora.add("compost", [HEAT, BLANK])

    assert await corpora.list() == (
        CorpusSummary(name="compost", documents=2, passages=2),
        CorpusSummary(name="worms", documents=1, passages=2),
    )


async def test_missing_corpus_names_those_there_are(corpora: Corpora) -> None:
    """A search of a corpus that is not there says which are and how to add one."""
    await corpora.add("worms", [WORMS])
    await corpora.add("compost", [HEAT])

    with pytest.raises(NotFoundError, match=r"'nope' \(there are: compost, worms\).*corpus add"):
        await corpora.search("nope", "heap", 1)
    with pytest.raises(NotFoundError, match="there are: compost, worms"):
        await corpora.document("../compost", "heat")


async def test_missing_document_is_named(corpora: Corpora) -> None:
    """A document that is not there is named with its corpus, whatever quotes its id has."""
    await corpora.add("compost", [HEAT])

    with pytest.raises(NotFoundError, match="'compost' holds no document \"x' OR '1'='1\""):
        await corpora.document("compost", "x' OR '1'='1")


async def test_corpus_without_sentences_says_so(corpora: Corpora) -> None:
    """A corpus of headings alone is not searched in silence."""
    await corpora.add("compost", [BLANK])

    with pytest.raises(InputInvalidError, match=r"'compost' holds no sentence.*corpus add compost"):
        await corpora.search("compost", "heading", 1)


@pytest.mark.parametrize(
    "query",
    [
        '"worm bin"',
        "text:worm AND bin",
        "(worm OR (bin",
        "worm^2 bin~ *",
        "-worm +bin \\",
        "[worm TO bin} ' ; --",
        "worm / bin?",
    ],
)
async def test_query_is_words_and_never_syntax(corpora: Corpora, query: str) -> None:
    """Quotes, colons, brackets and operators in a query neither fail nor change what it means."""
    await corpora.add("compost", [HEAT, WORMS])

    found = await corpora.search("compost", query, 1)

    assert [passage.text for passage in found] == ["A worm bin fits on a balcony."]


@pytest.mark.parametrize("query", ["", "   ", '"():*', "-" * 10])
async def test_query_without_a_word_is_refused(corpora: Corpora, query: str) -> None:
    """A blank query, or one of signs alone, is the caller's mistake and is told as one."""
    await corpora.add("compost", [HEAT])

    with pytest.raises(InputInvalidError, match="has no word in it"):
        await corpora.search("compost", query, 1)


async def test_query_and_limit_are_bounded(corpora: Corpora) -> None:
    """A query of a book's length and a limit of nothing or thousands are refused with the bound."""
    await corpora.add("compost", [HEAT])

    with pytest.raises(InputInvalidError, match="at most 2000"):
        await corpora.search("compost", "heap " * 1000, 1)
    with pytest.raises(InputInvalidError, match="limit 0 is not in 1 to 100"):
        await corpora.search("compost", "heap", 0)
    with pytest.raises(InputInvalidError, match="limit 101"):
        await corpora.search("compost", "heap", 101)


@pytest.mark.parametrize("name", ["", "Compost", "../compost", "a b", "x" * 64, "_x"])
async def test_name_that_no_corpus_can_have_is_refused(corpora: Corpora, name: str) -> None:
    """A corpus name stays safe as a folder, a table and a part of a URL."""
    with pytest.raises(InputInvalidError, match="is no name for a corpus"):
        await corpora.add(name, [HEAT])


async def test_add_of_nothing_or_of_one_id_twice_is_refused(corpora: Corpora) -> None:
    """An add that could not mean what it says changes nothing."""
    with pytest.raises(InputInvalidError, match="no documents to add to corpus 'compost'"):
        await corpora.add("compost", [])
    with pytest.raises(InputInvalidError, match="'heat' stands 2 times"):
        await corpora.add("compost", [HEAT, WORMS, HEAT])

    assert await corpora.list() == ()
