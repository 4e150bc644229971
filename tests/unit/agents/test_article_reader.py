"""Reading a published article: from a corpus by id or path, or from the text of a request."""

import pytest

from contracts.content.localise import LocaliseRequest
from contracts.content.source_article import ArticleSource, SourceArticle
from contracts.failure import FailureKind
from services.agents.article_reader import ArticleReader, OriginalReader
from services.agents.base import Given
from services.errors import StepError
from services.publishing.markdown import render
from services.retrieval.documents import document_id, submitted_document
from services.retrieval.in_process import InProcessCorpora
from tests.desks import SilentDesk
from tests.unit.agents.bins import a_request
from tests.unit.publishing.articles import an_article as a_published_article

TEXT = (
    "Bins of a town\n\nThe town put up bins.\n\nWhat it takes\n\nA bin holds 600 litres.\n\n"
    "Nobody empties it in winter."
)


async def _read(source: ArticleSource) -> SourceArticle:
    corpora = InProcessCorpora()
    await corpora.add("articles", [submitted_document("Bins of a town", TEXT, "bins.md")])
    given = Given({"request": a_request(article=source)})
    article = await ArticleReader(corpora).run(given, SilentDesk())
    assert isinstance(article, SourceArticle)
    return article


@pytest.mark.parametrize("name", ["bins.md", document_id("bins.md")])
async def test_a_document_is_read_by_path_or_id(name: str) -> None:
    """Short lines without a stop are headings; paragraphs are numbered through all sections."""
    article = await _read(ArticleSource(corpus="articles", document=name))

    assert (article.title, article.uri, article.language) == ("Bins of a town", "bins.md", "en")
    assert [(each.id, each.heading) for each in article.sections] == [
        ("s1", ""),
        ("s2", "What it takes"),
    ]
    assert [(each.id, each.text) for each in article.paragraphs()] == [
        ("p1", "The town put up bins."),
        ("p2", "A bin holds 600 litres."),
        ("p3", "Nobody empties it in winter."),
    ]


async def test_a_published_article_loses_its_notes_and_keeps_its_sources() -> None:
    """What the publisher wrote is read back: its sentences without numbers, its sources named."""
    published = a_published_article()

    article = await _read(ArticleSource(text=render(published).decode()))

    said = [each.text for section in published.draft.sections for each in section.sentences]
    assert " ".join(each.text for each in article.paragraphs()) == " ".join(said)
    assert [each.heading for each in article.sections] == [
        section.heading for section in published.draft.sections
    ]
    cited = dict.fromkeys(item.source.title for item in published.cited)
    assert [each.title for each in article.sources] == list(cited)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (ArticleSource(corpus="articles", document="heaps.md"), "no document 'heaps.md'"),
        (ArticleSource(corpus="stories", document="bins.md"), "corpus 'stories'"),
        (ArticleSource(text="# Only a title"), "no paragraph"),
        (ArticleSource(text="---\n: [\n---\nText."), "front matter"),
        (ArticleSource(text="A sentence. " * 2_000), "cannot be worked on"),
        (ArticleSource(text="\n\n".join(["A sentence that is long. " * 60] * 15)), "15000"),
    ],
)
async def test_what_is_no_article_is_named(source: ArticleSource, reason: str) -> None:
    """A missing document, one without paragraphs and one too long are for who sent the request."""
    with pytest.raises(StepError, match=reason) as raised:
        await _read(source)

    assert raised.value.kind is FailureKind.RULE_BROKEN


async def test_the_original_is_read_in_the_same_way() -> None:
    """A request to localise names its article as one to repurpose does."""
    request = LocaliseRequest(
        article=ArticleSource(text="# Haufen\n\nEin Haufen.", language="de"),
        locales=("en",),
        audience="towns",
    )

    article = await OriginalReader(InProcessCorpora()).run(
        Given({"request": request}), SilentDesk()
    )

    assert isinstance(article, SourceArticle)
    assert (article.title, article.language) == ("Haufen", "de")
