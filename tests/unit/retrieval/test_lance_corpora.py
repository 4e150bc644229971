"""What LanceDB adds to the port: vectors, files that last, several processes, its errors."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from services.errors import FlowError, InputInvalidError, StorageError, UnavailableError
from services.retrieval import lance_tables
from services.retrieval.base import Document
from services.retrieval.lance import LanceCorpora

WORMS = Document(
    id="worms",
    title="Worms",
    uri="worms.md",
    text="Earthworms devour peelings. A bin fits on a balcony. Rain fills the barrel.",
)


_WRITING = "corpus 'x' cannot be written"


class TopicEmbedder:
    """Embeds by topic: how often a text speaks of animals, of places, of water."""

    topics = (("worm", "creature"), ("balcony", "terrace"), ("rain", "water"))

    async def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """Give one number a topic, and a fourth so that no vector is all zeros."""
        return tuple(
            (*(float(sum(map(text.lower().count, topic))) for topic in self.topics), 0.1)
            for text in texts
        )


@pytest.fixture
async def corpora(tmp_path: Path) -> AsyncIterator[LanceCorpora]:
    """Corpora in a folder that is not there yet."""
    opened = LanceCorpora(str(tmp_path / "new" / "corpora"))
    yield opened
    await opened.aclose()


@pytest.fixture
async def by_topic(tmp_path: Path) -> AsyncIterator[LanceCorpora]:
    """Corpora in the same folder, with vectors."""
    opened = LanceCorpora(str(tmp_path / "new" / "corpora"), TopicEmbedder(), "topics-1")
    yield opened
    await opened.aclose()


async def test_meaning_is_found_without_shared_words(by_topic: LanceCorpora) -> None:
    """With an embedder a search finds a sentence that shares no word with the query."""
    await by_topic.add("compost", [WORMS])

    found = await by_topic.search("compost", "creatures", 1)

    assert found[0].text == "Earthworms devour peelings."


async def test_passage_found_both_ways_wins(by_topic: LanceCorpora) -> None:
    """A sentence that words and meaning both find stands above those that one of them finds."""
    await by_topic.add("compost", [WORMS])

    found = await by_topic.search("compost", "water in the barrel", 3)

    assert found[0].text == "Rain fills the barrel."
    assert found[0].score == 2 * (1_000_000 // 61)


async def test_corpus_without_vectors_is_not_searched_by_meaning(
    corpora: LanceCorpora, by_topic: LanceCorpora
) -> None:
    """A corpus that was added before the embedding model was set asks to be added again."""
    await corpora.add("compost", [WORMS])

    with pytest.raises(InputInvalidError, match=r"'no model'.*'topics-1'; add it again"):
        await by_topic.search("compost", "creatures", 1)


async def test_new_embedding_model_embeds_all_that_is_stored(
    corpora: LanceCorpora, by_topic: LanceCorpora
) -> None:
    """The first add under another model gives vectors to the documents of earlier adds too."""
    await corpora.add("compost", [WORMS])
    other = Document(id="other", title="Other", uri="other.md", text="Bread feeds rats.")

    ingested = await by_topic.add("compost", [other])
    found = await by_topic.search("compost", "creatures", 1)

    assert (ingested.added, ingested.replaced) == (1, 0)
    assert found[0].source.id == "worms"


async def test_corpus_with_vectors_is_still_searched_by_words(
    corpora: LanceCorpora, by_topic: LanceCorpora
) -> None:
    """Unsetting the embedding model needs no second add."""
    await by_topic.add("compost", [WORMS])

    found = await corpora.search("compost", "balcony", 1)

    assert found[0].text == "A bin fits on a balcony."


async def test_vectors_are_not_dropped_by_an_add_without_a_model(
    corpora: LanceCorpora, by_topic: LanceCorpora
) -> None:
    """A process that cannot embed does not add to a corpus of vectors, and leaves it as it was."""
    await by_topic.add("compost", [WORMS])

    with pytest.raises(InputInvalidError, match="set ORCHESTRA_EMBEDDING_MODEL=topics-1"):
        await corpora.add("compost", [WORMS.model_copy(update={"id": "new"})])

    assert (await by_topic.search("compost", "creatures", 1))[0].source.id == "worms"


async def test_documents_last_beyond_the_process(tmp_path: Path, corpora: LanceCorpora) -> None:
    """Another instance on the same folder finds what the first one added."""
    await corpora.add("compost", [WORMS])
    await corpora.aclose()

    found = await LanceCorpora(str(tmp_path / "new" / "corpora")).search("compost", "rain", 1)

    assert found[0].text == "Rain fills the barrel."


async def test_scores_do_not_depend_on_the_order_of_adds(corpora: LanceCorpora) -> None:
    """The same documents give the same scores, added at once, one by one, or replaced."""
    texts = [f"Heap number {n} is turned in week {n % 7} with fork {n % 3}." for n in range(60)]
    documents = [
        Document(id=f"d{n}", title="T", uri="u", text=text) for n, text in enumerate(texts)
    ]
    await corpora.add("once", documents)
    await corpora.add("parts", [documents[3].model_copy(update={"text": "Something else."})])
    await corpora.add("parts", documents[30:])
    await corpora.add("parts", documents[:30])

    assert await corpora.search("parts", "turned in week 3 with fork 1", 20) == (
        await corpora.search("once", "turned in week 3 with fork 1", 20)
    )


SCRIPT = """
import asyncio, sys
from services.retrieval.base import Document
from services.retrieval.lance import LanceCorpora

