"""What the forms of a map say, how they treat bad names, and that they never change by chance."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from services.drawing.formats import MapFormat, drawn
from services.drawing.layout import Graph, Layout
from tests.unit.drawing.sketched import HOSTILE, article, campaign, hostile, scattered
from workflows.context_map.parts import ContextMap

ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"
PICTURES = (MapFormat.SVG, MapFormat.HTML)
AGAIN = """
import sys
from services.drawing.formats import MapFormat, drawn
from workflows.context_map.parts import ContextMap
context = ContextMap.model_validate_json(sys.stdin.read())
sys.stdout.write(drawn(context, MapFormat(sys.argv[1])))
"""


class NoEngine:
    """An engine that must not be asked."""

    def lay_out(self, graph: Graph) -> Layout:
        raise AssertionError("this form needs no layout")


@pytest.mark.parametrize("form", MapFormat)
def test_the_same_flow_gives_the_same_bytes_in_another_process(form: MapFormat) -> None:
    """Neither the process nor the seed of its hashes shows in a map."""
    context = campaign()
    environ = {**os.environ, "PYTHONHASHSEED": "4242"}

    again = subprocess.run(
        [sys.executable, "-c", AGAIN, form.value],
        input=context.model_dump_json(),
        capture_output=True,
        text=True,
        check=True,
        env=environ,
        cwd=ROOT,
    )

    assert again.stdout == drawn(context, form) == drawn(context, form)


@pytest.mark.parametrize("form", [MapFormat.JSON, MapFormat.MERMAID])
def test_only_pictures_need_the_engine(form: MapFormat) -> None:
    """JSON and Mermaid are to be had where nothing can be laid out."""
    assert drawn(campaign(), form, NoEngine())


@pytest.mark.parametrize("form", MapFormat)
def test_every_name_is_on_the_map(form: MapFormat) -> None:
    """Nodes, slots and contracts of the article are all there."""
    context = article()
    text = drawn(context, form)
    is_flowchart = form is MapFormat.MERMAID

    names = [node.name for node in context.nodes[1:]] + [slot.name for slot in context.slots]
    contracts = [] if is_flowchart else [slot.contract for slot in context.slots]
    assert [name for name in (*names, *contracts) if name not in text] == []


def test_json_is_the_map_itself() -> None:
    """What is written as JSON reads back as the same map."""
    context = campaign()

    assert ContextMap.model_validate_json(drawn(context, MapFormat.JSON)) == context
    assert json.loads(drawn(context, MapFormat.JSON))["flow"] == "campaign"


@pytest.mark.parametrize("make", [article, campaign, hostile])
def test_svg_is_well_formed(make: Callable[[], ContextMap]) -> None:
    """Any XML reader takes it, and all that it holds is SVG."""
    root = ElementTree.fromstring(drawn(make(), MapFormat.SVG))

    assert [element.tag for element in root.iter() if not element.tag.startswith(SVG)] == []
    assert root.find(f"{SVG}title") is not None


def test_both_schemes_are_in_the_picture_itself() -> None:
    """A picture that stands alone follows the reader's choice of light or dark."""
    assert drawn(article(), MapFormat.SVG).count("@media (prefers-color-scheme: dark)") == 1


@pytest.mark.parametrize("form", PICTURES)
def test_pictures_hold_nothing_that_acts_or_loads(form: MapFormat) -> None:
    """No script, no handler, no address that a browser would ask."""
    text = drawn(hostile(), form)

    assert re.findall(r"<script|javascript:|@import|<(?:image|iframe|object|link)", text) == []
    assert re.findall(r"<[^>]*\s(?:on\w+|href|src)=", text) == []
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"#onward", "#back", "#failure", "#deadline"}
    assert set(re.findall(r"https?://[^\"'<\s]+", text)) == {"http://www.w3.org/2000/svg"}


def test_bad_names_come_out_as_text() -> None:
    """What looks like markup, an entity or syntax is shown as it was written."""
    root = ElementTree.fromstring(drawn(hostile(), MapFormat.SVG))

    shown = [" ".join("".join(each.itertext()).split()) for each in root.iter(f"{SVG}text")]
    assert " ".join(HOSTILE.replace("\u0007", " ").split()) in shown
    assert "<script>" not in drawn(hostile(), MapFormat.HTML)


def test_mermaid_holds_only_what_its_syntax_knows() -> None:
    """Every line is a node, a way or a class; what is written on it is quoted and harmless."""
    known = re.compile(
        r'flowchart TD|  (?:n\d+|plan)(?:\(\["[^"]*"\]\)|\["[^"]*"\]|\{\{"[^"]*"\}\}):::\w+'
        r'|  (?:n\d+|plan) (?:-->|==>|-\.->)(?:\|"[^"|]*"\|)? n\d+|  classDef \w+ [\w#:,. -]+'
    )
    lines = [
        line
        for context in (article(), campaign(), hostile(), scattered(2))
        for line in drawn(context, MapFormat.MERMAID).splitlines()
    ]

    assert [line for line in lines if not known.fullmatch(line)] == []
    assert "#60;script#62;" in "".join(lines)
    assert re.findall(r"<(?!br/>)|&|`|\$", "".join(lines)) == []


@pytest.mark.parametrize("ending", ["svg", "mmd"])
def test_the_drawn_article_is_the_shipped_one(ending: str) -> None:
    """The map in the documentation is what the shipped flow gives."""
    [form] = [each for each in MapFormat if each.ending == f".{ending}"]
    kept = ROOT / "docs" / "flows" / f"article.{ending}"

    assert kept.read_text("utf-8") == drawn(article(), form), (
        f"draw it anew and look at it: orchestra flows map article -o docs/flows/article.{ending}"
    )
