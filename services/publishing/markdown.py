"""Renders an article as Markdown with YAML front matter. The same article gives the same bytes.

Text is text: whatever looks like Markdown or HTML in a title, sentence or quote is escaped.
"""

import io
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from ruamel.yaml import YAML

from contracts.content.evidence import EvidenceItem
from contracts.content.section import Section, Sentence
from services.publishing.base import Article, Link

_SPECIAL: Final = re.compile(r"[\\`*_\[\]{}|~#$]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""Markup, and what some renderers make links of by themselves."""

_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that show text in another order than it has."""

_ADDRESS: Final = re.compile(r"https?://[^\s<>]+")
_LINE_START: Final = re.compile(r"^(\d*)([.)\-+=:])")
_LONGEST_SLUG: Final = 60


def render(article: Article) -> bytes:
    """Render as UTF-8 with a newline at the end."""
    numbers = {item.id: number for number, item in enumerate(article.cited, start=1)}
    parts = [
        _front_matter(article),
        f"# {escape(article.draft.title)}",
        *(_link(link) for link in article.links),
        *(_section(section, numbers) for section in article.draft.sections),
        "## Sources",
        *(_source(item, numbers[item.id]) for item in article.cited),
    ]
    return ("\n\n".join(parts) + "\n").encode()


def file_name(article: Article) -> str:
    """Name the article's file after its title and the first 8 characters of its draft's digest."""
    return f"{slug(article.draft.title)}-{article.digest[:8]}.md"


def slug(title: str) -> str:
    """Reduce a title to lower-case ASCII letters, digits and hyphens; never empty."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words)[:_LONGEST_SLUG].strip("-") or "article"


def visible(text: str) -> str:
    """Put text on one line without characters that cannot be seen."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def escape(text: str) -> str:
    """Make text of one line that Markdown and HTML leave as it is, wherever in a line it stands."""
    line = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\g<0>", line)


def paragraph(line: str) -> str:
    """Keep an escaped line from being read as a list or a rule."""
    return _LINE_START.sub(r"\1\\\2", line)


def _front_matter(article: Article) -> str:
    return front_matter(
        {
            "title": visible(article.draft.title),
            "made_by": visible(article.draft.made_by),
            "status": article.vouched_by,
            "digest": article.digest,
            "sources": [
                {"title": visible(source.title), "uri": visible(source.uri)}
                for source in dict.fromkeys(item.source for item in article.cited)
            ],
        }
    )


def front_matter(head: Mapping[str, object]) -> str:
    """Write YAML front matter, its keys in the order given."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 10_000
    written = io.StringIO()
    yaml.dump(dict(head), written)
    return f"---\n{written.getvalue()}---"


def _link(link: Link) -> str:
    shown = f"<{link.where}>" if _ADDRESS.fullmatch(link.where) else escape(link.where)
    return f"Read more: {escape(link.title)} ({shown})"


def _section(section: Section, numbers: dict[str, int]) -> str:
    sentences = " ".join(_sentence(each, numbers) for each in section.sentences)
    return f"## {escape(section.heading)}\n\n{paragraph(sentences)}"


def _sentence(sentence: Sentence, numbers: dict[str, int]) -> str:
    notes = "".join(f"[{numbers[cited]}]" for cited in sentence.evidence_ids)
    return f"{escape(sentence.text)} {notes}"


def _source(item: EvidenceItem, number: int) -> str:
    uri = item.source.uri
    address = f"<{uri}>" if _ADDRESS.fullmatch(uri) else escape(uri)
    return f"[{number}] {escape(item.source.title)} ({address}): “{escape(item.quote)}”"