async def main(folder, who):
    corpora = LanceCorpora(folder)
    for n in range(4):
        mine = Document(id=f"{who}{n}", title="T", uri="u", text=f"Heap {n} belongs to {who}.")
        shared = Document(id="shared", title="T", uri="u", text=f"The shared heap saw {who} {n}.")
        await corpora.add("compost", [mine, shared])
        assert await corpora.search("compost", "heap", 3)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_add_and_search_at_once(tmp_path: Path) -> None:
    """Writers that start together lose nothing and store no document twice."""
    folder = str(tmp_path / "corpora")

    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", SCRIPT, folder, who)
        for who in ("ann", "bob")
    ]
    exits = [await process.wait() for process in processes]
    (summary,) = await LanceCorpora(folder).list()

    assert exits == [0, 0]
    assert (summary.documents, summary.passages) == (9, 9)


async def test_tasks_of_one_process_take_turns_too(corpora: LanceCorpora) -> None:
    """Concurrent adds in one process end up whole."""
    documents = [Document(id=f"d{n}", title="T", uri="u", text="Turn it.") for n in range(6)]

    await asyncio.gather(*(corpora.add("compost", [document]) for document in documents))

    assert (await corpora.list())[0].documents == 6


async def test_writer_that_never_ends_is_reported(corpora: LanceCorpora, tmp_path: Path) -> None:
    """A lock that another process keeps makes the add say so instead of waiting for ever."""
    hasty = LanceCorpora(str(tmp_path / "new" / "corpora"), lock_seconds=0)
    await corpora.add("compost", [WORMS])

    async with corpora._turn("compost"):
        with pytest.raises(UnavailableError, match="another process has been adding"):
            await hasty.add("compost", [WORMS])


async def test_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A file where the folder should be is the operator's to mend, and is named."""
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(
        StorageError, match=r"corpora cannot be opened in .*taken.*space and rights"
    ):
        await LanceCorpora(str(tmp_path / "taken" / "corpora")).list()


async def test_folder_that_vanished_is_named(corpora: LanceCorpora, tmp_path: Path) -> None:
    """An add to a folder that somebody removed is a matter of storage, not a crash."""
    await corpora.list()
    (tmp_path / "new" / "corpora").rmdir()

    with pytest.raises(StorageError, match=r"compost\.lock' cannot be written: No such file"):
        await corpora.add("compost", [WORMS])


