"""How Markdown, HTML and text become plain paragraphs."""

import pytest

from services.errors import InputInvalidError
from services.retrieval.markup import Plain, from_html, from_markdown, from_text

MARKDOWN = """---
title: "Heat: a primer"
tags: [heap, heat]
---
# How *hot*

A heap gets **hot**, see
[the guide](https://example.org/guide "Guide") at `55 °C`.<br>Turn it.

- Add straw. It is
  dry.
- Add water

1. First.

> Quoted wisdom.

| material | ratio |
|----------|-------|
| straw    | 80    |

![a photo](heap.png)

```
code stays
```

<div>Raw <b>HTML</b></div>
"""

HTML = """<!doctype html><html><head><title>Page &ndash; Site</title><style>p{}</style></head>
<body><script>alert(1)</script><h1>Worm <em>bins</em></h1>
<p>One<br>bin&nbsp;&amp; many
worms.</p><ul><li>Bedding<li>Scraps</ul><div>Loose <p>nested</p> tail</div>
<!-- hidden --><noscript>hidden</noscript><template>hidden</template></body></html>"""


def test_markdown_is_stripped_to_paragraphs() -> None:
    """Words stay, one block a paragraph; front matter, addresses, images and marks go."""
    assert from_markdown(MARKDOWN) == Plain(
        title="Heat: a primer",
        text="How hot\n\nA heap gets hot, see the guide at 55 °C. Turn it.\n\nAdd straw. It is dry."
        "\n\nAdd water\n\nFirst.\n\nQuoted wisdom.\n\nmaterial; ratio\n\nstraw; 80\n\ncode stays"
        "\n\nRaw HTML",
    )


def test_markdown_is_titled_by_its_first_heading() -> None:
    """Without front matter the first heading is the title; without one there is none."""
    assert from_markdown("Text.\n\nWorm bins\n=========\n\n# Later").title == "Worm bins"
    assert from_markdown("Just text.").title == ""
    assert from_markdown("---\ntags: x\n---\n# Heat").title == "Heat"


@pytest.mark.parametrize(
    "front", ["a: [", "a: b: c", "!!python/object:os.x {}", "\t- x", "[" * 600]
)
def test_front_matter_that_is_not_yaml_is_refused(front: str) -> None:
    """Broken front matter is told, not taken for text."""
    with pytest.raises(InputInvalidError, match="front matter is not plain YAML"):
        from_markdown(f"---\n{front}\n---\nText.")


def test_rule_at_the_top_is_not_front_matter() -> None:
    """A document that begins with a rule and has no second one keeps all its text."""
    assert from_markdown("---\n\nText.").text == "Text."


def test_html_keeps_what_a_reader_sees() -> None:
    """Blocks become paragraphs; scripts, styles, comments and the head are dropped."""
    assert from_html(HTML) == Plain(
        title="Worm bins",
        text="Worm bins\n\nOne bin & many worms.\n\nBedding\n\nScraps\n\nLoose\n\nnested\n\ntail",
    )


def test_html_without_a_heading_is_titled_by_its_page() -> None:
    """The page's title stands in for a heading that is not there."""
    assert from_html("<title>Worm\nbins</title><p>Text.").title == "Worm bins"
    assert from_html("<p>Text.") == Plain(title="", text="Text.")
    assert from_html("") == Plain(title="", text="")


def test_html_may_be_nested_deeper_than_the_stack() -> None:
    """A page of thousands of nested blocks is read."""
    assert from_html("<div>" * 3_000 + "Deep.").text == "Deep."


def test_text_is_unwrapped() -> None:
    """Hard-wrapped lines join, blank lines and list items begin a paragraph, marks of items go."""
    raw = "Worm bins\r\n\r\nOne line\r\nand another.\r\n- straw\r\n- dry\r\n  leaves\r\n"

    assert from_text(raw).text == "Worm bins\n\nOne line and another.\n\nstraw\n\ndry leaves"


def test_numbered_list_is_told_from_a_wrapped_number() -> None:
    """Numbers of a list go; a number that a line break put first stays in its sentence."""
    assert from_text("1. Fill.\n2) Wait.").text == "Fill.\n\nWait."
    assert from_text("It began on the\n12. It grew.").text == "It began on the 12. It grew."


def test_text_is_composed_and_free_of_control_characters() -> None:
    """Accents become single characters, so that a search finds them however they were typed."""
    assert from_text("cafe\u0301\x00\x1b \ufeffcompost\ud800").text == "caf\u00e9 compost"
