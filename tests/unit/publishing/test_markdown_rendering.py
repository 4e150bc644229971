"""Markdown: text stays text, front matter stays data, the same article gives the same bytes."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from contracts.content.evidence import Source
from services.publishing.markdown import escape, render, slug, visible
from tests.builders import WORM_BINS, a_draft, a_section, a_sentence, an_evidence_item
from tests.unit.publishing.articles import an_article

LINES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), min_size=1, max_size=80
).filter(lambda text: text.strip())


def _inline(markdown: str) -> str:
    """Read one paragraph back as a CommonMark renderer with tables does; its text, or nothing."""
    tokens = MarkdownIt("commonmark", {"linkify": False}).enable("table").parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    return "".join(child.content for child in children)


@settings(deadline=None)
@given(LINES)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    """No text turns into markup, and none is lost but control characters and extra spaces."""
    assert _inline(f"x {escape(text)}") == f"x {visible(text)}".strip()


@pytest.mark.parametrize("text", ["a\x00b", "a\x85b", "a\u202eb", "a \n\t b", "a\u2028b"])
def test_unseen_characters_are_spaces(text: str) -> None:
    """Control characters, and those that turn the order of text around, reach no reader."""
    assert visible(text) == "a b"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "![pixel](https://evil.example/p.png)",
        "# Not a heading",
        "- not a list",
        "1. not a list either",
        "> not a quote",
        "*bold* _thin_ `code` ~~gone~~ | cell |",
        "&lt;b&gt; &copy;",
        "{{ site.secret }}",
        "---",
    ],
)
def test_markup_in_a_sentence_is_shown_as_text(text: str) -> None:
    """What a source or model writes cannot format, link or run anything."""
    article = an_article(draft=a_draft(a_sentence(text, "e1")))

    body = render(article).decode().split("\n\n")[3]

    assert _inline(body) == f"{text} [1]"


@pytest.mark.parametrize("text", ["See https://evil.example now.", "See www.evil.example now."])
def test_address_in_a_sentence_is_no_link(text: str) -> None:
    """Renderers that link addresses by themselves find none in the text."""
    escaped = escape(text)

    assert "https://" not in escaped
    assert "www.evil" not in escaped


@settings(deadline=None)
@given(LINES, LINES, LINES)
def test_front_matter_gives_back_what_went_in(title: str, made_by: str, uri: str) -> None:
    """No title, model name or address breaks the front matter or changes in it."""
    source = Source(id="d1", title=title, uri=uri)
    cited = (an_evidence_item(1, "Worms eat.", WORM_BINS, source=source),)
    article = an_article(draft=a_draft(title=title, made_by=made_by), cited=_all(cited))

    text = render(article).decode()

    front = YAML(typ="safe").load(io.StringIO(text.split("\n---\n")[0].removeprefix("---\n")))
    assert front["digest"] == article.digest
    assert (front["title"], front["made_by"]) == (visible(title), visible(made_by))
    assert front["sources"][0] == {"title": visible(title), "uri": visible(uri)}


def _all(first: tuple[object, ...]) -> tuple[object, ...]:
    return (*first, *an_article().cited[1:])


def test_article_reads_as_expected() -> None:
    """Front matter, title, sections with numbered citations, then the quotes behind them."""
    draft = a_draft(sections=(a_section(sentences=(a_sentence("Worms eat scraps.", "e1", "e2"),)),))
    item = an_evidence_item(1, "Worms eat\nscraps.", WORM_BINS)
    web = an_evidence_item(
        2,
        "Yes, they do.",
        WORM_BINS,
        id="e2",
        source=Source(id="d2", title="Worm web", uri="https://worms.example/a_b"),
    )

    text = render(an_article(draft=draft, cited=(item, web), digest="0" * 64)).decode()

    assert text == (
        "---\n"
        "title: Composting without a garden\n"
        "made_by: a-model\n"
        "status: all 5 claims supported by their sources\n"
        f"digest: '{'0' * 64}'\n"
        "sources:\n"
        "- title: Leaflet 1\n"
        "  uri: 1.md\n"
        "- title: Worm web\n"
        "  uri: https://worms.example/a_b\n"
        "---\n\n"
        "# Composting without a garden\n\n"
        "## Worm bins for kitchen scraps\n\n"
        "Worms eat scraps. [1][2]\n\n"
        "## Sources\n\n"
        "[1] Leaflet 1 (1.md): \u201cWorms eat scraps.\u201d\n\n"
        "[2] Worm web (<https://worms.example/a_b>): \u201cYes, they do.\u201d\n"
    )


def test_source_used_twice_is_listed_once_in_front() -> None:
    """Several quotes of one document name it once."""
    source = Source(id="d1", title="Leaflet", uri="1.md")
    cited = tuple(an_evidence_item(n, f"Quote {n}.", WORM_BINS, source=source) for n in range(1, 6))

    text = render(an_article(cited=cited)).decode()

    assert text.count("- title: Leaflet") == 1


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Composting without a garden", "composting-without-a-garden"),
        ("Käse & Brot: 50% mehr?", "kase-brot-50-mehr"),
        ("../../etc/passwd", "etc-passwd"),
        ("堆肥", "article"),
        ("long " * 60, "-".join(["long"] * 12)),
    ],
)
def test_slug_is_safe_as_a_file_name(title: str, expected: str) -> None:
    """Titles become short plain names that lead nowhere else."""
    assert slug(title) == expected