@pytest.mark.parametrize(
    ("uri", "error", "kind", "message"),
    [
        (
            "/data",
            RuntimeError(
                "lance error: LanceError(IO): No space left on device (os error 28),"
                " /root/lance-file-13.0.0/src/writer.rs:258:9"
            ),
            StorageError,
            r"in '/data': lance error: LanceError\(IO\): No space left on device \(os error 28\);"
            " check that folder's space and rights$",
        ),
        (
            "/data",
            RuntimeError("lance error: Retryable commit conflict for version 8: preempted"),
            UnavailableError,
            "corpus 'x' cannot be written: another process writes to it; try again$",
        ),
        (
            "s3://bucket",
            OSError("connection refused"),
            UnavailableError,
            "in s3://bucket: connection refused; try again later$",
        ),
    ],
)
def test_errors_of_the_library_say_who_acts_next(
    uri: str, error: Exception, kind: type[FlowError], message: str
) -> None:
    """A full disk is the operator's, a faster writer and a distant store call for a later try."""
    with pytest.raises(kind, match=message), lance_tables._translated(uri, _WRITING):
        raise error


async def test_store_by_url_needs_no_folder() -> None:
    """A URL is handed to LanceDB as it is; no lock file is made anywhere."""
    corpora = LanceCorpora("memory://")

    await corpora.add("compost", [WORMS])
    await corpora.add("compost", [WORMS.model_copy(update={"text": "Rain fills the pond."})])

    assert [each.text for each in await corpora.search("compost", "rain", 3)] == [
        "Rain fills the pond."
    ]


async def test_empty_corpus_is_told_with_an_embedder_too(by_topic: LanceCorpora) -> None:
    """Headings alone give no vectors, and the search says that there is nothing to search."""
    await by_topic.add("compost", [WORMS.model_copy(update={"text": "A heading"})])

    with pytest.raises(InputInvalidError, match="holds no sentence"):
        await by_topic.search("compost", "creatures", 1)


async def test_document_without_sentences_joins_a_corpus_with_vectors(
    by_topic: LanceCorpora,
) -> None:
    """A document that has nothing to embed is stored beside the others."""
    heading = Document(id="heading", title="H", uri="h.md", text="A heading")

    await by_topic.add("compost", [heading])
    await by_topic.add("compost", [WORMS])
    await by_topic.add("compost", [heading.model_copy(update={"text": "Another heading"})])

    assert (await by_topic.list())[0].documents == 2
    assert (await by_topic.search("compost", "creatures", 1))[0].source.id == "worms"


async def test_damaged_corpus_is_reported_and_not_searched(
    corpora: LanceCorpora, tmp_path: Path
) -> None:
    """Bytes that are not LanceDB's are an error about this corpus, never an empty answer."""
    await corpora.add("compost", [WORMS])
    for version in (tmp_path / "new" / "corpora" / "compost.lance" / "_versions").iterdir():
        version.write_bytes(b"junk")

    with pytest.raises(StorageError, match="corpus 'compost' cannot be"):
        await LanceCorpora(str(tmp_path / "new" / "corpora")).search("compost", "rain", 1)


async def test_index_is_mended_by_the_next_add(corpora: LanceCorpora) -> None:
    """A writer that died before it had built the index leaves a corpus that mends itself."""
    await corpora.add("compost", [WORMS])
    database = await corpora._open()
    async with database._table("compost", "broken") as table:
        await table.drop_index("text_idx")

    again = await corpora.add("compost", [WORMS])

    async with database._table("compost", "read") as table:
        indices = list(await table.list_indices())
    assert again.unchanged == 1
    assert len(indices) == 1


async def test_import_is_cheap_until_first_use() -> None:
    """Importing the adapter imports neither lancedb nor pyarrow, so that programs start fast."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys, services.retrieval.lance as adapter; adapter.LanceCorpora('x');"
        " raise SystemExit('lancedb' in sys.modules or 'pyarrow' in sys.modules)",
    )

    assert await process.wait() == 0
