"""Strips Markdown, HTML and hard-wrapped text to plain paragraphs. Knows no files.

What it returns is what quotes are verbatim of: paragraphs without line breaks, separated by a blank
line, in Unicode's composed form (NFC). Headings and list items are paragraphs of their own.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import JsonValue, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from selectolax.lexbor import LexborHTMLParser, LexborNode

from contracts.base import Part
from services.errors import InputInvalidError

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.M)
_BULLET = re.compile(r"[ \t]*[-*+•][ \t]+")
_NUMBER = re.compile(r"[ \t]*\d{1,2}[.)][ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_UNSEEN = re.compile("script|style|noscript|template|svg|head|iframe|object")
_BLOCK = re.compile(
    "address|article|aside|blockquote|body|caption|dd|details|div|dl|dt|fieldset|figcaption|figure"
    "|footer|form|h[1-6]|header|hr|legend|li|main|nav|ol|option|p|pre|section|summary"
    "|table|td|th|tr|ul"
)
_LINE_BREAKS = {"softbreak", "hardbreak"}
_BREAK = "\x1e"
"""ASCII's record separator marks the edges of blocks; it stands in no text that people write."""


class Plain(Part):
    """Text without markup."""

    title: str
    """What the text itself gives as its title; empty when it gives none."""

    text: str


class Headed(NamedTuple):
    """One block of a text."""

    is_heading: bool
    text: str


def headed(raw: str) -> tuple[str, tuple[Headed, ...]]:
    """Strip Markdown as `from_markdown` does, and keep which blocks are headings.

    Returns the title, empty where the text gives none, and the blocks in order.

    Raises:
        InputInvalidError: the front matter is not YAML.
    """
    title, found = _titled_blocks(raw)
    lines = ((is_heading, _one_line(text)) for is_heading, text in found)
    return title, tuple(Headed(is_heading, line) for is_heading, line in lines if line)


def from_text(raw: str) -> Plain:
    """Join hard-wrapped lines into paragraphs, and give each item of a list one of its own.

    A number begins an item only where the first line begins with one: elsewhere it may well be the
    end of a sentence that was wrapped.
    """
    blocks: list[list[str]] = []
    for chunk in re.split(r"\n(?:[^\S\n]*\n)+", raw.replace("\r\n", "\n").lstrip("\n")):
        numbered = _NUMBER.match(chunk)
        for ordinal, line in enumerate(chunk.splitlines()):
            item = _BULLET.match(line) or (numbered and _NUMBER.match(line))
            if item or ordinal == 0:
                blocks.append([])
            blocks[-1].append(line[item.end() :] if item else line)
    return Plain(title="", text=_joined(" ".join(block) for block in blocks))


def from_markdown(raw: str) -> Plain:
    """Strip front matter and markup. The title is the front matter's, else the first heading's.

    Raises:
        InputInvalidError: the front matter is not YAML.
    """
    title, blocks = _titled_blocks(raw)
    return Plain(title=title, text=_joined(block for _, block in blocks))


def from_html(raw: str) -> Plain:
    """Keep what a reader of the page sees. The title is the first heading's, else the page's."""
    tree = LexborHTMLParser(raw.replace(_BREAK, " "))
    named = tree.css_first("h1, h2, h3") or tree.css_first("title")
    seen = "".join(_seen(tree.body)) if tree.body else ""
    return Plain(title=_one_line(named.text()) if named else "", text=_joined(seen.split(_BREAK)))


def _titled_blocks(raw: str) -> tuple[str, tuple[tuple[bool, str], ...]]:
    raw = raw.replace("\r\n", "\n")
    front = _FRONT_MATTER.match(raw)
    title = _front_title(front.group(1)) if front else ""
    tokens = MarkdownIt("commonmark").enable("table").parse(raw[front.end() :] if front else raw)
    blocks = tuple(_markdown_blocks(tokens))
    headings = (block for is_heading, block in blocks if is_heading and block.strip())
    return title or _one_line(next(headings, "")), blocks


def _front_title(source: str) -> str:
    try:
        loaded = TypeAdapter(JsonValue).validate_python(YAML(typ="safe", pure=True).load(source))
    except (YAMLError, ValidationError, RecursionError, ValueError) as error:
        raise InputInvalidError("its front matter is not plain YAML; mend or remove it") from error
    title = loaded.get("title") if isinstance(loaded, dict) else None
    return _one_line(str(title)) if title else ""


def _seen(body: LexborNode) -> Iterator[str]:
    """Walk without recursion, because a page may be nested deeper than Python's stack."""
    stack: list[LexborNode | str] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
        elif node.is_text_node:
            yield node.text_content or ""
        elif node.tag and not _UNSEEN.fullmatch(node.tag):
            edge = _BREAK if _BLOCK.fullmatch(node.tag) else " " * (node.tag == "br")
            stack += [edge, *reversed(list(node.iter(include_text=True))), edge]


def _markdown_blocks(tokens: Sequence[Token]) -> Iterator[tuple[bool, str]]:
    """Yield each block of text and whether it is a heading; the cells of a row are one block."""
    cells: list[str] = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "tr_close":
            yield False, "; ".join(cells)
            cells = []
        elif token.type == "inline" and before and before.type in {"td_open", "th_open"}:
            cells.append(_inline(token))
        elif token.type == "inline":
            yield bool(before and before.type == "heading_open"), _inline(token)
        elif token.type in {"fence", "code_block"}:
            yield False, token.content
        elif token.type == "html_block":
            yield False, from_html(token.content).text


def _inline(token: Token) -> str:
    """Keep the words of a paragraph: link texts and code, not addresses, images or tags."""
    return "".join(
        " " if child.type in _LINE_BREAKS or child.content.startswith("<br") else child.content
        for child in token.children or ()
        if child.type != "image" and (child.type != "html_inline" or "<br" in child.content)
    )


def _joined(blocks: Iterable[str]) -> str:
    lines = (_one_line(part) for block in blocks for part in re.split(r"\n\s*\n", block))
    return "\n\n".join(line for line in lines if line)


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub("", unicodedata.normalize("NFC", text)).split())
