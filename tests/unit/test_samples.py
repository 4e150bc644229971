"""The shipped briefs and corpora fit each other: what an extractive article would be made of."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from contracts.content.brief import Brief
from contracts.content.localise import LocaliseRequest
from contracts.content.repurpose import RepurposeRequest
from services.retrieval.base import Corpora
from services.retrieval.documents import Reading, find, read_documents
from services.retrieval.in_process import InProcessCorpora
from services.retrieval.lance import LanceCorpora
from services.retrieval.passages import split

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples"
BRIEFS = sorted(path.stem for path in (SAMPLES / "briefs").glob("*.yaml"))
QUOTES = 3
"""Sentences that the researcher takes for each key point."""


def read_brief(name: str) -> Brief:
    """Read a brief as strictly as the edges of the system do."""
    loaded = YAML(typ="safe").load(SAMPLES / "briefs" / f"{name}.yaml")
    return Brief.model_validate_json(json.dumps(loaded), extra="forbid")


def read_corpora() -> dict[str, Reading]:
    """Read every sample corpus by its name."""
    return {folder.name: read_documents(folder) for folder in (SAMPLES / "corpora").iterdir()}


async def fill(corpora: Corpora) -> None:
    """Add every sample corpus."""
    for name, reading in read_corpora().items():
        await corpora.add(name, reading.documents)


async def quotes(corpora: Corpora, brief: Brief) -> list[list[str]]:
    """Find the sentences for each key point, as research does."""
    return [
        [passage.text for passage in await corpora.search(brief.corpus, point, QUOTES)]
        for point in brief.key_points
    ]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder that all sample corpora were added to."""
    folder = str(tmp_path_factory.mktemp("samples"))
    asyncio.run(fill(LanceCorpora(folder)))
    return folder


@pytest.fixture(params=["in process", "lance"])
async def corpora(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Corpora]:
    """Give the sample corpora in each implementation."""
    if request.param == "in process":
        fake = InProcessCorpora()
        await fill(fake)
        yield fake
        return
    lance = LanceCorpora(database)
    yield lance
    await lance.aclose()


@pytest.mark.parametrize("name", BRIEFS)
def test_brief_is_valid_and_names_a_shipped_corpus(name: str) -> None:
    """A sample brief passes the contract with no unknown field and three key points."""
    brief = read_brief(name)

    assert len(brief.key_points) == 3
    assert brief.corpus in read_corpora()


@pytest.mark.parametrize("name", BRIEFS)
async def test_brief_is_satisfied_by_what_retrieval_finds(corpora: Corpora, name: str) -> None:
    """Two quotes a key point hold all that must be included; a third brings nothing banned."""
    brief = read_brief(name)

    found = await quotes(corpora, brief)
    two = " ".join(text for point in found for text in point[:2]).casefold()
    three = " ".join(chain(*found)).casefold()

    assert [term for term in brief.must_include if term.casefold() not in two] == []
    assert [term for term in brief.must_avoid if term.casefold() in three] == []


@pytest.mark.parametrize("name", BRIEFS)
async def test_length_is_in_range_with_two_or_three_quotes(corpora: Corpora, name: str) -> None:
    """Two sentences a key point are long enough, three are not too long."""
    brief = read_brief(name)

    found = await quotes(corpora, brief)
    two = " ".join(text for point in found for text in point[:2]).split()
    three = " ".join(text for point in found for text in point).split()

    assert brief.words.min <= len(two) <= len(three) <= brief.words.max


@pytest.mark.parametrize("name", BRIEFS)
async def test_no_sentence_is_quoted_twice(corpora: Corpora, name: str) -> None:
    """Every key point has three sentences of its own."""
    found = list(chain(*await quotes(corpora, read_brief(name))))

    assert len(set(found)) == len(found) == 3 * QUOTES


@pytest.mark.parametrize("corpus", ["composting", "home-energy", "medication"])
def test_sample_documents_are_short_and_made_of_whole_sentences(corpus: str) -> None:
    """A document has 150 to 300 words, a sentence 7 to 28 and no pronoun at its beginning."""
    documents = read_corpora()[corpus].documents
    words = [text.text.split() for document in documents for text in split(document.text)]

    assert [each.id for each in documents if not 150 <= len(each.text.split()) <= 300] == []
    assert [each for each in words if not 7 <= len(each) <= 28] == []
    assert {each[0] for each in words} & {"It", "They", "This", "These", "That", "He"} == set()


def test_every_sample_file_is_read() -> None:
    """Nothing in the sample corpora is skipped."""
    readings = read_corpora()

    assert {name: len(reading.documents) for name, reading in readings.items()} == {
        "articles": 2,
        "composting": 14,
        "home-energy": 6,
        "medication": 4,
    }
    assert sum((reading.skipped for reading in readings.values()), ()) == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("repurpose-lindenau", RepurposeRequest), ("localise-lindenau", LocaliseRequest)],
)
async def test_request_is_valid_and_its_article_can_be_read(
    name: str, kind: type[RepurposeRequest | LocaliseRequest]
) -> None:
    """A sample request passes the contract and names an article of a shipped corpus."""
    corpora = InProcessCorpora()
    await fill(corpora)

    loaded = YAML(typ="safe").load(SAMPLES / "requests" / f"{name}.yaml")
    source = kind.model_validate_json(json.dumps(loaded), extra="forbid").article
    document = await find(corpora, source.corpus or "", source.document or "")

    assert document.title == "How Lindenau cut its kitchen waste by a third"
    assert 550 <= len(document.text.split()) <= 650
